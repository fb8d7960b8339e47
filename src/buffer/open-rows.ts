// Where accepted rows wait: in columns that grow, and, whenever those have grown enough, in frozen batches.

import { type Fidelity, type Signal, signals, type TelemetryTable } from '../schema/column-declaration.js';
import { telemetryTables } from '../schema/tables.js';
import {
  addedBytes,
  type BytesByTenant,
  type FrozenBatch,
  Generation,
  type GenerationRows,
  newGenerationId,
  rowsOf,
  type TableCounts,
} from './generation.js';
import { SignalRows } from './signal-rows.js';

/**
 * Size at which growing columns are frozen and begun anew: large, because a scan reads batch after batch in pieces of
 * 2,048 rows and each batch ends in a shorter one; small, because freezing copies it while nothing else happens, and
 * because the columns are kept for the next rows.
 */
const FREEZE_HEAP_BYTES = 8 << 20;
const FREEZE_ROWS = 1 << 15;
/**
 * Size from which growing columns that a query reads are frozen for good. Smaller ones are copied for it, which costs
 * half a millisecond at most and leaves no small batches behind, however many queries there are.
 */
const READ_FREEZE_HEAP_BYTES = 512 << 10;
const READ_FREEZE_ROWS = 2048;
/**
 * Texts of one request whose rows are not worth copying into the columns of others: those of some hundred rows, enough for
 * a scan. Freezing them at once takes half the CPU time of copying them first, and a millisecond or two each time, where
 * freezing what has grown holds everything else up for twenty. See bench/append.ts.
 */
const LARGE_HEAP_BYTES = 256 << 10;

/** Both ends included. */
export interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

/** Of rows that are in no journal. */
export const NO_SEQUENCES: SequenceRange = { first: 0, last: 0 };

/** Where rows are from that are appended together. */
export interface RowsOrigin {
  /** Encoded bytes of their requests. */
  readonly admittedBytes: number;
  /** The same by tenant, where they are limited. */
  readonly bytesByTenant?: BytesByTenant | undefined;
  /** What they take in tables, as SignalRows has it. */
  readonly storedBytes: number;
  /** Of their journal records. */
  readonly sequences: SequenceRange;
}

export type Freeze = (rows: SignalRows) => FrozenBatch;

export class OpenRows {
  readonly #freeze: Freeze;
  readonly #growing: ReadonlyMap<Signal, SignalRows>;
  #frozen: FrozenBatch[] = [];
  /** What was copied for the last query, which is good for the next one unless rows have come. */
  readonly #copies = new Map<Signal, FrozenBatch>();
  #id = newGenerationId();
  #rowsBefore: TableCounts = new Map();
  #frozenBytes = 0;
  /** Memory of growing columns that have rows: each request asks for it, and it changes seldom. */
  #growingBytes = 0;
  #rows = 0;
  #admittedBytes = 0;
  #bytesByTenant: BytesByTenant | undefined;
  #storedBytes = 0;
  #openedAtMs: number | undefined;
  #firstJournalSequence = 0;
  #lastJournalSequence = 0;

  constructor(freeze: Freeze, fidelity: Fidelity = 'standard') {
    this.#freeze = freeze;
    this.#growing = new Map(signals.map((signal) => [signal, new SignalRows(signal, undefined, fidelity)]));
  }

  get rows(): number {
    return this.#rows;
  }

  /** Id of the generation that the rows will be detached as. */
  get id(): string {
    return this.#id;
  }

  /** Encoded bytes of the requests whose rows these are. */
  get admittedBytes(): number {
    return this.#admittedBytes;
  }

  /** What the rows take in tables. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Memory behind the rows. */
  get byteLength(): number {
    return this.#frozenBytes + this.#growingBytes;
  }

  /** When the first row arrived; undefined when there is none. */
  get openedAtMs(): number | undefined {
    return this.#openedAtMs;
  }

