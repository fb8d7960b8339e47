// Admitted request → rows in the sealer. What a listener of any wire calls.

import { availableParallelism } from 'node:os';
import { Failure } from '../base/failure.js';
import { NO_SEQUENCES } from '../buffer/open-rows.js';
import { packRows, unpackRows } from '../buffer/packed-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { DecodePool } from '../decode/decode-pool.js';
import { type EncodedRequest, RequestDecoder } from '../decode/request-decoder.js';
import type { Group, Journal } from '../journal/journal.js';
import type { JournalEntry, JournalRecord } from '../journal/record.js';
import type { Fidelity } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { Sealer } from '../seal/sealer.js';
import type { Admission, Reservation } from './admission.js';
import { GroupRows, type RequestBytes } from './group-rows.js';

/** What the sender of accepted telemetry is told. */
export interface Receipt {
  readonly rows: number;
  /** Tables that got rows. */
  readonly batches: number;
}

/**
 * Bodies up to this size are decoded where they arrive. Handing one to a thread and back takes 20 µs of the main thread,
 * in which it decodes 1 kB of gzip, and 50 to 80 µs of CPU time in all, which is not won back below 16 kB. With few cores
 * CPU time is what is short, with more the main thread. See bench/inline.ts.
 */
const MAX_INLINE_BYTES = availableParallelism() > 2 ? 4 << 10 : 16 << 10;
/** Small bodies may inflate to more than a thousand times their size. Telemetry compresses to a tenth or so. */
const MAX_INLINE_INFLATED_BYTES = 16 * MAX_INLINE_BYTES;
/** One group is being written while the next one gathers. */
const MAX_SPARE_ROWS = 2;
/** More decode threads than this find no sockets, writers and queries left to share cores with. */
const MAX_DEFAULT_THREADS = 8;

/**
 * What waiting rows may take in tables, for each byte of max_decoded_bytes. They are written in a minute or so, and nobody's
 * rows wait longer behind them. Rows with 4 kB of resource attributes take five to ten times as much there as here.
 */
const STORED_PER_DECODED_BYTE = 16;

/** Bound of an inflated body in a journal, whatever the limit was when it was accepted: as much as zlib gives at once. */
const MAX_REPLAY_BYTES = 2 ** 31 - 1;

export class Ingest {
  readonly admission: Admission;
  readonly #sealer: Sealer;
  readonly #inlineDecoder: RequestDecoder;
  readonly #pool: DecodePool;
  // What was accepted under a larger limit is still accepted.
  readonly #replayDecoder: RequestDecoder;
  readonly #fidelity: Fidelity;
  readonly #journal: Journal | undefined;
  /** The group of the journal that the last request joined, and the rows of its requests. */
  #group: Group | undefined;
  #groupRows: GroupRows | undefined;
  /** Of groups that are durable, to be used again. */
  readonly #spareRows: GroupRows[] = [];
  readonly #maxDecodedBytes: number;
  readonly #maxStoredBytes: number;
  #isOpen = false;
  #activeRequests = 0;
  #totalRequests = 0;
  #totalRows = 0;

