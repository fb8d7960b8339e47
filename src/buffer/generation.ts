// What one seal commits: the rows that were accepted between two detachments, of all signals.

import type { Signal, TelemetryTable } from '../schema/column-declaration.js';

/** Rows that are ready to be read by SQL, and change no more. */
export interface FrozenBatch {
  readonly signal: Signal;
  readonly rows: number;
  /** Memory that the rows take, wherever it is. */
  readonly byteLength: number;
  rowsOf(table: TelemetryTable): number;
}

export type GenerationOrigin = Pick<
  Generation,
  'openedAtMs' | 'admittedBytes' | 'firstJournalSequence' | 'lastJournalSequence'
>;

export class Generation {
  /** When its first row arrived. */
  readonly openedAtMs: number;
  /** Encoded bytes of the requests whose rows these are. */
  readonly admittedBytes: number;
  /** Sequence of the newest journal record whose rows are here; 0 without a journal. */
  readonly lastJournalSequence: number;
  /** Sequence of the oldest one. */
  readonly firstJournalSequence: number;
  readonly rows: number;
  readonly byteLength: number;
  readonly #batches = new Map<Signal, FrozenBatch[]>();

  constructor(origin: GenerationOrigin, batches: readonly FrozenBatch[]) {
    this.openedAtMs = origin.openedAtMs;
    this.admittedBytes = origin.admittedBytes;
    this.firstJournalSequence = origin.firstJournalSequence;
    this.lastJournalSequence = origin.lastJournalSequence;
    this.rows = batches.reduce((rows, batch) => rows + batch.rows, 0);
    this.byteLength = batches.reduce((bytes, batch) => bytes + batch.byteLength, 0);
    for (const batch of batches) {
      const ofSignal = this.#batches.get(batch.signal);
      if (ofSignal === undefined) this.#batches.set(batch.signal, [batch]);
      else ofSignal.push(batch);
    }
  }

  /** Rows by signal, in batches in order of arrival. */
  get batches(): ReadonlyMap<Signal, readonly FrozenBatch[]> {
    return this.#batches;
  }
}
