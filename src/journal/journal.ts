// Makes requests durable before they are acknowledged. Append-only segments, with one fsync for all waiting requests.
//
//   <folder>/<first sequence>.journal   segments, oldest first; sequences are consecutive over all of them
//   <folder>/damaged/                   segments with damaged parts, after the rest is committed
//   <folder>/dead-letter/               records that the target rejected for good
//   <folder>/id                         `server_id` by which the target knows this journal
//   <folder>/next                       the next sequence, if there is no segment
//   <folder>/lock-…                     the process that uses it

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Failure, messageOf } from '../base/failure.js';
import { type AppendedFile, type FileStorage, replaceFile } from '../base/file-storage.js';
import { SqlError } from '../base/sql-error.js';
import { JournalLock } from './journal-lock.js';
import {
  FILE_HEADER_BYTES,
  FORMAT_VERSION,
  type FormatVersion,
  fileHeader,
  isReadable,
  type JournalEntry,
  type JournalRecord,
  type RecordBody,
  readableVersions,
  readFileHeader,
  recordBody,
  recordBytes,
  writeRecord,
} from './record.js';
import { type Damage, readSegment } from './segment.js';

const SEGMENT_NAME = /^(\d{16})\.journal$/;
/** Segments are deleted as a whole. They are small enough to keep little committed data, and large enough to be few. */
const MAX_SEGMENT_BYTES = 64 << 20;
/** Minimum number of segments within the size limit, because the current one also holds committed records. */
const MIN_SEGMENTS = 4;
/** Maximum bytes per fsync, so that the first of many waiting requests does not wait for all of them. */
const MAX_SYNC_BYTES = 8 << 20;
/** Groups of small requests fit. Larger groups are rare. */
const SCRATCH_BYTES = 256 << 10;

export interface JournalOptions {
  readonly folder: string;
  /** Maximum bytes of all segments. Beyond it, requests are rejected. Uncommitted records are never removed. */
  readonly maxBytes: number;
  readonly storage: FileStorage;
  /** Format that it writes. */
  readonly version?: FormatVersion;
  /** Reports each damaged part once. */
  damaged(damage: Damage): void;
  /** Called once, with the reason, when the journal stops accepting writes. */
  failed(error: string): void;
}

interface Segment {
  readonly path: string;
  readonly firstSequence: number;
  /** One less than the first sequence while it is empty. */
  lastSequence: number;
  bytes: number;
  isDamaged: boolean;
}

interface Waiting {
  readonly entry: JournalEntry;
  readonly body: RecordBody;
  readonly admittedBytes: number;
}

/** Entries that one fsync makes durable. Entries can join until the group is written. */
export class Group {
  /** Resolves when all entries are durable. Rejects with `overloaded` if none is. */
  readonly durable: Promise<void>;
  /**
   * Called with the first and last sequence as soon as all entries are durable, before `durable` resolves. Groups are called
   * in sequence order.
   */
  onDurable: (firstSequence: number, lastSequence: number) => void = () => {};
  readonly #entries: Waiting[] = [];
  #isClosed = false;
  #bytes = 0;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;

