// The rows of requests that wait for the same sync of the journal, between their decoder and the sealer.

import type { RowsOrigin, SequenceRange } from '../buffer/open-rows.js';
import { SignalRows } from '../buffer/signal-rows.js';
import { type Fidelity, type Signal, signals } from '../schema/column-declaration.js';
import type { Sealer } from '../seal/sealer.js';

/** Memory that is kept for the next group, for each signal: what dozens of small requests take. */
const KEPT = { heapBytes: 1 << 18, rows: 1 << 10 };

/** What a request takes: as it came, and as rows in tables. */
export type RequestBytes = Pick<RowsOrigin, 'admittedBytes' | 'storedBytes'>;

export class GroupRows {
  readonly #copied: ReadonlyMap<Signal, SignalRows>;
  #lent: SignalRows[] = [];
  #admittedBytes = 0;
  #storedBytes = 0;
  #rows = 0;

  constructor(fidelity: Fidelity) {
    this.#copied = new Map(signals.map((signal) => [signal, new SignalRows(signal, undefined, fidelity)]));
  }

  get rows(): number {
    return this.#rows;
  }

  /** What the rows take in tables. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Adds a request's rows. Those that are not lent are copied: decoders use their memory for the next request. */
  add(rows: SignalRows, { admittedBytes, storedBytes }: RequestBytes, memory: 'copied' | 'lent'): void {
    if (memory === 'lent') this.#lent.push(rows);
    else this.#copied.get(rows.signal)!.append(rows);
    this.#admittedBytes += admittedBytes;
    this.#storedBytes += storedBytes;
    this.#rows += rows.rows;
  }

  /** Appends all rows to what will be sealed next, and forgets them. */
  moveTo(sealer: Sealer, sequences: SequenceRange): void {
    const parts = [...this.#copied.values(), ...this.#lent].filter(({ rows }) => rows > 0);
    if (parts.length > 0) {
      sealer.append(parts, { admittedBytes: this.#admittedBytes, storedBytes: this.#storedBytes, sequences });
    }
    for (const rows of this.#copied.values()) if (rows.rows > 0) rows.reset(KEPT);
    this.#lent = [];
    this.#admittedBytes = 0;
    this.#storedBytes = 0;
    this.#rows = 0;
  }
}
