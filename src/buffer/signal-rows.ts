// Decoded rows of one signal: its tables, and one heap with the texts of all of them, so that a resource which many
// metrics tables refer to is kept once. Plain data: it can be copied, counted, kept until COMMIT, scanned by SQL.

import type { Signal } from '../schema/column-declaration.js';
import { tablesBySignal } from '../schema/tables.js';
import { ByteHeap } from './byte-heap.js';
import { TableRows } from './table-rows.js';

export class SignalRows {
  readonly signal: Signal;
  readonly heap = new ByteHeap();
  readonly tables: readonly TableRows[];

  constructor(signal: Signal) {
    this.signal = signal;
    this.tables = tablesBySignal[signal].map((table) => new TableRows(table));
  }

  /** Rows of all tables. */
  get rows(): number {
    return this.tables.reduce((rows, table) => rows + table.rows, 0);
  }

  /** Bytes of memory behind heap and columns. */
  get byteLength(): number {
    return this.tables.reduce((bytes, table) => bytes + table.byteLength, this.heap.bytes.byteLength);
  }

  table(name: string): TableRows {
    const found = this.tables.find(({ table }) => table.name === name);
    if (found === undefined) throw new Error(`BUG: ${this.signal} have no table ${name}`);
    return found;
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
}
