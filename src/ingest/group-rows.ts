// Rows of all requests that wait for the same journal sync, between decoder and sealer.

import { addedBytes, type BytesByTenant } from '../buffer/generation.js';
import type { RowsOrigin, SequenceRange } from '../buffer/open-rows.js';
import { SignalRows } from '../buffer/signal-rows.js';
import { type Fidelity, type Signal, signals } from '../schema/column-declaration.js';
import type { Sealer } from '../seal/sealer.js';

/** Memory kept per signal for the next group: enough for dozens of small requests. */
const KEPT = { heapBytes: 1 << 18, rows: 1 << 10 };

/** Size of a request: as received, and as rows in tables. */
export type RequestBytes = Pick<RowsOrigin, 'admittedBytes' | 'bytesByTenant' | 'storedBytes'>;

export class GroupRows {
  readonly #copied: ReadonlyMap<Signal, SignalRows>;
  #lent: SignalRows[] = [];
  #admittedBytes = 0;
  #bytesByTenant: BytesByTenant | undefined;
  #storedBytes = 0;
  #rows = 0;

  constructor(fidelity: Fidelity) {
    this.#copied = new Map(signals.map((signal) => [signal, new SignalRows(signal, undefined, fidelity)]));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Size of the rows in tables. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Adds a request's rows. Rows that are not lent are copied, because decoders reuse their memory. */
  add(rows: SignalRows, { admittedBytes, bytesByTenant, storedBytes }: RequestBytes, memory: 'copied' | 'lent'): void {
    if (memory === 'lent') this.#lent.push(rows);
    else this.#copied.get(rows.signal)!.append(rows);
    this.#admittedBytes += admittedBytes;
    this.#bytesByTenant = addedBytes(this.#bytesByTenant, bytesByTenant);
    this.#storedBytes += storedBytes;
    this.#rows += rows.rows;
  }

  /** Appends all rows to the open generation and clears the group. */
  moveTo(sealer: Sealer, sequences: SequenceRange): void {
    const parts = [...this.#copied.values(), ...this.#lent].filter(({ rows }) => rows > 0);
    if (parts.length > 0) {
      sealer.append(parts, {
        admittedBytes: this.#admittedBytes,
        bytesByTenant: this.#bytesByTenant,
        storedBytes: this.#storedBytes,
        sequences,
      });
    }
    for (const rows of this.#copied.values()) if (rows.rows > 0) rows.reset(KEPT);
    this.#lent = [];
    this.#admittedBytes = 0;
    this.#bytesByTenant = undefined;
    this.#storedBytes = 0;
    this.#rows = 0;
  }
}
