// Decoded rows of one signal: its tables, and one heap with the texts of all of them, so that a resource which many
// metrics tables refer to is kept once. Plain data: it can be copied, counted, kept until COMMIT, scanned by SQL.

import { Failure } from '../base/failure.js';
import { columnsKept, type Fidelity, type Signal } from '../schema/column-declaration.js';
import { tablesBySignal } from '../schema/tables.js';
import { ByteHeap } from './byte-heap.js';
import { TableRows } from './table-rows.js';

/** Upper bound on the memory of rows, and the rule that sets it, for the error text. */
export interface RowLimit {
  readonly bytes: number;
  readonly rule: string;
}

const NO_LIMIT: RowLimit = { bytes: Number.POSITIVE_INFINITY, rule: 'none' };

/** Names of columns, by the name of their table. No rows are wanted of tables that are not here. */
export type WantedColumns = Readonly<Record<string, readonly string[]>>;

export class SignalRows {
  readonly signal: Signal;
  /** What rows of all columns keep. */
  readonly fidelity: Fidelity;
  readonly heap: ByteHeap;
  readonly tables: readonly TableRows[];
  readonly #limit: RowLimit;

  /**
   * Growing beyond the limit throws a Failure, `tooLarge`; the rows may then hold a part of what was being added. Keeps all
   * columns of a fidelity, or only those that are wanted, by table.
   */
  constructor(signal: Signal, limit = NO_LIMIT, kept: Fidelity | WantedColumns = 'standard') {
    const checkGrowth = (moreBytes: number) => this.#checkGrowth(moreBytes);
    this.signal = signal;
    this.fidelity = typeof kept === 'string' ? kept : 'standard';
    this.heap = new ByteHeap(checkGrowth);
    this.tables = tablesBySignal[signal].map((table) => {
      const names = typeof kept === 'string' ? columnsKept(table, kept).map(({ name }) => name) : kept[table.name];
      return new TableRows(table, checkGrowth, names);
    });
    this.#limit = limit;
  }

  /** Rows of all tables. */
  get rows(): number {
    return this.tables.reduce((rows, table) => rows + table.rows, 0);
  }

  /** Bytes of memory behind heap and columns. */
  get byteLength(): number {
    return this.tables.reduce((bytes, table) => bytes + table.byteLength, this.heap.bytes.byteLength);
  }

  /**
   * Size of the rows as tables store them: a text that rows share counts in each row. Takes a pass over all texts, a fiftieth
   * of the time that decoding them takes.
   */
  get storedBytes(): number {
    return this.tables.reduce((bytes, table) => bytes + (table.rows === 0 ? 0 : table.storedBytes), 0);
  }

  table(name: string): TableRows {
    const found = this.tables.find(({ table }) => table.name === name);
    if (found === undefined) throw new Error(`BUG: ${this.signal} have no table ${name}`);
    return found;
  }

  /** Makes all rows a tenant's; undefined where there are no tenants. */
  belongTo(tenant: string | undefined): void {
    for (const table of this.tables) table.tenants.set(tenant, table.rows);
  }

  /** Copies all rows of `source`, which keeps them. */
  append(source: SignalRows): void {
    const heapShift = this.heap.append(source.heap.bytes, 0, source.heap.end);
    this.tables.forEach((table, i) => {
      const from = source.tables[i]!;
      if (from.rows > 0) table.append(from, heapShift);
    });
  }

  /** Forgets all rows and gives back memory beyond the sizes named. */
  reset(keep: { heapBytes: number; rows: number }): void {
    this.heap.reset(keep.heapBytes);
    for (const table of this.tables) table.reset(keep.rows);
  }

  #checkGrowth(moreBytes: number): void {
    // Asked once per doubling, so that adding everything up costs nothing. What is kept for later does not count: it
    // would have what one request may bring depend on those before it.
    const { bytes, rule } = this.#limit;
    const usedBytes = this.tables.reduce((sum, table) => sum + table.usedBytes, this.heap.end);
    if (moreBytes <= 0 || usedBytes + moreBytes <= bytes) return;
    throw new Failure('tooLarge', `${this.signal} of one request would take more than ${bytes} bytes as rows: ${rule}`);
  }
}
