import type { FrozenBatch } from '../buffer/generation.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { VECTOR_ROWS } from '../buffer/vector-rows.js';
import type { Signal, TelemetryTable } from '../schema/column-declaration.js';
import { FlatColumn, type LaidOutColumn, layOut } from './column-layout.js';
import { HeapPin } from './heap-pin.js';

const MICROSECONDS_PER_DAY = 86_400e6;

export interface FrozenTable {
  readonly table: TelemetryTable;
  readonly rows: number;
  readonly columns: readonly LaidOutColumn[];
}

/**
 * Rows in DuckDB's own form: texts in memory that DuckDB owns, and everything else laid out as its vectors have it. A
 * copy, made once; a scan of it is a copy of bytes, and as many scans as it takes may be made.
 */
export class FrozenRows implements FrozenBatch {
  readonly signal: Signal;
  readonly rows: number;
  readonly byteLength: number;
  readonly #tables: ReadonlyMap<TelemetryTable, FrozenTable>;
  /** Owner of the memory that string slots of the columns point into. Nobody reads it; somebody has to keep it. */
  readonly pin: HeapPin;

  constructor(source: SignalRows) {
    const heap = source.heap.bytes;
    const pin = new HeapPin(source.heap);
    const tables = source.tables
      .filter(({ rows }) => rows > 0)
      .map(({ table, rows, columns }) => ({
        table,
        rows,
        columns: columns.map((column) => layOut(column, rows, heap, pin)),
      }));
    this.signal = source.signal;
    this.rows = source.rows;
    this.byteLength = tables
      .flatMap(({ columns }) => columns)
      .reduce((bytes, column) => bytes + column.byteLength, source.heap.end);
    this.#tables = new Map(tables.map((frozen) => [frozen.table, frozen]));
    this.pin = pin;
  }

  rowsOf(table: TelemetryTable): number {
    return this.#tables.get(table)?.rows ?? 0;
  }

  frozenTable(table: TelemetryTable): FrozenTable | undefined {
    return this.#tables.get(table);
  }

  /**
   * Day of all rows of a table by its first TIMESTAMP, counted from 1970 in UTC. Undefined where they have several, or
   * some have no time.
   */
  dayOf(table: TelemetryTable): number | undefined {
    const column = this.#tables.get(table)?.columns[table.columns.findIndex(({ type }) => type === 'TIMESTAMP')];
    if (!(column instanceof FlatColumn) || column.hasNulls) return undefined;
    const { words } = column;
    let firstDay: number | undefined;
    for (let i = 0; i < words.length; i += 2) {
      const micros = words[i + 1]! * 0x1_0000_0000 + words[i]!;
      // A double may have rounded a larger one up to the next day.
      if (micros > Number.MAX_SAFE_INTEGER) return undefined;
      const day = Math.floor(micros / MICROSECONDS_PER_DAY);
      firstDay ??= day;
      if (day !== firstDay) return undefined;
    }
    return firstDay;
  }
}

/** A batch that this module made. */
export function frozenRows(batch: FrozenBatch): FrozenRows {
  if (!(batch instanceof FrozenRows)) throw new Error('BUG: a batch that this DuckDB did not freeze');
  return batch;
}

/** Rows of a table that go to one vector. */
export interface FrozenPart {
  readonly columns: readonly LaidOutColumn[];
  readonly firstRow: number;
  readonly rows: number;
}

/** The rows of batches for a table, in parts that a vector takes. */
export class FrozenParts {
  readonly #tables: readonly FrozenTable[];
  #table = 0;
  #row = 0;

  constructor(batches: readonly FrozenBatch[], table: TelemetryTable) {
    this.#tables = batches.flatMap((batch) => frozenRows(batch).frozenTable(table) ?? []);
  }

  rewind(): void {
    this.#table = 0;
    this.#row = 0;
  }

  /** Undefined at the end. */
  next(): FrozenPart | undefined {
    const table = this.#tables[this.#table];
    if (table === undefined) return undefined;
    const firstRow = this.#row;
    const rows = Math.min(VECTOR_ROWS, table.rows - firstRow);
    this.#row += rows;
    if (this.#row === table.rows) {
      this.#table++;
      this.#row = 0;
    }
    return { columns: table.columns, firstRow, rows };
  }
}
