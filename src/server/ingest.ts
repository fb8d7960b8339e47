// Admitted request → rows in the sealer. What a listener of any wire calls.

import { availableParallelism } from 'node:os';
import type { SignalRows } from '../buffer/signal-rows.js';
import { DecodePool } from '../decode/decode-pool.js';
import { type EncodedRequest, RequestDecoder } from '../decode/request-decoder.js';
import { Failure } from '../failure.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { Sealer } from '../seal/sealer.js';
import type { Admission } from './admission.js';

/** What the sender of accepted telemetry is told. */
export interface Receipt {
  readonly rows: number;
  /** Tables that got rows. */
  readonly batches: number;
}

/**
 * Bodies up to this size are decoded where they arrive: handing one to a thread and back costs about as much as decoding
 * this many bytes. See docs/performance.md.
 */
const MAX_INLINE_BYTES = 16 << 10;
/** More decode threads than this find no sockets, writers and queries left to share cores with. */
const MAX_DEFAULT_THREADS = 8;

export class Ingest {
  readonly admission: Admission;
  readonly #sealer: Sealer;
  readonly #decoder: RequestDecoder;
  readonly #pool: DecodePool;
  readonly #maxDecodedBytes: number;
  #activeRequests = 0;
  #totalRequests = 0;
  #totalRows = 0;

  constructor(options: ServeOptions, admission: Admission, sealer: Sealer) {
    this.admission = admission;
    this.#sealer = sealer;
    const limits = { maxBodyBytes: options.max_body_bytes };
    this.#decoder = new RequestDecoder(limits);
    this.#pool = new DecodePool(limits, options.http_threads ?? Math.min(availableParallelism(), MAX_DEFAULT_THREADS));
    this.#maxDecodedBytes = options.max_decoded_bytes;
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

  /** Throws if memory for rows is used up. */
  checkRoom(): void {
    const { bufferedBytes } = this.#sealer;
    if (bufferedBytes >= this.#maxDecodedBytes) {
      throw new Failure(
        'overloaded',
        `rows that wait to be committed take ${bufferedBytes} bytes, max_decoded_bytes is ${this.#maxDecodedBytes}`,
      );
    }
  }

  /**
   * Decodes a request whose `admittedBytes` are reserved, and appends all of its rows or none. Its body must not be used
   * afterwards. The bytes stay reserved until the rows are committed; without rows, or on a failure, they are released
   * here. Requests of one `sender` do not hold up those of others.
   */
  async accept(request: EncodedRequest, admittedBytes: number, sender: unknown): Promise<Receipt> {
    let rows: SignalRows;
    try {
      rows =
        request.body.length <= MAX_INLINE_BYTES
          ? this.#decoder.decode(request)
          : await this.#pool.decode(request, sender);
    } catch (error) {
      this.admission.release(admittedBytes);
      throw error;
    }
    return this.acceptRows(rows, admittedBytes);
  }

  /** Ends the threads that decode. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** Appends rows that came in `admittedBytes`, which are reserved. Copies the rows. */
  acceptRows(rows: SignalRows, admittedBytes: number): Receipt {
    const receipt = { rows: rows.rows, batches: rows.tables.filter((table) => table.rows > 0).length };
    if (receipt.rows === 0) {
      this.admission.release(admittedBytes);
    } else {
      this.#sealer.append(rows, admittedBytes);
      this.#totalRows += receipt.rows;
    }
    return receipt;
  }
}