  /** Without a journal, what is accepted is in memory only until it is committed. */
  constructor(options: ServeOptions, admission: Admission, sealer: Sealer, journal: Journal | undefined) {
    this.admission = admission;
    this.#journal = journal;
    this.#sealer = sealer;
    const { fidelity } = options;
    this.#fidelity = fidelity;
    this.#replayDecoder = new RequestDecoder({ maxBodyBytes: MAX_REPLAY_BYTES, fidelity });
    const limits = { maxBodyBytes: options.max_body_bytes, fidelity };
    this.#inlineDecoder = new RequestDecoder({
      maxBodyBytes: Math.min(options.max_body_bytes, MAX_INLINE_INFLATED_BYTES),
      fidelity,
    });
    this.#pool = new DecodePool(limits, options.http_threads ?? Math.min(availableParallelism(), MAX_DEFAULT_THREADS));
    this.#maxDecodedBytes = options.max_decoded_bytes;
    this.#maxStoredBytes = options.max_stored_bytes;
  }

  get activeRequests(): number {
    return this.#activeRequests;
  }

  /** Requests handled, failed ones included. */
  get totalRequests(): number {
    return this.#totalRequests;
  }

  /** Rows accepted. */
  get totalRows(): number {
    return this.#totalRows;
  }

  /** Counts a request for as long as `work` takes. */
  async counted<T>(work: () => Promise<T>): Promise<T> {
    this.#activeRequests++;
    this.#totalRequests++;
    try {
      return await work();
    } finally {
      this.#activeRequests--;
    }
  }

  /** Lets requests in. Before, each is refused as one that may be sent again. */
  open(): void {
    this.#isOpen = true;
  }

  /** Throws if the server is not open yet, or memory for rows is used up. */
  checkRoom(): void {
    if (!this.#isOpen) throw new Failure('overloaded', 'the server is starting');
    const { bufferedBytes, storedBytes } = this.#sealer;
    const maxWaitingBytes = STORED_PER_DECODED_BYTE * this.#maxDecodedBytes;
    if (storedBytes >= maxWaitingBytes) {
      throw new Failure(
        'overloaded',
        `rows that wait to be committed will take ${storedBytes} bytes in tables, the limit is ${STORED_PER_DECODED_BYTE} × max_decoded_bytes, ${maxWaitingBytes}`,
      );
    }
    if (bufferedBytes >= this.#maxDecodedBytes) {
      throw new Failure(
        'overloaded',
        `rows that wait to be committed take ${bufferedBytes} bytes, max_decoded_bytes is ${this.#maxDecodedBytes}`,
      );
    }
  }

  /**
   * Decodes a request, and appends all of its rows or none. Its body must not be used afterwards. The rows take over the
   * reserved bytes, which stay reserved until they are committed. Without rows, or on a failure, the caller still has them
   * to release. Requests of one `sender` do not hold up those of others. With a journal, resolves once the request is durable.
   */
  async accept(request: EncodedRequest, reservation: Reservation, sender: unknown): Promise<Receipt> {
    const inlineRows = this.#decodeInline(request);
    if (this.#journal === undefined) {
      if (inlineRows !== undefined) return this.#appendSync(inlineRows, reservation);
      const rows = await this.#decodeOnThread(request, sender);
      const receipt = this.#appendSync(rows, reservation);
      this.#pool.recycle(rows);
      return receipt;
    }
    if (inlineRows !== undefined) {
      return this.#journaled(this.#journal, { kind: 'request', ...request }, inlineRows, reservation, 'copied');
    }
    // The thread that decodes takes the body; the journal gets what was sent.
    const entry = { kind: 'request', ...request, body: new Uint8Array(request.body) } as const;
    const rows = await this.#decodeOnThread(request, sender);
    const receipt = await this.#journaled(this.#journal, entry, rows, reservation, 'lent');
    this.#pool.recycle(rows);
    return receipt;
  }

  /** Ends the threads that decode. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Appends rows as accept() does those of a request. They are copied before this returns. */
  async acceptRows(rows: SignalRows, reservation: Reservation): Promise<Receipt> {
    if (this.#journal === undefined) return this.#appendSync(rows, reservation);
    const packed = packRows(rows);
    return this.#journaled(this.#journal, { kind: 'rows', packed }, unpackRows(packed), reservation, 'lent');
  }

  /** The rows of what an earlier run had in its journal; valid until the next call. Throws where it cannot be decoded. */
  replayedRows({ entry }: JournalRecord): SignalRows {
    return entry.kind === 'rows' ? unpackRows(entry.packed) : this.#replayDecoder.decode(entry);
  }

  /** Undefined when a request is too large for here, where it would hold up all others. */
  #decodeInline(request: EncodedRequest): SignalRows | undefined {
    if (request.body.length > MAX_INLINE_BYTES) return undefined;
    try {
      return this.#inlineDecoder.decode(request);
    } catch (error) {
      // Whether it is too large at all, a thread finds out.
      if (error instanceof Failure && error.kind === 'tooLarge') return undefined;
      throw error;
    }
  }

  async #decodeOnThread(request: EncodedRequest, sender: unknown): Promise<SignalRows> {
    const rows = await this.#pool.decode(request, sender);
    // Those that were decoded while this one waited for its turn may have used up what there was.
    this.checkRoom();
    return rows;
  }

  /**
   * Makes an entry durable with others, and then appends the rows of all of them together: the copied ones by signal, then
   * the lent ones. Rows that are lent must not change before this resolves or rejects.
   */
  async #journaled(
    journal: Journal,
    entry: JournalEntry,
    rows: SignalRows,
    reservation: Reservation,
    memory: 'copied' | 'lent',
  ): Promise<Receipt> {
    if (rows.rows === 0) return this.#appendSync(rows, reservation);
    const bytes = this.#measured(rows, reservation);
    // A group is committed by one seal, because that names its last sequence.
    if (this.#groupRows !== undefined && !this.#sealer.fitOneSeal(this.#groupRows, rows.rows, bytes.storedBytes)) {
      this.#group?.close();
    }
    const group = journal.append(entry, bytes.admittedBytes);
    if (group !== this.#group) {
      const waiting = this.#spareRows.pop() ?? new GroupRows(this.#fidelity);
      this.#group = group;
      this.#groupRows = waiting;
      group.onDurable = (first, last) => {
        this.#totalRows += waiting.rows;
        waiting.moveTo(this.#sealer, { first, last });
        if (this.#spareRows.length < MAX_SPARE_ROWS) this.#spareRows.push(waiting);
      };
    }
    this.#groupRows!.add(rows, bytes, memory);
    const receipt = receiptOf(rows);
    await group.durable;
    reservation.handOn();
    return receipt;
  }

  /** What a request takes. Throws where its rows would take too much in tables, however little they take here. */
  #measured(rows: SignalRows, { bytes: admittedBytes }: Reservation): RequestBytes {
    const { storedBytes } = rows;
    if (storedBytes > this.#maxStoredBytes) {
      throw new Failure(
        'tooLarge',
        `${rows.rows} rows of ${rows.signal} in one request would take ${storedBytes} bytes in tables, texts that rows share counted in each row: max_stored_bytes is ${this.#maxStoredBytes}`,
      );
    }
    return { admittedBytes, storedBytes };
  }

  #appendSync(rows: SignalRows, reservation: Reservation): Receipt {
    const receipt = receiptOf(rows);
    if (receipt.rows === 0) return receipt;
    this.#sealer.append([rows], { ...this.#measured(rows, reservation), sequences: NO_SEQUENCES });
    reservation.handOn();
    this.#totalRows += receipt.rows;
    return receipt;
  }
}

function receiptOf(rows: SignalRows): Receipt {
  return { rows: rows.rows, batches: rows.tables.filter((table) => table.rows > 0).length };
}
