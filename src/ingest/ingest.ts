// Admitted request → rows in the sealer. Listeners of all wires call it.

import { availableParallelism } from 'node:os';
import { Failure } from '../base/failure.js';
import { NO_SEQUENCES } from '../buffer/open-rows.js';
import { packRows, unpackRows } from '../buffer/packed-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { DecodePool } from '../decode/decode-pool.js';
import { type EncodedRequest, RequestDecoder } from '../decode/request-decoder.js';
import type { Group, Journal } from '../journal/journal.js';
import type { JournalEntry, JournalRecord } from '../journal/record.js';
import type { Fidelity, Signal } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { Sealer } from '../seal/sealer.js';
import type { Admission, Reservation } from './admission.js';
import { GroupRows, type RequestBytes } from './group-rows.js';
import { outcomeOf, RequestCounts, type RequestOutcome } from './request-counts.js';
import { TenantCounts } from './tenant-counts.js';

/** Answer to the sender of accepted telemetry. */
export interface Receipt {
  readonly rows: number;
  /** Number of tables that received rows. */
  readonly batches: number;
}

/**
 * Bodies up to this size are decoded on the main thread. Passing one to a thread and back costs the main thread 20 µs, enough
 * to decode 1 kB of gzip. It costs 50 to 80 µs of CPU time in total, which only pays off from 16 kB. With few cores, CPU time
 * is scarce; with more, the main thread is. See bench/inline.ts.
 */
const MAX_INLINE_BYTES = availableParallelism() > 2 ? 4 << 10 : 16 << 10;
/** A small body may inflate to more than a thousand times its size. Telemetry usually compresses to about a tenth. */
const MAX_INLINE_INFLATED_BYTES = 16 * MAX_INLINE_BYTES;
/** One group is written while the next one fills. */
const MAX_SPARE_ROWS = 2;
/** More decode threads than this leave no cores for sockets, writers and queries. */
const MAX_DEFAULT_THREADS = 8;

/**
 * Size in tables that waiting rows may have, per byte of max_decoded_bytes. Such a backlog is written in about a minute, so
 * rows behind it wait no longer. Rows with 4 kB of resource attributes are five to ten times as large in tables as in memory.
 */
const STORED_PER_DECODED_BYTE = 16;

/** Limit of an inflated body in a journal, independent of the limit when it was accepted: the most that zlib returns at once. */
const MAX_REPLAY_BYTES = 2 ** 31 - 1;

export class Ingest {
  readonly admission: Admission;
  /** What became of requests, by signal. */
  readonly requestCounts: Readonly<Record<Signal, RequestCounts>> = {
    logs: new RequestCounts(),
    traces: new RequestCounts(),
    metrics: new RequestCounts(),
  };
  readonly tenantCounts = new TenantCounts();
  readonly #sealer: Sealer;
  readonly #inlineDecoder: RequestDecoder;
  readonly #pool: DecodePool;
  // Bodies that were accepted under a larger limit stay accepted.
  readonly #replayDecoder: RequestDecoder;
  readonly #fidelity: Fidelity;
  readonly #journal: Journal | undefined;
  /** The journal group that the last request joined, and its rows. */
  #group: Group | undefined;
  #groupRows: GroupRows | undefined;
  /** Rows of durable groups, for reuse. */
  readonly #spareRows: GroupRows[] = [];
  readonly #maxDecodedBytes: number;
  readonly #maxStoredBytes: number;
  #isOpen = false;
  #isPaused = false;
  #activeRequests = 0;
  #totalRequests = 0;
  #totalRows = 0;

  /** Without a journal, accepted rows are in memory only until they are committed. */
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

  /** Requests handled, including failed ones. */
  get totalRequests(): number {
    return this.#totalRequests;
  }

  /** Rows accepted. */
  get totalRows(): number {
    return this.#totalRows;
  }

  /** Counts a request for as long as `work` takes, and how it ended: a Failure that it resolves with refuses it, too. */
  async counted<T>(signal: Signal, work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    this.#activeRequests++;
    this.#totalRequests++;
    let outcome: RequestOutcome = 'accepted';
    try {
      const result = await work();
      if (result instanceof Failure) outcome = outcomeOf(result);
      return result;
    } catch (error) {
      outcome = outcomeOf(error);
      throw error;
    } finally {
      this.#activeRequests--;
      this.requestCounts[signal].ended(outcome, (performance.now() - startedMs) / 1000);
    }
  }

  /** Starts accepting requests. Until then each is rejected as retryable. */
  open(): void {
    this.#isOpen = true;
  }