  /** Copies rows, all of which belong to the same generation. */
  append(parts: readonly SignalRows[], origin: RowsOrigin, nowMs: number): void {
    const { admittedBytes, bytesByTenant, storedBytes, sequences } = origin;
    if (this.#openedAtMs === undefined) this.#firstJournalSequence = sequences.first;
    this.#openedAtMs ??= nowMs;
    this.#lastJournalSequence = sequences.last;
    this.#admittedBytes += admittedBytes;
    this.#bytesByTenant = addedBytes(this.#bytesByTenant, bytesByTenant);
    this.#storedBytes += storedBytes;
    for (const rows of parts) this.#append(rows);
  }

  /** The rows for a table, which stay here; undefined when there are none. */
  read(table: TelemetryTable): GenerationRows | undefined {
    const growing = this.#growing.get(table.signal)!;
    if (growing.rows >= READ_FREEZE_ROWS || growing.heap.end >= READ_FREEZE_HEAP_BYTES) this.#freezeGrowing(growing);
    const batches = this.#frozen.filter(({ signal }) => signal === table.signal);
    if (growing.rows > 0) batches.push(this.#copyOf(growing));
    const rows = rowsOf(batches, table);
    return rows === 0 ? undefined : { id: this.#id, rowsBefore: this.#rowsBefore.get(table) ?? 0, rows, batches };
  }

  /** Whether there are rows for a table. Unlike `read` it copies none. */
  has(table: TelemetryTable): boolean {
    return this.positionOf(table) > (this.#rowsBefore.get(table) ?? 0);
  }

  /** Rows for a table that have been accepted so far, those that were detached included. */
  positionOf(table: TelemetryTable): number {
    const growing = this.#growing.get(table.signal)!.table(table.name).rows;
    return (this.#rowsBefore.get(table) ?? 0) + rowsOf(this.#frozen, table) + growing;
  }

  /** Hands over all rows; those appended from now on belong to the next generation. Undefined when there are none. */
  detach(): Generation | undefined {
    if (this.#openedAtMs === undefined) return undefined;
    for (const growing of this.#growing.values()) if (growing.rows > 0) this.#freezeGrowing(growing);
    const generation = new Generation(
      {
        id: this.#id,
        rowsBefore: this.#rowsBefore,
        openedAtMs: this.#openedAtMs,
        admittedBytes: this.#admittedBytes,
        bytesByTenant: this.#bytesByTenant,
        storedBytes: this.#storedBytes,
        firstJournalSequence: this.#firstJournalSequence,
        lastJournalSequence: this.#lastJournalSequence,
      },
      this.#frozen,
    );
    this.#rowsBefore = new Map(telemetryTables.map((table) => [table, this.positionOf(table)]));
    this.#id = newGenerationId();
    this.#frozen = [];
    this.#frozenBytes = 0;
    this.#rows = 0;
    this.#admittedBytes = 0;
    this.#bytesByTenant = undefined;
    this.#storedBytes = 0;
    this.#openedAtMs = undefined;
    return generation;
  }

  #append(rows: SignalRows): void {
    this.#rows += rows.rows;
    const growing = this.#growing.get(rows.signal)!;
    if (rows.heap.end >= LARGE_HEAP_BYTES) {
      // What a query has read stays where it was: readers of new rows count them.
      if (this.#copies.has(rows.signal)) this.#freezeGrowing(growing);
      this.#addFrozen(rows);
      return;
    }
    const bytesBefore = growing.rows > 0 ? growing.byteLength : 0;
    growing.append(rows);
    this.#growingBytes += growing.byteLength - bytesBefore;
    if (growing.heap.end >= FREEZE_HEAP_BYTES || growing.rows >= FREEZE_ROWS) this.#freezeGrowing(growing);
  }

  #copyOf(growing: SignalRows): FrozenBatch {
    const last = this.#copies.get(growing.signal);
    if (last?.rows === growing.rows) return last;
    const copy = this.#freeze(growing);
    this.#copies.set(growing.signal, copy);
    return copy;
  }

  #freezeGrowing(growing: SignalRows): void {
    this.#growingBytes -= growing.byteLength;
    this.#addFrozen(growing);
    this.#copies.delete(growing.signal);
    growing.reset({ heapBytes: 2 * FREEZE_HEAP_BYTES, rows: FREEZE_ROWS });
  }

  #addFrozen(rows: SignalRows): void {
    const frozen = this.#freeze(rows);
    this.#frozen.push(frozen);
    this.#frozenBytes += frozen.byteLength;
  }
}
