// Records that the target rejected for good. They are kept out of the way of other records until they are replayed. Each rejected
// generation is a file in the segment format, with the reason and time beside it:
//
//   <first>-<last>.journal   the records
//   <first>-<last>.json      { "error", "setAsideUnixMs" }
//   <first>-<last>.done      the records after their commit; kept while a segment that may be replayed contains them

import { join } from 'node:path';
import { type FileStorage, replaceFile } from '../base/file-storage.js';
import { SqlError } from '../base/sql-error.js';
import type { DeadLetterRoom } from '../schema/dead-letter-options.js';
import type { Journal } from './journal.js';
import { fileHeader, type JournalRecord, recordBody, recordBytes, writeRecord } from './record.js';
import { readSegment } from './segment.js';

const FILE_NAME = /^(\d{16})-(\d{16})\.(journal|done)$/;

/** Sequences, inclusive. */
interface Range {
  readonly first: number;
  readonly last: number;
}

export interface DeadLetter extends Range {
  readonly path: string;
  readonly bytes: number;
  readonly setAsideUnixMs: number;
  /** Error of the target. */
  readonly error: string;
}

export class DeadLetters {
  readonly #storage: FileStorage;
  readonly #folder: string;
  /** Dead letters wait for a person to inspect them. Without a limit they could fill the disk and stop ingest. */
  readonly #room: DeadLetterRoom;
  readonly #letters: DeadLetter[] = [];
  /** Those that somebody commits or removes now. */
  readonly #taken = new Set<DeadLetter>();
  #done: Range[] = [];
  #rows = 0;
  #evicted = 0;

  private constructor(storage: FileStorage, journalFolder: string, room: DeadLetterRoom) {
    this.#storage = storage;
    this.#room = room;
    this.#folder = join(journalFolder, 'dead-letter');
  }

  static async open(storage: FileStorage, journalFolder: string, room: DeadLetterRoom): Promise<DeadLetters> {
    const opened = new DeadLetters(storage, journalFolder, room);
    const folder = opened.#folder;
    for (const name of (await storage.list(folder)).sort()) {
      const match = FILE_NAME.exec(name);
      if (match === null) continue;
      const range = { first: Number(match[1]), last: Number(match[2]) };
      if (match[3] === 'done') opened.#done.push(range);
      else opened.#letters.push(await opened.#readLetter(range));
    }
    return opened;
  }

  /** Dead letters that are not replayed yet, oldest first. */
  get waiting(): readonly DeadLetter[] {
    return this.#letters;
  }

  /** Rows set aside since the server started. */
  get rowsTotal(): number {
    return this.#rows;
  }

  /** Whether a record is or was a dead letter, so that it is not committed in journal order. */
  has(sequence: number): boolean {
    const holds = ({ first, last }: Range) => first <= sequence && sequence <= last;
    return this.#letters.some(holds) || this.#done.some(holds);
  }

