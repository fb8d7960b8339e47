import { columnsKept, type TelemetryTable } from '../schema/column-declaration.js';
import { type CheckGrowth, growFreely } from './check-growth.js';
import {
  type Column,
  type ColumnArray,
  columnFor,
  FixedWidthColumn,
  Int64Column,
  ListColumn,
  TextColumn,
} from './column.js';
import { TenantRuns } from './tenant-runs.js';

const SMALLEST_CAPACITY_ROWS = 16;

/** Rows of one table as columns. Their texts lie in the heap of the SignalRows that they are part of. */
export class TableRows {
  readonly table: TelemetryTable;
  readonly columns: readonly Column[];
  /** Whether rows of this table are wanted at all. */
  readonly isKept: boolean;
  /** Whose the rows are. */
  readonly tenants = new TenantRuns();
  rows = 0;
  readonly #checkGrowth: CheckGrowth;
  #capacity = 0;

  /** Keeps the columns of these names, or none of the table's rows. */
  constructor(table: TelemetryTable, checkGrowth: CheckGrowth, wanted: readonly string[] | undefined) {
    this.table = table;
    this.isKept = wanted !== undefined;
    this.columns = columnsKept(table, 'exact')
      .filter(({ name }) => wanted?.includes(name))
      .map((declaration) => columnFor(declaration, checkGrowth));
    this.#checkGrowth = checkGrowth;
  }

  /** Bytes of the arrays behind all columns. */
  get byteLength(): number {
    return this.columns.reduce((bytes, column) => bytes + column.byteLength, 0);
  }

  /** Those of them that hold rows. */
  get usedBytes(): number {
    return this.#bytesOf(this.rows);
  }

  /** Size of its rows as a table stores them: a text that rows share counts in each row. */
  get storedBytes(): number {
    return this.columns.reduce((bytes, column) => bytes + column.storedBytesOf(this.rows), 0);
  }

  /** Adds a row in which every column has its absent value. Returns its index. Arrays of the columns may change. */
  addRow(): number {
    if (this.rows === this.#capacity) this.#resize(Math.max(SMALLEST_CAPACITY_ROWS, 2 * this.#capacity));
    return this.rows++;
  }

  /** Takes over the arrays of columns that hold `rows` rows, in place of what was here. */
  adopt(rows: number, arrays: readonly (readonly ColumnArray[])[]): void {
    this.columns.forEach((column, i) => {
      column.setArrays(arrays[i]!);
    });
    this.rows = rows;
    this.#capacity = rows;
  }

  /**
   * Copies all rows of `source`, whose texts have moved by `heapShift` bytes. Columns that it does not have, of another fidelity,
   * keep their absent value.
   */
  append(source: TableRows, heapShift: number): void {
    const needed = this.rows + source.rows;
    if (needed > this.#capacity) this.#resize(Math.max(needed, 2 * this.#capacity));
    const shared = Math.min(this.columns.length, source.columns.length);
    for (let i = 0; i < shared; i++) {
      this.columns[i]!.copyFrom(source.columns[i]!, source.rows, this.rows, heapShift);
    }
    this.tenants.append(source.tenants, this.rows, source.rows);
    this.rows = needed;
  }

  /** Forgets all rows but the first `rows`. */
  truncate(rows: number): void {
    if (rows === this.rows) return;
    for (const column of this.columns) column.clear(rows, this.rows);
    this.tenants.truncate(rows);
    this.rows = rows;
  }

  /** Forgets all rows, and the memory too where it is for more than `keepRows`. */
  reset(keepRows: number): void {
    this.truncate(0);
    if (this.#capacity > keepRows) this.#resize(SMALLEST_CAPACITY_ROWS);
  }

  text(name: string): TextColumn {
    return this.#column(name, TextColumn);
  }

  int64(name: string): Int64Column {
    return this.#column(name, Int64Column);
  }

  int32(name: string): FixedWidthColumn<Int32Array> {
    return this.#column(name, FixedWidthColumn) as FixedWidthColumn<Int32Array>;
  }

  double(name: string): FixedWidthColumn<Float64Array> {
    return this.#column(name, FixedWidthColumn) as FixedWidthColumn<Float64Array>;
  }

  boolean(name: string): FixedWidthColumn<Uint8Array> {
    return this.#column(name, FixedWidthColumn) as FixedWidthColumn<Uint8Array>;
  }

  list(name: string): ListColumn {
    return this.#column(name, ListColumn);
  }

  #column<C extends Column>(name: string, kind: abstract new (...args: never[]) => C): C {
    const column = this.columns.find(({ declaration }) => declaration.name === name) ?? this.#unwantedColumn(name);
    if (!(column instanceof kind)) throw new Error(`BUG: ${this.table.name} has no ${kind.name} "${name}"`);
    return column;
  }

  #unwantedColumn(name: string): Column | undefined {
    const declaration = columnsKept(this.table, 'exact').find((declared) => declared.name === name);
    return declaration && columnFor(declaration, growFreely, false);
  }

  #bytesOf(rows: number): number {
    return this.columns.reduce((bytes, column) => bytes + column.bytesOf(rows), 0);
  }

  #resize(capacity: number): void {
    this.#checkGrowth(this.#bytesOf(capacity) - this.#bytesOf(this.#capacity));
    for (const column of this.columns) column.resize(capacity, this.rows);
    this.#capacity = capacity;
  }
}