  /** Rejects each request as retryable, until it goes on. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
  }

  /** Throws if the server is not open yet or paused, or the memory for rows is used up. */
  checkRoom(): void {
    if (this.#isPaused) throw new Failure('paused', 'an operator has paused this server: otlp_resume lets it go on');
    if (!this.#isOpen) throw new Failure('overloaded', 'the server is starting');
    const { bufferedBytes, storedBytes } = this.#sealer;
    const maxWaitingBytes = STORED_PER_DECODED_BYTE * this.#maxDecodedBytes;
    if (storedBytes >= maxWaitingBytes) {
      throw new Failure(
        'overloaded',
        `rows that wait to be committed will take ${storedBytes} bytes in tables, the limit is ${STORED_PER_DECODED_BYTE} × max_decoded_bytes, ${maxWaitingBytes}`,
        this.#after(1 - maxWaitingBytes / storedBytes),
      );
    }
    if (bufferedBytes >= this.#maxDecodedBytes) {
      throw new Failure(
        'overloaded',
        `rows that wait to be committed take ${bufferedBytes} bytes, max_decoded_bytes is ${this.#maxDecodedBytes}`,
        this.#after(1 - this.#maxDecodedBytes / bufferedBytes),
      );
    }
  }

  /** When such a share of what waits will have been committed. */
  #after(share: number): { readonly retryAfterSeconds: number } {
    return { retryAfterSeconds: this.admission.secondsFor(share * this.admission.admittedBytes) };
  }

  /**
   * Decodes a request and appends all of its rows or none. The body must not be used afterwards. The rows take over the
   * reservation, which lasts until they are committed. Without rows or on failure, the caller keeps the reservation and must
   * release it. Requests of one `sender` do not delay those of others. With a journal, resolves once the request is durable.
   */
  async accept(request: EncodedRequest, reservation: Reservation, sender: unknown): Promise<Receipt> {
    this.requestCounts[request.signal].bodyBytes.add(request.body.length);
    const { tenant } = reservation.principal;
    const inlineRows = this.#decodeInline(request);
    inlineRows?.belongTo(tenant);
    if (this.#journal === undefined) {
      if (inlineRows !== undefined) return this.#appendSync(inlineRows, reservation);
      const rows = await this.#decodeOnThread(request, sender);
      rows.belongTo(tenant);
      const receipt = this.#appendSync(rows, reservation);
      this.#pool.recycle(rows);
      return receipt;
    }
    if (inlineRows !== undefined) {
      return this.#journaled(this.#journal, { kind: 'request', ...request }, inlineRows, reservation, 'copied');
    }
    // The decode thread takes the body away, and the journal needs the bytes as they were sent.
    const entry = { kind: 'request', ...request, body: new Uint8Array(request.body) } as const;
    const rows = await this.#decodeOnThread(request, sender);
    rows.belongTo(tenant);
    const receipt = await this.#journaled(this.#journal, entry, rows, reservation, 'lent');
    this.#pool.recycle(rows);
    return receipt;
  }

  /** Ends the decode threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Appends rows like accept(). They are copied before this returns. */
  async acceptRows(rows: SignalRows, reservation: Reservation): Promise<Receipt> {
    this.requestCounts[rows.signal].bodyBytes.add(reservation.bytes);
    const { tenant } = reservation.principal;
    if (this.#journal === undefined) {
      rows.belongTo(tenant);
      return this.#appendSync(rows, reservation);
    }
    const packed = packRows(rows);
    const unpacked = unpackRows(packed);
    unpacked.belongTo(tenant);
    return this.#journaled(this.#journal, { kind: 'rows', packed }, unpacked, reservation, 'lent');
  }

  /** Rows of a journal record of an earlier run, valid until the next call. Throws if it cannot be decoded. */
  replayedRows({ entry, tenant }: Pick<JournalRecord, 'entry' | 'tenant'>): SignalRows {
    const rows = entry.kind === 'rows' ? unpackRows(entry.packed) : this.#replayDecoder.decode(entry);
    rows.belongTo(tenant);
    return rows;
  }

  /** Undefined if the request is too large for the main thread, where it would delay all others. */
  #decodeInline(request: EncodedRequest): SignalRows | undefined {
    if (request.body.length > MAX_INLINE_BYTES) return undefined;
    try {
      return this.#inlineDecoder.decode(request);
    } catch (error) {
      // A decode thread checks whether it is too large altogether.
      if (error instanceof Failure && error.kind === 'tooLarge') return undefined;
      throw error;
    }
  }

  async #decodeOnThread(request: EncodedRequest, sender: unknown): Promise<SignalRows> {
    const rows = await this.#pool.decode(request, sender);
    // Requests decoded while this one waited may have used up the memory.
    this.checkRoom();
    return rows;
  }

  /**
   * Makes an entry durable as part of a group, then appends the rows of the group: copied rows by signal, then lent rows.
   * Lent rows must not change until this resolves or rejects.
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
    // One seal commits a whole group, because the seal names the group's last sequence.
    if (this.#groupRows !== undefined && !this.#sealer.fitOneSeal(this.#groupRows, rows.rows, bytes.storedBytes)) {
      this.#group?.close();
    }
    const group = journal.append(entry, bytes.admittedBytes, reservation.principal.tenant);
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
    this.tenantCounts.accepted(reservation.principal.tenant, receipt.rows, reservation.bytes);
    reservation.handOn();
    return receipt;
  }

  /** Size of a request. Throws if its rows would be too large in tables, however small they are in memory. */
  #measured(rows: SignalRows, reservation: Reservation): RequestBytes {
    const { storedBytes } = rows;
    if (storedBytes > this.#maxStoredBytes) {
      throw new Failure(
        'tooLarge',
        `${rows.rows} rows of ${rows.signal} in one request would take ${storedBytes} bytes in tables, texts that rows share counted in each row: max_stored_bytes is ${this.#maxStoredBytes}`,
      );
    }
    return { admittedBytes: reservation.bytes, bytesByTenant: reservation.bytesByTenant(), storedBytes };
  }

  #appendSync(rows: SignalRows, reservation: Reservation): Receipt {
    const receipt = receiptOf(rows);
    if (receipt.rows === 0) return receipt;
    this.#sealer.append([rows], { ...this.#measured(rows, reservation), sequences: NO_SEQUENCES });
    this.tenantCounts.accepted(reservation.principal.tenant, receipt.rows, reservation.bytes);
    reservation.handOn();
    this.#totalRows += receipt.rows;
    return receipt;
  }
}

function receiptOf(rows: SignalRows): Receipt {
  return { rows: rows.rows, batches: rows.tables.filter((table) => table.rows > 0).length };
}