  /**
   * Copies a range of records, so that they outlive the journal's segments. Resolves once all of them are durable. Rejects
   * without keeping any of them, also if the folder is full.
   */
  async add(journal: Journal, range: Range, rows: number, error: string): Promise<void> {
    await this.#storage.makeFolder(this.#folder);
    await this.#makeRoom(journal.releasedSequence);
    const unfinished = join(this.#folder, 'unfinished');
    const bytes = await this.#copy(journal, range, unfinished);
    const reason = { error, setAsideUnixMs: Date.now() };
    await replaceFile(this.#storage, this.#path(range, 'json'), Buffer.from(JSON.stringify(reason)));
    const path = this.#path(range, 'journal');
    await this.#storage.rename(unfinished, path);
    try {
      await this.#storage.syncFolder(this.#folder);
    } catch (failure) {
      await this.#storage.remove(path);
      throw failure;
    }
    this.#letters.push({ ...range, path, bytes, ...reason });
    this.#letters.sort((one, other) => one.first - other.first);
    this.#rows += rows;
  }

  /** Dead letters that were deleted to make room, since the server started. */
  get evictedTotal(): number {
    return this.#evicted;
  }

  async #makeRoom(releasedSequence: number): Promise<void> {
    const { maxBytes, whenFull, evicted } = this.#room;
    for (;;) {
      const used = this.#letters.reduce((sum, { bytes }) => sum + bytes, 0);
      if (used <= maxBytes) return;
      const oldest = this.#letters.find((letter) => !this.#taken.has(letter));
      if (whenFull === 'wait' || oldest === undefined) {
        throw new SqlError(
          'OTLP_DEAD_LETTERS_FULL',
          `dead letters in ${this.#folder} take ${used} bytes, more than ${maxBytes}`,
        );
      }
      // As if it had been committed: a start does not bring its records back.
      await this.take(oldest, () => this.settle(oldest, releasedSequence));
      this.#evicted++;
      evicted(oldest);
    }
  }

  /** Works on a dead letter that makes no room meanwhile. Does nothing if it has made room, or is about to. */
  async take(letter: DeadLetter, work: () => Promise<void>): Promise<void> {
    if (this.#taken.has(letter) || !this.#letters.includes(letter)) return;
    this.#taken.add(letter);
    try {
      await work();
    } finally {
      this.#taken.delete(letter);
    }
  }

  /** Records of a dead letter. Rejects if any of them is damaged. */
  async *records(letter: DeadLetter): AsyncGenerator<JournalRecord> {
    let newest = 0;
    for await (const item of readSegment(this.#storage, letter.path, letter.first, 'rising')) {
      if ('damage' in item) {
        throw new SqlError(
          'OTLP_REPLAY_FAILED',
          `cannot replay ${letter.path}: ${item.damage.problem}, at byte ${item.damage.byte}`,
        );
      }
      newest = item.record.sequence;
      yield item.record;
    }
    if (newest !== letter.last)
      throw new SqlError('OTLP_REPLAY_FAILED', `cannot replay ${letter.path}: it has no record ${letter.last}`);
  }

  /**
   * Removes a dead letter after its commit. A start replays records after `releasedSequence`, so the file's name is kept
   * if its records are among them.
   */
  async settle(letter: DeadLetter, releasedSequence: number): Promise<void> {
    if (!this.#letters.includes(letter)) return;
    if (letter.last <= releasedSequence) {
      await this.#storage.remove(letter.path);
    } else {
      await this.#storage.rename(letter.path, this.#path(letter, 'done'));
      this.#done.push(letter);
    }
    await this.#storage.remove(this.#path(letter, 'json'));
    await this.#storage.syncFolder(this.#folder);
    // Looked up only now: others come and go meanwhile.
    const at = this.#letters.indexOf(letter);
    if (at !== -1) this.#letters.splice(at, 1);
  }

  /** Removes names that were kept for records which the target now reports as committed. */
  async forget(releasedSequence: number): Promise<void> {
    for (const range of this.#done) {
      if (range.last <= releasedSequence) await this.#storage.remove(this.#path(range, 'done'));
    }
    this.#done = this.#done.filter(({ last }) => last > releasedSequence);
  }

  /** Writes a range of records to a file, except existing dead letters. Resolves with the file's size. */
  async #copy(journal: Journal, range: Range, path: string): Promise<number> {
    await this.#storage.remove(path);
    const file = await this.#storage.create(path);
    try {
      let bytes = 0;
      let newest = 0;
      const append = async (more: Uint8Array) => {
        await file.append(more);
        bytes += more.length;
      };
      await append(fileHeader(range.first, journal.version));
      for await (const record of journal.records(range.first, range.last)) {
        newest = record.sequence;
        if (this.has(record.sequence)) continue;
        const body = recordBody(record, journal.version);
        const encoded = Buffer.allocUnsafe(recordBytes(body));
        writeRecord(encoded, 0, record, body, journal.version);
        await append(encoded);
      }
      if (newest !== range.last)
        throw new SqlError('OTLP_JOURNAL_UNREADABLE', `the journal does not have record ${range.last}`);
      await file.sync();
      return bytes;
    } finally {
      await file.close();
    }
  }

  async #readLetter(range: Range): Promise<DeadLetter> {
    const path = this.#path(range, 'journal');
    const reason = await this.#storage.read(this.#path(range, 'json'), 0, MAX_REASON_BYTES).catch(() => undefined);
    return { ...range, path, bytes: await this.#storage.sizeOf(path), ...parsedReason(reason) };
  }

  #path({ first, last }: Range, ending: 'journal' | 'json' | 'done'): string {
    return join(this.#folder, `${padded(first)}-${padded(last)}.${ending}`);
  }
}

/** Longest reason that is read back. */
const MAX_REASON_BYTES = 64 << 10;

function parsedReason(bytes: Uint8Array | undefined): Pick<DeadLetter, 'error' | 'setAsideUnixMs'> {
  try {
    const { error, setAsideUnixMs } = JSON.parse(Buffer.from(bytes ?? []).toString('utf8'));
    return { error: String(error), setAsideUnixMs: Number(setAsideUnixMs) };
  } catch {
    return { error: 'unknown', setAsideUnixMs: 0 };
  }
}

function padded(sequence: number): string {
  return String(sequence).padStart(16, '0');
}
