// Requests → durable before they are acknowledged. Append-only segments, one sync for all requests that wait for one.
//
//   <folder>/<first sequence>.journal   segments, oldest first
//   <folder>/damaged/                   segments of which a part could not be proven, once the rest is committed
//   <folder>/dead-letter/               records that the target refuses for good
//   <folder>/id, lock                   who this journal is to the target, and which process has it

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Failure, messageOf } from '../failure.js';
import { JournalLock } from './journal-lock.js';
import type { JournalFile, JournalStorage } from './journal-storage.js';
import { encodeRecord, FILE_HEADER_BYTES, fileHeader, type JournalEntry, type JournalRecord } from './record.js';
import { type Damage, readSegment } from './segment.js';

const SEGMENT_NAME = /^(\d{16})\.journal$/;
/** A segment is deleted as a whole: small enough that little committed data lingers, large enough to be few files. */
const MAX_SEGMENT_BYTES = 64 << 20;
/** Appended between two syncs at most, so that the first of many waiting requests does not wait for all of them. */
const MAX_SYNC_BYTES = 8 << 20;

export interface JournalOptions {
  readonly folder: string;
  /** Bytes of all segments; beyond, requests are refused. Nothing that is not committed is ever removed. */
  readonly maxBytes: number;
  readonly storage: JournalStorage;
  /** Told of everything that could not be proven, once. */
  damaged(damage: Damage): void;
}

interface Segment {
  readonly path: string;
  readonly firstSequence: number;
  lastSequence: number;
  bytes: number;
  isDamaged: boolean;
}