  constructor() {
    this.durable = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Size of the entries as records. */
  get bytes(): number {
    return this.#bytes;
  }

  get entries(): readonly Waiting[] {
    return this.#entries;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Closes the group to further entries. */
  close(): void {
    this.#isClosed = true;
  }

  add(waiting: Waiting): void {
    this.#entries.push(waiting);
    this.#bytes += recordBytes(waiting.body);
  }

  succeed(firstSequence: number): void {
    try {
      this.onDurable(firstSequence, firstSequence + this.#entries.length - 1);
      this.#resolve();
    } catch (error) {
      this.#reject(error);
    }
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}

export class Journal {
  /** `server_id` in the target's records of seals. It lives as long as the folder. */
  readonly serverId: string;
  readonly #options: JournalOptions;
  readonly #lock: JournalLock;
  readonly #segments: Segment[];
  #current: { readonly segment: Segment; readonly file: AppendedFile } | undefined;
  /** Groups that wait to be written, in order. Entries join the last one. */
  readonly #groups: Group[] = [];
  /** Bytes of all groups, including the one being written. */
  #waitingBytes = 0;
  /** Buffer in which records of small groups are assembled, one group at a time. */
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();
  /** Removals of segments, in sequence. */
  #tidying: Promise<void> = Promise.resolve();
  #isReplayed = false;
  #isClosed = false;
  #lastSequence: number;
  #releasedSequence = 0;
  #failure: string | undefined;
  #isLost = false;
  #syncs = 0;
  #records = 0;

  private constructor(
    options: JournalOptions,
    serverId: string,
    lock: JournalLock,
    segments: Segment[],
    lastSequence: number,
  ) {
    this.#options = options;
    this.serverId = serverId;
    this.#lock = lock;
    this.#segments = segments;
    this.#lastSequence = lastSequence;
  }

  /** Opens the journal of a folder and creates it if needed. Rejects while another process uses it. */
  static async open(options: JournalOptions): Promise<Journal> {
    const { folder, storage } = options;
    await storage.makeFolder(folder);
    const lock = await JournalLock.take(storage, folder);
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
      return new Journal(options, serverId, lock, segments, (await nextSequence(options)) - 1);
    } catch (error) {
      await lock.leave();
      throw error;
    }
  }

  /** Format of the records that it writes. */
  get version(): FormatVersion {
    return this.#options.version ?? FORMAT_VERSION;
  }

  /** Bytes of all segments and of waiting groups. */
  get bytes(): number {
    return this.#segments.reduce((bytes, segment) => bytes + segment.bytes, this.#waitingBytes);
  }

  /** Sequence of the oldest record, or of the next one if there is none. */
  get firstSequence(): number {
    return this.#segments[0]?.firstSequence ?? this.#lastSequence + 1;
  }

  /** Sequence of the newest record; 0 before the first. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Sequence up to which the target has committed or rejected all records. */
  get releasedSequence(): number {
    return this.#releasedSequence;
  }

  get syncsTotal(): number {
    return this.#syncs;
  }

  /** Records appended since the journal was opened. Divided by the syncs, it says how many requests share one. */
  get recordsTotal(): number {
    return this.#records;
  }

  /** Whether its files were removed or moved, so that uncommitted rows are in memory only. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Checks that its files are still in place, and stops accepting writes if not. Each append checks too. */
  async look(): Promise<void> {
    if (this.#isClosed || this.#failure !== undefined) return;
    await this.#checkPresent(this.#lock.path);
    if (this.#current !== undefined) await this.#checkPresent(this.#current.segment.path);
  }

  /** Why the journal stopped accepting writes; undefined while it works. */
  get failure(): string | undefined {
    return this.#failure;
  }

  /**
   * Yields records of earlier processes after `afterSequence`, oldest first, in bounded memory. Must be read to the end before
   * the first append. Rejects at a segment of an unknown format version, because later records must not overtake it.
   */
  async *replay(afterSequence: number): AsyncGenerator<JournalRecord> {
    this.#releasedSequence = afterSequence;
    let due = afterSequence + 1;
    for (const segment of this.#segments) {
      this.#reportGap(due, segment);
      for await (const item of readSegment(this.#options.storage, segment.path, segment.firstSequence)) {
        if ('damage' in item) {
          segment.isDamaged ||= !item.damage.isTornTail;
          this.#options.damaged(item.damage);
          continue;
        }
        segment.lastSequence = item.record.sequence;
        if (item.record.sequence < due) continue;
        due = item.record.sequence + 1;
        yield item.record;
      }
    }
    // Never a sequence that the target has seen, even if its segments are gone, and never the name of an unreadable
    // segment.
    this.#lastSequence = Math.max(
      this.#lastSequence,
      due - 1,
      ...this.#segments.map(({ firstSequence, lastSequence, isDamaged }) =>
        isDamaged ? Math.max(firstSequence, lastSequence) : lastSequence,
      ),
    );
    this.#isReplayed = true;
    await this.#removeUnwritten();
    await this.release(afterSequence);
  }

  /**
   * Adds an entry to a group, which becomes durable as a whole. Throws `overloaded` if the journal is full or has failed.
   */
  append(entry: JournalEntry, admittedBytes: number, tenant?: string): Group {
    if (!this.#isReplayed) throw new Error('BUG: a journal is appended to before it was replayed');
    if (this.#isClosed) throw new Failure('stopping', 'the server is stopping');
    if (this.#failure !== undefined) throw new Failure('overloaded', this.#failure);
    const body = recordBody({ entry, tenant }, this.version);
    const bytes = recordBytes(body);
    const refusal = this.#refusal(bytes);
    if (refusal !== undefined) throw refusal;
    this.#waitingBytes += bytes;
    let group = this.#groups.at(-1);
    if (group === undefined || group.isClosed || group.bytes + bytes > MAX_SYNC_BYTES) {
      group = new Group();
      this.#groups.push(group);
    }
    group.add({ entry, body, admittedBytes });
    if (!this.#isWriting) {
      this.#isWriting = true;
      this.#written = this.#write();
    }
    return group;
  }

  /** Called when the target has committed all records up to a sequence. Removes segments without later records. */
  release(upToSequence: number): Promise<void> {
    this.#releasedSequence = Math.max(this.#releasedSequence, upToSequence);
    // The contents of segments are unknown until all of them were read.
    if (!this.#isReplayed || this.#isLost) return Promise.resolve();
    const tidied = this.#tidying.then(() => this.#removeReleased());
    this.#tidying = tidied.catch(() => undefined);
    return tidied;
  }

  /** Waits for appends in progress and releases the lock. Unreleased records stay for the next process. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#written;
    try {
      await this.#endSegment();
      // The next process removes what cannot be removed now.
      await this.release(this.#releasedSequence).catch(() => undefined);
    } finally {
      await this.#lock.leave();
    }
  }

  /** Records of a sequence range that segments still contain. */
  async *records(first: number, last: number): AsyncGenerator<JournalRecord> {
    for (const { path, firstSequence, lastSequence } of [...this.#segments]) {
      if (lastSequence < first || firstSequence > last) continue;
      for await (const item of readSegment(this.#options.storage, path, firstSequence)) {
        if ('damage' in item || item.record.sequence < first) continue;
        if (item.record.sequence > last) return;
        yield item.record;
      }
    }
  }

  /** Reports records that are missing before a segment, except those that the target has. */
  #reportGap(due: number, { path, firstSequence }: Segment): void {
    if (firstSequence <= due) return;
    // Without a seal in this target, another target may have them.
    const doubt = due === 1 ? ', unless another target has them' : '';
    const problem = `records ${due} to ${firstSequence - 1} are missing before it${doubt}`;
    this.#options.damaged({ path, byte: 0, problem, isTornTail: false });
  }

  /** Why there is no room for `bytes`; undefined if there is. */
  #refusal(bytes: number): Failure | undefined {
    const { maxBytes } = this.#options;
    if (bytes + FILE_HEADER_BYTES > maxBytes) {
      return new Failure('tooLarge', `a record of ${bytes} bytes never fits: journal_max_bytes is ${maxBytes}`);
    }
    // Committed records are removed as soon as others need their room.
    const kept = this.#segments.reduce(
      (sum, segment) => (segment.lastSequence <= this.#releasedSequence ? sum : sum + segment.bytes),
      this.#waitingBytes,
    );
    if (kept + bytes + FILE_HEADER_BYTES <= maxBytes) return undefined;
    return new Failure(
      'overloaded',
      `journal of ${kept} bytes has no room for ${bytes} more: journal_max_bytes is ${maxBytes}`,
    );
  }

  async #write(): Promise<void> {
    // One turn of the event loop, so that requests that arrive together share an fsync.
    await new Promise((resolve) => setImmediate(resolve));
    for (let group = this.#groups.shift(); group !== undefined; group = this.#groups.shift()) {
      const first = this.#lastSequence + 1;
      try {
        await this.#appendAndSync(first, group);
      } catch (error) {
        group.fail(new Failure('overloaded', `cannot write journal: ${messageOf(error)}`, { cause: error }));
        continue;
      } finally {
        this.#waitingBytes -= group.bytes;
      }
      this.#lastSequence += group.entries.length;
      group.succeed(first);
    }
    // There is no await after the loop has found no waiting group, so no group can be added in between.
    this.#isWriting = false;
  }

  /** Resolves once a group is durable. Rejects with none of it in the journal, or after the journal has failed. */
  async #appendAndSync(first: number, { entries, bytes }: Group): Promise<void> {
    if (this.#failure !== undefined) throw new Error(this.#failure);
    const records = this.#encoded(first, entries, bytes);
    const { segment, file } = await this.#segmentFor(first, bytes);
    try {
      await file.append(records);
    } catch (error) {
      await this.#takeBack(file, segment, error);
      throw error;
    }
    try {
      await file.sync();
    } catch (error) {
      // The kernel may have dropped the dirty pages, and the next fsync would not report it.
      this.#fail(`failed to sync, so nothing more is accepted: ${messageOf(error)}`);
      await this.#takeBack(file, segment, error);
      throw error;
    }
    await this.#checkPresent(segment.path);
    if (this.#failure !== undefined) throw new Error(this.#failure);
    segment.bytes += bytes;
    segment.lastSequence = first + entries.length - 1;
    this.#syncs++;
    this.#records += entries.length;
  }

  /** Records of a group, valid until those of the next group are built. */
  #encoded(first: number, entries: readonly Waiting[], bytes: number): Buffer {
    const unixMs = Date.now();
    const records = bytes <= SCRATCH_BYTES ? this.#scratch.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
    let at = 0;
    entries.forEach(({ entry, body, admittedBytes }, i) => {
      writeRecord(records, at, { sequence: first + i, unixMs, admittedBytes, entry }, body, this.version);
      at += recordBytes(body);
    });
    return records;
  }

  /** Truncates after a failed append: a rejected record must not be replayed, because its client sends it again. */
  async #takeBack(file: AppendedFile, segment: Segment, cause: unknown): Promise<void> {
    try {
      await file.truncate(segment.bytes);
      await file.sync();
    } catch {
      this.#fail(`failed to write, so nothing more is accepted: ${messageOf(cause)}`);
    }
  }

  /** A file that was removed while open still accepts writes, which are lost. */
  async #checkPresent(path: string): Promise<void> {
    try {
      await this.#options.storage.sizeOf(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (this.#isClosed || (code !== 'ENOENT' && code !== 'ENOTDIR')) return;
      this.#isLost = true;
      this.#fail(`has lost ${path}, so nothing more is accepted: somebody has removed or moved it`);
    }
  }

  #fail(what: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = `the journal ${what}`;
    this.#options.failed(this.#failure);
  }

  async #segmentFor(
    sequence: number,
    bytes: number,
  ): Promise<{ readonly segment: Segment; readonly file: AppendedFile }> {
    if (this.#current !== undefined && this.#isFull(this.#current.segment, bytes)) {
      await this.#endSegment();
      this.release(this.#releasedSequence).catch(() => undefined); // told where the commit that allows it is told
    }
    if (this.#current === undefined) {
      const { folder, storage } = this.#options;
      const path = join(folder, `${String(sequence).padStart(16, '0')}.journal`);
      const file = await createSegment(storage, folder, path, fileHeader(sequence, this.version));
      const segment = {
        path,
        firstSequence: sequence,
        lastSequence: sequence - 1,
        bytes: FILE_HEADER_BYTES,
        isDamaged: false,
      };
      this.#segments.push(segment);
      this.#current = { segment, file };
    }
    return this.#current;
  }

  /** Whether to rotate: the segment is full, or its committed records take the room that `bytes` need. */
  #isFull(segment: Segment, bytes: number): boolean {
    const { maxBytes } = this.#options;
    if (segment.lastSequence < segment.firstSequence) return false;
    if (segment.bytes >= Math.min(MAX_SEGMENT_BYTES, maxBytes / MIN_SEGMENTS)) return true;
    return segment.lastSequence <= this.#releasedSequence && this.bytes + bytes > maxBytes;
  }

  async #endSegment(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.file.close();
  }

  /** Removes segments without records, left by a crash, because their names are needed again. */
  async #removeUnwritten(): Promise<void> {
    for (const segment of [...this.#segments]) {
      if (segment.isDamaged || segment.lastSequence >= segment.firstSequence) continue;
      this.#segments.splice(this.#segments.indexOf(segment), 1);
      await this.#removeSegment(segment);
    }
  }

  async #removeReleased(): Promise<void> {
    while (this.#segments.length > 0) {
      const oldest = this.#segments[0]!;
      if (oldest === this.#current?.segment || oldest.lastSequence > this.#releasedSequence) return;
      // Sequences continue from here, whatever target the next process has. A reused sequence would be taken for
      // a record that is committed already.
      if (this.#segments.length === 1) {
        const { folder, storage } = this.#options;
        await replaceFile(storage, join(folder, NEXT), fileHeader(this.#lastSequence + 1));
      }
      this.#segments.shift();
      await this.#removeSegment(oldest);
    }
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

/** Creates a file with a header. Rejects without leaving a file, so that the same name can be tried again. */
async function createSegment(
  storage: FileStorage,
  folder: string,
  path: string,
  header: Uint8Array,
): Promise<AppendedFile> {
  const file = await storage.create(path);
  try {
    await file.append(header);
    await storage.syncFolder(folder);
    return file;
  } catch (error) {
    await file.close();
    await storage.remove(path);
    throw error;
  }
}

const NEXT = 'next';

/** Next sequence as an earlier process saved it; 1 if none did. */
async function nextSequence({ folder, storage, damaged }: JournalOptions): Promise<number> {
  if (!(await storage.list(folder)).includes(NEXT)) return 1;
  const path = join(folder, NEXT);
  try {
    const { version, firstSequence } = readFileHeader(await storage.read(path, 0, FILE_HEADER_BYTES));
    if (isReadable(version)) return firstSequence;
    throw new SqlError(
      'OTLP_JOURNAL_UNREADABLE',
      `cannot read ${path}: format version ${version}, and this otelduck reads ${readableVersions.join(', ')}`,
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    damaged({ path, byte: 0, problem: error.message, isTornTail: false });
    return 1;
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Id of a folder, assigned at its first use. */
async function persistentId(storage: FileStorage, folder: string): Promise<string> {
  const path = join(folder, 'id');
  if ((await storage.list(folder)).includes('id')) {
    const id = Buffer.from(await storage.read(path, 0, 64)).toString('utf8');
    if (UUID.test(id)) return id;
    // With a new id, all records that the target has would be replayed.
    throw new SqlError(
      'OTLP_JOURNAL_UNREADABLE',
      `cannot read ${path}: it holds no id. Put back the server_id that otlp_seals has for this journal, or move the folder away`,
    );
  }
  const id = randomUUID();
  await replaceFile(storage, path, Buffer.from(id));
  return id;
}
