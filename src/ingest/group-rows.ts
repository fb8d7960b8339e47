// The rows of requests that wait for the same sync of the journal, between their decoder and the sealer.

import { SignalRows } from '../buffer/signal-rows.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import type { Sealer } from '../seal/sealer.js';

/** Memory that is kept for the next group, for each signal: what dozens of small requests take. */
const KEPT = { heapBytes: 1 << 18, rows: 1 << 10 };

export class GroupRows {
  readonly #copied = new Map<Signal, SignalRows>(signals.map((signal) => [signal, new SignalRows(signal)]));
  #lent: SignalRows[] = [];
  #admittedBytes = 0;
  #rows = 0;

  get rows(): number {
    return this.#rows;
  }

  /** Adds a request's rows. Those that are not lent are copied: decoders use their memory for the next request. */
  add(rows: SignalRows, admittedBytes: number, memory: 'copied' | 'lent'): void {
    if (memory === 'lent') this.#lent.push(rows);
    else this.#copied.get(rows.signal)!.append(rows);
    this.#admittedBytes += admittedBytes;
    this.#rows += rows.rows;
  }

  /** Appends all rows to what will be sealed next, and forgets them. */
  moveTo(sealer: Sealer, firstSequence: number, lastSequence: number): void {
    for (const rows of [...this.#copied.values(), ...this.#lent]) {
      if (rows.rows === 0) continue;
      // No await in this loop, so that no seal can begin between two parts of a group.
      sealer.append(rows, this.#admittedBytes, { first: firstSequence, last: lastSequence });
      this.#admittedBytes = 0;
    }
    for (const rows of this.#copied.values()) if (rows.rows > 0) rows.reset(KEPT);
    this.#lent = [];
    this.#rows = 0;
  }
}
