import {
  type Column,
  FixedWidthColumn,
  type Int64Column,
  ListColumn,
  NULL_TEXT,
  TextColumn,
} from '../../src/buffer/column.js';
import type { SignalRows } from '../../src/buffer/signal-rows.js';
import type { OracleTables, OracleValue } from './rows.js';

/** The rows of a buffer, in the oracle's words. */
export function readRows(rows: SignalRows): OracleTables {
  return Object.fromEntries(
    rows.tables.map(({ table, columns, rows: count }) => [
      table.name,
      Array.from({ length: count }, (_, row) =>
        Object.fromEntries(columns.map((column) => [column.declaration.name, readValue(column, row, rows.heap.bytes)])),
      ),
    ]),
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readValue(column: Column, row: number, heap: Uint8Array): OracleValue {
  if (column instanceof TextColumn) {
    const [offset, length] = column.slots.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
    return length === NULL_TEXT ? null : utf8.decode(heap.subarray(offset, offset + length));
  }
  if (column instanceof ListColumn) {
    const [first, count] = column.entries.subarray(2 * row, 2 * row + 2) as unknown as [number, number];
    return Array.from({ length: count }, (_, i) => {
      const words = column.elementWords.slice(2 * (first + i), 2 * (first + i) + 2);
      return column.declaration.type === 'BIGINT[]' ? int64(words) : new Float64Array(words.buffer)[0]!;
    });
  }
  const fixed = column as Int64Column | FixedWidthColumn<Int32Array | Float64Array | Uint8Array>;
  if (fixed.valid !== undefined && fixed.valid[row] === 0) return null;
  if (!(fixed instanceof FixedWidthColumn)) return int64(fixed.words.slice(2 * row, 2 * row + 2));
  return column.declaration.type === 'BOOLEAN' ? fixed.values[row] === 1 : fixed.values[row]!;
}

function int64(words: Uint32Array<ArrayBuffer>): string {
  return String(new BigInt64Array(words.buffer)[0]);
}