interface Waiting {
  readonly record: JournalRecord;
  readonly buffers: readonly Uint8Array[];
  readonly bytes: number;
  readonly durable: (sequence: number) => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Journal {
  /** Names this journal in what the target keeps of its seals, for as long as the folder exists. */
  readonly serverId: string;
  readonly #options: JournalOptions;
  readonly #lock: JournalLock;
  readonly #segments: Segment[];
  #current: { readonly segment: Segment; readonly file: JournalFile } | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #writing: Promise<void> | undefined;
  #lastSequence: number;
  #releasedSequence = 0;
  #failure: string | undefined;
  #syncs = 0;
  #records = 0;

  private constructor(options: JournalOptions, serverId: string, lock: JournalLock, segments: Segment[]) {
    this.#options = options;
    this.serverId = serverId;
    this.#lock = lock;
    this.#segments = segments;
    this.#lastSequence = segments.at(-1)?.lastSequence ?? 0;
  }

  /** Takes the journal of a folder, making it where there is none. Rejects while another process has it. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder, storage } = options;
    await storage.makeFolder(folder);
    const lock = await JournalLock.take(folder);
    try {
      const serverId = await persistentId(storage, folder);
      const segments: Segment[] = [];
      for (const name of (await storage.list(folder)).sort()) {
        const firstSequence = Number(SEGMENT_NAME.exec(name)?.[1]);
        if (Number.isNaN(firstSequence)) continue;
        const path = join(folder, name);
        const bytes = await storage.sizeOf(path);
        segments.push({ path, firstSequence, lastSequence: firstSequence - 1, bytes, isDamaged: false });
      }
      return new Journal(options, serverId, lock, segments);
    } catch (error) {
      await lock.leave();
      throw error;
    }
  }

  /** Bytes of all segments, and of what waits to be written. */
  get bytes(): number {
    return this.#segments.reduce((bytes, segment) => bytes + segment.bytes, this.#waitingBytes);
  }

  /** Sequence of the newest record; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  get syncsTotal(): number {
    return this.#syncs;
  }

  /** Records appended since it was opened. Divided by the syncs: how many requests share one. */
  get recordsTotal(): number {
    return this.#records;
  }

  /** Why nothing more is taken; undefined while all is well. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Yields what earlier processes appended beyond `afterSequence`, oldest first, in bounded memory. To be read to its end
   * before the first append.
   */
  async *replay(afterSequence: number): AsyncGenerator<JournalRecord> {
    this.#releasedSequence = afterSequence;
    let previous: Segment | undefined;
    for (const segment of this.#segments) {
      if (previous !== undefined && segment.firstSequence > previous.lastSequence + 1 && !previous.isDamaged) {
        const problem = `records ${previous.lastSequence + 1} to ${segment.firstSequence - 1} are missing before it`;
        this.#options.damaged({ path: segment.path, byte: 0, problem, isTornTail: false });
      }
      for await (const item of readSegment(this.#options.storage, segment.path)) {
        if ('damage' in item) {
          segment.isDamaged ||= !item.damage.isTornTail;
          this.#options.damaged(item.damage);
          continue;
        }
        segment.lastSequence = item.record.sequence;
        if (item.record.sequence > afterSequence) yield item.record;
      }
      previous = segment;
    }
    // Never below what the target has seen, even if the segments that held it are gone.
    this.#lastSequence = Math.max(
      afterSequence,
      this.#lastSequence,
      ...this.#segments.map((segment) => segment.lastSequence),
    );
    await this.release(afterSequence);
  }

  /**
   * Makes an entry durable. `durable` is called with its sequence as soon as it is, in the order of sequences; then the
   * promise resolves. Rejects with `overloaded` when the journal is full or has failed, and then nothing is durable.
   */
  append(entry: JournalEntry, admittedBytes: number, durable: (sequence: number) => void): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(new Failure('overloaded', this.#failure));
    const record = { sequence: this.#lastSequence + 1, unixMs: Date.now(), admittedBytes, entry };
    const buffers = encodeRecord(record);
    const bytes = buffers.reduce((sum, buffer) => sum + buffer.length, 0);
    if (this.bytes + bytes > this.#options.maxBytes) {
      const text = `journal of ${this.bytes} bytes has no room for ${bytes} more: journal_max_bytes is ${this.#options.maxBytes}`;
      return Promise.reject(new Failure('overloaded', text));
    }
    this.#lastSequence = record.sequence;
    this.#waitingBytes += bytes;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, buffers, bytes, durable, resolve, reject });
      this.#writing ??= this.#write().finally(() => {
        this.#writing = undefined;
      });
    });
  }

  /** Tells that the target has committed everything up to a sequence: segments with nothing beyond are removed. */
  async release(upToSequence: number): Promise<void> {
    this.#releasedSequence = Math.max(this.#releasedSequence, upToSequence);
    while (this.#segments.length > 0) {
      const oldest = this.#segments[0]!;
      if (oldest === this.#current?.segment || oldest.lastSequence > this.#releasedSequence) break;
      this.#segments.shift();
      await this.#removeSegment(oldest);
    }
  }

  /** Waits for appends in progress and gives the journal back. What was not released stays for the next process. */
  async close(): Promise<void> {
    await this.#writing;
    await this.#endSegment();
    await this.release(this.#releasedSequence);
    await this.#lock.leave();
  }

  /** Records in a range of sequences that are still in a segment. */
  async *records(first: number, last: number): AsyncGenerator<JournalRecord> {
    for (const segment of [...this.#segments]) {
      if (segment.lastSequence < first || segment.firstSequence > last) continue;
      for await (const item of readSegment(this.#options.storage, segment.path)) {
        if ('record' in item && item.record.sequence >= first && item.record.sequence <= last) yield item.record;
      }
    }
  }

  async #write(): Promise<void> {
    // One turn of the event loop, so that requests which arrived together share a sync.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch();
      try {
        await this.#appendAndSync(batch);
      } catch (error) {
        for (const { reject } of batch)
          reject(new Failure('overloaded', `cannot write journal: ${messageOf(error)}`, { cause: error }));
        continue;
      }
      for (const { record, durable, resolve } of batch) {
        durable(record.sequence);
        resolve();
      }
    }
  }

  #nextBatch(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && bytes + waiting.bytes > MAX_SYNC_BYTES) break;
      bytes += waiting.bytes;
      count++;
    }
    this.#waitingBytes -= bytes;
    return this.#waiting.splice(0, count);
  }

  async #appendAndSync(batch: readonly Waiting[]): Promise<void> {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    const { segment, file } = await this.#segmentFor(batch[0]!.record.sequence);
    const bytes = batch.reduce((sum, waiting) => sum + waiting.bytes, 0);
    try {
      await file.append(batch.flatMap(({ buffers }) => buffers));
    } catch (error) {
      // Part of it may be in the file. The next record goes into a new one, whose header proves where it belongs.
      await this.#endSegment();
      throw error;
    } finally {
      segment.bytes += bytes;
    }
    segment.lastSequence = batch.at(-1)!.record.sequence;
    try {
      await file.sync();
    } catch (error) {
      // The kernel may have dropped what it could not write, and the next sync would not say so.
      this.#failure = `the journal failed to sync, so nothing more is accepted: ${messageOf(error)}`;
      throw error;
    }
    this.#syncs++;
    this.#records += batch.length;
  }

  async #segmentFor(sequence: number): Promise<{ readonly segment: Segment; readonly file: JournalFile }> {
    const limit = Math.min(MAX_SEGMENT_BYTES, this.#options.maxBytes / 4);
    if (this.#current !== undefined && this.#current.segment.bytes >= limit) await this.#endSegment();
    if (this.#current === undefined) {
      const { folder, storage } = this.#options;
      const path = join(folder, `${String(sequence).padStart(16, '0')}.journal`);
      const file = await storage.create(path);
      const segment = {
        path,
        firstSequence: sequence,
        lastSequence: sequence - 1,
        bytes: FILE_HEADER_BYTES,
        isDamaged: false,
      };
      await file.append([fileHeader(sequence)]);
      await storage.syncFolder(folder);
      this.#segments.push(segment);
      this.#current = { segment, file };
    }
    return this.#current;
  }

  async #endSegment(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.file.close();
  }

  async #removeSegment({ path, isDamaged }: Segment): Promise<void> {
    const { folder, storage } = this.#options;
    if (isDamaged) {
      const evidence = join(folder, 'damaged');
      await storage.makeFolder(evidence);
      await storage.rename(path, join(evidence, path.slice(folder.length + 1)));
      await storage.syncFolder(evidence);
    } else {
      await storage.remove(path);
    }
    await storage.syncFolder(folder);
  }
}

/** The id that a folder was given when it was first used. */
async function persistentId(storage: JournalStorage, folder: string): Promise<string> {
  const path = join(folder, 'id');
  if ((await storage.list(folder)).includes('id')) {
    return Buffer.from(await storage.read(path, 0, 64))
      .toString('utf8')
      .trim();
  }
  const id = randomUUID();
  const file = await storage.create(`${path}.new`).catch(async () => {
    await storage.remove(`${path}.new`);
    return storage.create(`${path}.new`);
  });
  await file.append([Buffer.from(id)]);
  await file.sync();
  await file.close();
  await storage.rename(`${path}.new`, path);
  await storage.syncFolder(folder);
  return id;
}
