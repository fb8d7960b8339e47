import type { FrozenBatch } from '../buffer/generation.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import type { Signal, TelemetryTable } from '../schema/column-declaration.js';
import { type LaidOutColumn, layOut } from './column-layout.js';
import { HeapPin } from './heap-pin.js';

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
}
