// Admitted request → rows in the sealer. What a listener of any wire calls.

import type { SignalRows } from '../buffer/signal-rows.js';
import type { EncodedRequest } from '../decode/request-decoder.js';
import { RequestDecoder } from '../decode/request-decoder.js';
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

export class Ingest {
  readonly admission: Admission;
  readonly #sealer: Sealer;
  readonly #decoder: RequestDecoder;
  readonly #maxDecodedBytes: number;
  #activeRequests = 0;
  #totalRequests = 0;
  #totalRows = 0;

  constructor(options: ServeOptions, admission: Admission, sealer: Sealer) {
    this.admission = admission;
    this.#sealer = sealer;
    this.#decoder = new RequestDecoder({ maxBodyBytes: options.max_body_bytes });
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
   * Decodes a request whose `admittedBytes` are reserved, and appends all of its rows or none. The bytes stay reserved
   * until the rows are committed; without rows, or on a failure, they are released here.
   */
  accept(request: EncodedRequest, admittedBytes: number): Receipt {
    let rows: SignalRows;
    try {
      rows = this.#decoder.decode(request);
    } catch (error) {
      this.admission.release(admittedBytes);
      throw error;
    }
    return this.acceptRows(rows, admittedBytes);
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
