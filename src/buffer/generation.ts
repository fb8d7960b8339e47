// What one seal commits: the rows that were accepted between two detachments, of all signals.

import { randomInt } from 'node:crypto';
import type { Signal, TelemetryTable } from '../schema/column-declaration.js';

/** Rows that are ready to be read by SQL, and change no more. */
export interface FrozenBatch {
  readonly signal: Signal;
  readonly rows: number;
  /** Memory that the rows take, wherever it is. */
  readonly byteLength: number;
  rowsOf(table: TelemetryTable): number;
}

/** Alphabet of ids. 12 letters have 62 bits, and fit the string slot of a vector without a pointer. */
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
export const GENERATION_ID_LENGTH = 12;

/** A name that no other generation has, of whatever server, process or host. */
export function newGenerationId(): string {
  return Array.from({ length: GENERATION_ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
}

/** Rows of one generation for one table, as they were at some moment. They change no more. */
export interface GenerationRows {
  readonly id: string;
  /** Rows that the server had accepted for the table before the first of these. */
  readonly rowsBefore: number;
  readonly rows: number;
  readonly batches: readonly FrozenBatch[];
}

/** Encoded bytes of requests by tenant. */
export type BytesByTenant = ReadonlyMap<string, number>;

/** How many rows there are for each table. */
export type TableCounts = ReadonlyMap<TelemetryTable, number>;

export type GenerationOrigin = Pick<
  Generation,
  | 'id'
  | 'rowsBefore'
  | 'openedAtMs'
  | 'admittedBytes'
  | 'bytesByTenant'
  | 'storedBytes'
  | 'firstJournalSequence'
  | 'lastJournalSequence'
>;

export class Generation {
  /** The same in every attempt to commit it, and in what the target records. */
  readonly id: string;
  /** Rows that the server had accepted before it. */
  readonly rowsBefore: TableCounts;
  /** When its first row arrived. */
  readonly openedAtMs: number;
  /** Encoded bytes of the requests whose rows these are. */
  readonly admittedBytes: number;
  /** The same by tenant; undefined where they are not limited. */
  readonly bytesByTenant?: BytesByTenant | undefined;
  /** What the rows take in tables, where texts that they share here are kept once for each. */
  readonly storedBytes: number;
  /** Sequence of the newest journal record whose rows are here; 0 without a journal. */
  readonly lastJournalSequence: number;
  /** Sequence of the oldest one. */
  readonly firstJournalSequence: number;
  readonly rows: number;
  readonly byteLength: number;
  readonly #batches = new Map<Signal, FrozenBatch[]>();

  constructor(origin: GenerationOrigin, batches: readonly FrozenBatch[]) {
    this.id = origin.id;
    this.rowsBefore = origin.rowsBefore;
    this.openedAtMs = origin.openedAtMs;
    this.admittedBytes = origin.admittedBytes;
    this.bytesByTenant = origin.bytesByTenant;
    this.storedBytes = origin.storedBytes;
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

  rowsOf(table: TelemetryTable): number {
    return rowsOf(this.#batches.get(table.signal) ?? [], table);
  }

  /** Its rows for a table; undefined if it has none. */
  rowsFor(table: TelemetryTable): GenerationRows | undefined {
    const batches = this.#batches.get(table.signal) ?? [];
    const rows = rowsOf(batches, table);
    if (rows === 0) return undefined;
    return { id: this.id, rowsBefore: this.rowsBefore.get(table) ?? 0, rows, batches };
  }
}

export function rowsOf(batches: readonly FrozenBatch[], table: TelemetryTable): number {
  return batches.reduce((sum, batch) => sum + batch.rowsOf(table), 0);
}

/** The sum of two; undefined where neither says anything. */
export function addedBytes(
  one: BytesByTenant | undefined,
  other: BytesByTenant | undefined,
): BytesByTenant | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const sum = new Map(one);
  for (const [tenant, bytes] of other) sum.set(tenant, (sum.get(tenant) ?? 0) + bytes);
  return sum;
}
