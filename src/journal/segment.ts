// One file of a journal → the records in it that prove themselves, and what is wrong with the rest.

import type { JournalStorage } from './journal-storage.js';
import {
  bodyLength,
  decodeRecord,
  FILE_HEADER_BYTES,
  type JournalRecord,
  RECORD_HEADER_BYTES,
  readFileHeader,
} from './record.js';

/** Read at a time: many records of usual size, and little beside the rows that they become. */
const READ_BYTES = 4 << 20;

/** Something in a segment that cannot be proven to be what was written. */
export interface Damage {
  readonly path: string;
  /** Where in the file. */
  readonly byte: number;
  readonly problem: string;
  /** Whether it is what a crash leaves behind: an end that was still being written, and never acknowledged. */
  readonly isTornTail: boolean;
}

export type SegmentItem = { readonly record: JournalRecord } | { readonly damage: Damage };

/**
 * Yields the records of a segment in order. Behind a damaged record it goes on only where the next one proves itself, at
 * the place and with the sequence that it must have; otherwise the segment ends there.
 */
export async function* readSegment(storage: JournalStorage, path: string): AsyncGenerator<SegmentItem> {
  const size = await storage.sizeOf(path);
  const window = new ReadWindow(storage, path, size);
  try {
    readFileHeader(await window.bytes(0, FILE_HEADER_BYTES));
  } catch (error) {
    const isTornTail = size < FILE_HEADER_BYTES;
    yield { damage: { path, byte: 0, problem: (error as Error).message, isTornTail } };
    return;
  }
  let lastSequence: number | undefined;
  for (let at = FILE_HEADER_BYTES; at < size; ) {
    const header = await window.bytes(at, RECORD_HEADER_BYTES);
    const length = header.length < RECORD_HEADER_BYTES ? Number.POSITIVE_INFINITY : bodyLength(header);
    const end = at + RECORD_HEADER_BYTES + length;
    if (end > size) {
      yield { damage: { path, byte: at, problem: `a record runs past the end of the file`, isTornTail: true } };
      return;
    }
    const body = await window.bytes(at + RECORD_HEADER_BYTES, length);
    try {
      const record = decodeRecord(header, body);
      if (lastSequence !== undefined && record.sequence <= lastSequence) {
        throw new RangeError(`sequence ${record.sequence} follows ${lastSequence}`);
      }
      lastSequence = record.sequence;
      yield { record };
    } catch (error) {
      const isTornTail = end === size;
      yield { damage: { path, byte: at, problem: (error as Error).message, isTornTail } };
      if (isTornTail || !(await provesItself(window, end, lastSequence))) return;
    }
    at = end;
  }
}

/** Whether a sound record begins at `at`, one that comes after `lastSequence`. */
async function provesItself(window: ReadWindow, at: number, lastSequence: number | undefined): Promise<boolean> {
  const header = await window.bytes(at, RECORD_HEADER_BYTES);
  if (header.length < RECORD_HEADER_BYTES) return false;
  const length = bodyLength(header);
  if (at + RECORD_HEADER_BYTES + length > window.size) return false;
  try {
    const { sequence } = decodeRecord(header, await window.bytes(at + RECORD_HEADER_BYTES, length));
    return lastSequence === undefined || sequence > lastSequence;
  } catch {
    return false;
  }
}

/** Bytes of a file, read in large pieces, in about the order in which they lie. */
class ReadWindow {
  readonly size: number;
  readonly #storage: JournalStorage;
  readonly #path: string;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(storage: JournalStorage, path: string, size: number) {
    this.#storage = storage;
    this.#path = path;
    this.size = size;
  }

  /** Up to `length` bytes from `start`; fewer at the end of the file. */
  async bytes(start: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, Math.max(0, this.size - start));
    if (start < this.#start || start + wanted > this.#start + this.#bytes.length) {
      this.#bytes = await this.#storage.read(this.#path, start, Math.max(wanted, READ_BYTES));
      this.#start = start;
    }
    return this.#bytes.subarray(start - this.#start, start - this.#start + wanted);
  }
}
