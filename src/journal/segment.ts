// A segment file → its valid records, and what is wrong with the rest.

import type { FileStorage } from '../base/file-storage.js';
import { SqlError } from '../base/sql-error.js';
import {
  decodeRecord,
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  type FormatVersion,
  isReadable,
  type JournalRecord,
  RECORD_HEADER_BYTES,
  readableVersions,
  readFileHeader,
  readRecordHeader,
  type SoundHeader,
} from './record.js';
import { UnknownColumn } from './rows-body.js';

/** Bytes per read: many records of usual size, and little memory compared with their rows. */
const READ_BYTES = 4 << 20;

/** A part of a segment that fails verification. */
export interface Damage {
  readonly path: string;
  /** Offset in the file. */
  readonly byte: number;
  readonly problem: string;
  /** Whether it is the usual trace of a crash: a file that ends inside a record, which was not acknowledged. */
  readonly isTornTail: boolean;
}

export type SegmentItem = { readonly record: JournalRecord } | { readonly damage: Damage };

/**
 * Yields the records of a segment. Their sequences are consecutive from `firstSequence`, or increasing in a copy of some of
 * them. After a damaged record, reading continues if the position of the next one can be verified; otherwise the segment ends
 * there. Rejects if a newer version of otelduck wrote the segment: that is no damage, and later records must not overtake it.
 */
export async function* readSegment(
  storage: FileStorage,
  path: string,
  firstSequence: number,
  order: 'consecutive' | 'rising' = 'consecutive',
): AsyncGenerator<SegmentItem> {
  const window = new ReadWindow(storage, path, await storage.sizeOf(path));
  const { size } = window;
  const damage = (byte: number, problem: string, isTornTail = false): SegmentItem => ({
    damage: { path, byte, problem, isTornTail },
  });
  const { version, problem } = await checkedFileHeader(window, path, firstSequence);
  if (problem !== undefined) {
    const isTornTail = size < FILE_HEADER_BYTES || (await window.isZeroFrom(0));
    yield damage(0, problem, isTornTail);
    if (isTornTail) return;
  }
  let due = firstSequence;
  for (let at = FILE_HEADER_BYTES; at < size; due++) {
    const found = await window.bytes(at, RECORD_HEADER_BYTES);
    if (found.length < RECORD_HEADER_BYTES) {
      yield damage(at, `the file ends inside the header of record ${due}`, true);
      return;
    }
    const header = readRecordHeader(found, version);
    if (header === undefined) {
      if (await window.isZeroFrom(at)) {
        yield damage(at, `the file ends in zeros where record ${due} was to begin`, true);
        return;
      }
      yield damage(at, `the header of record ${due} is damaged`);
      // Its length may still be right.
      const next = at + RECORD_HEADER_BYTES + Buffer.from(found).readUInt32LE(0);
      if (!(await beginsRecord(window, next, due + 1, version))) return;
      at = next;
      continue;
    }
    if (order === 'rising' && header.sequence > due) due = header.sequence;
    if (header.sequence !== due) {
      yield damage(at, `record ${header.sequence} lies where record ${due} was to begin`);
      return;
    }
    const end = at + RECORD_HEADER_BYTES + header.bodyLength;
    if (end > size) {
      yield damage(at, `the file ends inside record ${due}`, !header.isRepaired);
      return;
    }
    const body = await window.bytes(at + RECORD_HEADER_BYTES, header.bodyLength);
    const item = decoded(path, header, body);
    if (typeof item === 'string') yield damage(at, `record ${due} is damaged: ${item}`);
    else {
      if (header.isRepaired) yield damage(at, `one bit in the header of record ${due} was wrong, and was put right`);
      yield { record: item };
    }
    at = end;
  }
}

/** Format of a file, and the damage of its header, if any. */
async function checkedFileHeader(
  window: ReadWindow,
  path: string,
  firstSequence: number,
): Promise<{ readonly version: FormatVersion; readonly problem: string | undefined }> {
  try {
    const header = readFileHeader(await window.bytes(0, FILE_HEADER_BYTES));
    if (isReadable(header.version)) {
      const { version, firstSequence: named } = header;
      if (named === firstSequence) return { version, problem: undefined };
      return { version, problem: `the header names record ${named} as the first, the file's name ${firstSequence}` };
    }
    // A valid record after the header shows that the version is damaged rather than unknown.
    const version = await versionOfRecords(window, firstSequence);
    if (version !== undefined) return { version, problem: 'the version in the file header is wrong' };
    throw new SqlError(
      'OTLP_JOURNAL_UNREADABLE',
      `cannot read ${path}: format version ${header.version}, and this otelduck reads ${readableVersions.join(', ')}`,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const version = await versionOfRecords(window, firstSequence);
    return { version: version ?? FORMAT_VERSION, problem: error.message };
  }
}

/** Format in which the first record of a file is valid; undefined if there is none. */
async function versionOfRecords(window: ReadWindow, firstSequence: number): Promise<FormatVersion | undefined> {
  for (const version of readableVersions) {
    if (await beginsRecord(window, FILE_HEADER_BYTES, firstSequence, version)) return version;
  }
  return undefined;
}

/** The record, or its damage. Throws if only a newer version of otelduck can read it. */
function decoded(path: string, header: SoundHeader, body: Uint8Array): JournalRecord | string {
  try {
    return decodeRecord(header, body);
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    if (!(error instanceof UnknownColumn)) throw error;
    throw new SqlError(
      'OTLP_JOURNAL_UNREADABLE',
      `cannot read record ${header.sequence} of ${path}: ${error.message}`,
      { cause: error },
    );
  }
}

/** Whether a valid record with this sequence starts at `at`. */
async function beginsRecord(
  window: ReadWindow,
  at: number,
  sequence: number,
  version: FormatVersion,
): Promise<boolean> {
  const bytes = await window.bytes(at, RECORD_HEADER_BYTES);
  const header = bytes.length < RECORD_HEADER_BYTES ? undefined : readRecordHeader(bytes, version);
  if (header?.sequence !== sequence) return false;
  if (at + RECORD_HEADER_BYTES + header.bodyLength > window.size) return false;
  const body = await window.bytes(at + RECORD_HEADER_BYTES, header.bodyLength);
  return typeof decoded(window.path, header, body) !== 'string';
}

/** Bytes of a file, read in large pieces and roughly in order. */
class ReadWindow {
  readonly size: number;
  readonly path: string;
  readonly #storage: FileStorage;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(storage: FileStorage, path: string, size: number) {
    this.#storage = storage;
    this.path = path;
    this.size = size;
  }

  /** Up to `length` bytes from `start`, fewer at the end of the file. */
  async bytes(start: number, length: number): Promise<Uint8Array> {
    const wanted = Math.min(length, Math.max(0, this.size - start));
    if (start < this.#start || start + wanted > this.#start + this.#bytes.length) {
      this.#bytes = await this.#storage.read(this.path, start, Math.max(wanted, READ_BYTES));
      this.#start = start;
    }
    return this.#bytes.subarray(start - this.#start, start - this.#start + wanted);
  }

  async isZeroFrom(start: number): Promise<boolean> {
    for (let at = start; at < this.size; at += READ_BYTES) {
      if ((await this.bytes(at, READ_BYTES)).some((byte) => byte !== 0)) return false;
    }
    return true;
  }
}
