// Where accepted rows wait: in columns that grow, and, whenever those have grown enough, in frozen batches.

import { type Signal, signals } from '../schema/column-declaration.js';
import { type FrozenBatch, Generation } from './generation.js';
import { SignalRows } from './signal-rows.js';

/**
 * Size at which growing columns are frozen and begun anew: large, because a scan reads batch after batch in pieces of
 * 2,048 rows and each batch ends in a shorter one; small, because freezing copies it while nothing else happens, and
 * because the columns are kept for the next rows.
 */
const FREEZE_HEAP_BYTES = 8 << 20;
const FREEZE_ROWS = 1 << 15;
/** Rows of one request that are not worth copying into the columns of others. */
const LARGE_HEAP_BYTES = 2 << 20;

export type Freeze = (rows: SignalRows) => FrozenBatch;

export class OpenRows {
  readonly #freeze: Freeze;
  readonly #growing = new Map<Signal, SignalRows>(signals.map((signal) => [signal, new SignalRows(signal)]));
  #frozen: FrozenBatch[] = [];
  #frozenBytes = 0;
  #rows = 0;
  #admittedBytes = 0;
  #openedAtMs: number | undefined;
  #firstJournalSequence = 0;
  #lastJournalSequence = 0;

  constructor(freeze: Freeze) {
    this.#freeze = freeze;
  }

  get rows(): number {
    return this.#rows;
  }

  /** Encoded bytes of the requests whose rows these are. */
  get admittedBytes(): number {
    return this.#admittedBytes;
  }

  /** Memory behind the rows. */
  get byteLength(): number {
    let bytes = this.#frozenBytes;
    for (const rows of this.#growing.values()) if (rows.rows > 0) bytes += rows.byteLength;
    return bytes;
  }

  /** When the first row arrived; undefined when there is none. */
  get openedAtMs(): number | undefined {
    return this.#openedAtMs;
  }

  /** Copies the rows of one request, whose journal record has this sequence; 0 without a journal. */
  append(rows: SignalRows, admittedBytes: number, nowMs: number, journalSequence: number): void {
    if (this.#openedAtMs === undefined) this.#firstJournalSequence = journalSequence;
    this.#openedAtMs ??= nowMs;
    this.#lastJournalSequence = journalSequence;
    this.#rows += rows.rows;
    this.#admittedBytes += admittedBytes;
    if (rows.heap.end >= LARGE_HEAP_BYTES) {
      this.#addFrozen(rows);
      return;
    }
    const growing = this.#growing.get(rows.signal)!;
    growing.append(rows);
    if (growing.heap.end >= FREEZE_HEAP_BYTES || growing.rows >= FREEZE_ROWS) this.#freezeGrowing(growing);
  }

  /** Hands over all rows; those appended from now on belong to the next generation. Undefined when there are none. */
  detach(): Generation | undefined {
    if (this.#openedAtMs === undefined) return undefined;
    for (const growing of this.#growing.values()) if (growing.rows > 0) this.#freezeGrowing(growing);
    const generation = new Generation(
      {
        openedAtMs: this.#openedAtMs,
        admittedBytes: this.#admittedBytes,
        firstJournalSequence: this.#firstJournalSequence,
        lastJournalSequence: this.#lastJournalSequence,
      },
      this.#frozen,
    );
    this.#frozen = [];
    this.#frozenBytes = 0;
    this.#rows = 0;
    this.#admittedBytes = 0;
    this.#openedAtMs = undefined;
    return generation;
  }

  #freezeGrowing(growing: SignalRows): void {
    this.#addFrozen(growing);
    growing.reset({ heapBytes: 2 * FREEZE_HEAP_BYTES, rows: FREEZE_ROWS });
  }

  #addFrozen(rows: SignalRows): void {
    const frozen = this.#freeze(rows);
    this.#frozen.push(frozen);
    this.#frozenBytes += frozen.byteLength;
  }
}
