// Records that the target refuses for good, out of the way of the rest and kept until somebody replays them. A file per
// generation, named for the sequences in it, in the format of a segment.

import { join } from 'node:path';
import type { Journal } from './journal.js';
import type { JournalStorage } from './journal-storage.js';
import { encodeRecord, fileHeader, type JournalRecord } from './record.js';
import { readSegment } from './segment.js';

const FILE_NAME = /^(\d{16})-(\d{16})\.journal$/;
/** Dead letters are for people to look at; a folder that fills the disk would stop ingest itself. */
const MAX_DEAD_LETTER_BYTES = 1 << 30;

export class DeadLetters {
  readonly #storage: JournalStorage;
  readonly #folder: string;
  #rows = 0;

  constructor(storage: JournalStorage, journalFolder: string) {
    this.#storage = storage;
    this.#folder = join(journalFolder, 'dead-letter');
  }

  /** Rows set aside since the server started. */
  get rowsTotal(): number {
    return this.#rows;
  }

  /** Ranges of sequences that were set aside and not replayed since. */
  async ranges(): Promise<readonly { first: number; last: number; path: string }[]> {
    return (await this.#storage.list(this.#folder)).sort().flatMap((name) => {
      const match = FILE_NAME.exec(name);
      return match === null
        ? []
        : [{ first: Number(match[1]), last: Number(match[2]), path: join(this.#folder, name) }];
    });
  }

  /** Copies records, so that they survive the journal's own segments. Rejects when the folder is full. */
  async add(journal: Journal, first: number, last: number, rows: number): Promise<void> {
    await this.#storage.makeFolder(this.#folder);
    const used = await this.#usedBytes();
    if (used > MAX_DEAD_LETTER_BYTES) {
      throw new Error(`dead letters in ${this.#folder} take ${used} bytes, more than ${MAX_DEAD_LETTER_BYTES}`);
    }
    const path = join(this.#folder, `${padded(first)}-${padded(last)}.journal`);
    await this.#storage.remove(`${path}.new`);
    const file = await this.#storage.create(`${path}.new`);
    await file.append([fileHeader(first)]);
    for await (const record of journal.records(first, last)) await file.append(encodeRecord(record));
    await file.sync();
    await file.close();
    await this.#storage.rename(`${path}.new`, path);
    await this.#storage.syncFolder(this.#folder);
    this.#rows += rows;
  }

  /** Hands each record of each file to `take`, and removes the file once all of its records were taken. */
  async replay(take: (record: JournalRecord) => Promise<void>): Promise<number> {
    let records = 0;
    for (const { path } of await this.ranges()) {
      for await (const item of readSegment(this.#storage, path)) {
        if ('damage' in item)
          throw new Error(`cannot replay ${path} at byte ${item.damage.byte}: ${item.damage.problem}`);
        await take(item.record);
        records++;
      }
      await this.#storage.remove(path);
      await this.#storage.syncFolder(this.#folder);
    }
    return records;
  }

  async #usedBytes(): Promise<number> {
    let bytes = 0;
    for (const name of await this.#storage.list(this.#folder))
      bytes += await this.#storage.sizeOf(join(this.#folder, name));
    return bytes;
  }
}

function padded(sequence: number): string {
  return String(sequence).padStart(16, '0');
}
