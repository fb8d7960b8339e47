// Rows of a block of columns → the vectors of a chunk that DuckDB asks for.

import duckdb from '@duckdb/node-bindings';
import type { BlockColumn, ColumnBlock, RowValidity } from '../buffer/column-block.js';
import {
  addressIn,
  layOutSlots,
  layOutValidity,
  listEntries,
  moveSlots,
  SLOT_BYTES,
  VECTOR_ROWS,
} from '../buffer/vector-rows.js';

/** Elements of the lists in one chunk. DuckDB holds all of them at once, eight bytes each; a row is never split. */
const MAX_CHUNK_ELEMENTS = 64 * VECTOR_ROWS;

/** How many rows from `firstRow` on go into one chunk. */
export function chunkRows({ columns, rowCount }: ColumnBlock, firstRow: number): number {
  let rows = Math.min(VECTOR_ROWS, rowCount - firstRow);
  for (const column of columns) {
    while (rows > 1 && elementsOf(column, firstRow, rows) > MAX_CHUNK_ELEMENTS) rows = Math.ceil(rows / 2);
  }
  return rows;
}

/** Elements of the innermost lists. */
function elementsOf(column: BlockColumn, firstRow: number, rows: number): number {
  if (column.kind !== 'list') return rows;
  const first = column.offsets[firstRow]!;
  const elements = column.offsets[firstRow + rows]! - first;
  return Math.max(elements, elementsOf(column.child, first, elements));
}

/** Writes rows of a column to a vector of the same type. The vector takes a copy of everything. */
export function writeBlockRows(vector: duckdb.Vector, column: BlockColumn, firstRow: number, rows: number): void {
  switch (column.kind) {
    case 'double':
    case 'bigint':
      copyBytes(vector, column.values.subarray(firstRow, firstRow + rows));
      break;
    case 'text':
      writeTexts(vector, column, firstRow, rows);
      break;
    case 'list':
      writeLists(vector, column, firstRow, rows);
      break;
  }
  writeValidity(vector, column.valid, firstRow, rows);
}

function writeTexts(
  vector: duckdb.Vector,
  { offsets, bytes }: Extract<BlockColumn, { kind: 'text' }>,
  firstRow: number,
  rows: number,
): void {
  const heap = bytes.subarray(offsets[firstRow], offsets[firstRow + rows]);
  const slots = layOutSlots(offsets.subarray(firstRow, firstRow + rows + 1), bytes);
  if (heap.length > 0) {
    // The vector's own memory for strings, which lives as long as anything refers to it. Where it is short enough for a
    // slot it has no address, and none of its texts needs one.
    duckdb.vector_assign_string_element_len(vector, 0, heap);
    moveSlots(slots, addressIn(duckdb.vector_get_data(vector, SLOT_BYTES)));
  }
  copyBytes(vector, slots);
}

function writeLists(
  vector: duckdb.Vector,
  { offsets, child }: Extract<BlockColumn, { kind: 'list' }>,
  firstRow: number,
  rows: number,
): void {
  const starts = offsets.subarray(firstRow, firstRow + rows + 1);
  const elements = starts[rows]! - starts[0]!;
  copyBytes(vector, listEntries(starts));
  duckdb.list_vector_reserve(vector, elements);
  duckdb.list_vector_set_size(vector, elements);
  if (elements > 0) writeBlockRows(duckdb.list_vector_get_child(vector), child, starts[0]!, elements);
}

function writeValidity(vector: duckdb.Vector, valid: RowValidity, firstRow: number, rows: number): void {
  if (valid === undefined) return;
  const mask = layOutValidity(valid.subarray(firstRow, firstRow + rows));
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, mask.buffer, 0, mask.byteLength);
}

function copyBytes(vector: duckdb.Vector, values: Float64Array | BigInt64Array | Uint32Array): void {
  const { buffer, byteOffset, byteLength } = values;
  if (byteLength > 0) duckdb.copy_data_to_vector(vector, 0, buffer as ArrayBuffer, byteOffset, byteLength);
}
