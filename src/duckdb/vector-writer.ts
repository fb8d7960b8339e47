// Rows in vectors' form → the vectors of a chunk that DuckDB asks for.

import duckdb from '@duckdb/node-bindings';
import {
  type FlatVectors,
  type ListVectors,
  MAX_INLINED_BYTES,
  SLOT_BYTES,
  type TextVectors,
  VECTOR_ROWS,
  type VectorRows,
} from '../buffer/vector-rows.js';

const NO_VALUES = new ArrayBuffer(VECTOR_ROWS / 8);

/** Writes `count` rows of a column from `firstRow`, a multiple of 2,048, to a vector. */
export function writeVector(
  vector: duckdb.Vector,
  rows: VectorRows,
  columnName: string,
  firstRow: number,
  count: number,
): void {
  const column = rows.columns.get(columnName);
  if (column === undefined) writeNulls(vector);
  else if (column.kind === 'flat') writeFlat(vector, rows, column, firstRow, count);
  else if (column.kind === 'text') writeTexts(vector, rows, column, firstRow, count);
  else writeLists(vector, rows, column, firstRow, count);
}

/** Makes every value of a vector NULL. */
export function writeNulls(vector: duckdb.Vector): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, NO_VALUES, 0, NO_VALUES.byteLength);
}

/** Makes every value of a vector the same text. */
export function writeSameText(vector: duckdb.Vector, text: string): void {
  duckdb.vector_reference_value(vector, duckdb.create_varchar(text));
}

function writeFlat(
  vector: duckdb.Vector,
  { fixed }: VectorRows,
  { valuesAt, bytesPerRow, validityAt }: FlatVectors,
  firstRow: number,
  count: number,
): void {
  duckdb.copy_data_to_vector(vector, 0, fixed, valuesAt + firstRow * bytesPerRow, count * bytesPerRow);
  writeValidity(vector, fixed, validityAt, firstRow, count);
}

function writeTexts(
  vector: duckdb.Vector,
  { fixed, texts }: VectorRows,
  { slotsAt, heapsAt, validityAt }: TextVectors,
  firstRow: number,
  count: number,
): void {
  const at = slotsAt + firstRow * SLOT_BYTES;
  const chunk = firstRow / VECTOR_ROWS;
  const heapAt = heapsAt[chunk]!;
  const heapBytes = heapsAt[chunk + 1]! - heapAt;
  if (heapBytes > 0) {
    // The vector's own memory for strings, which lives as long as anything refers to it. It is longer than a slot has
    // room for, as the texts in it are, so the slot tells its address.
    duckdb.vector_assign_string_element_len(vector, 0, new Uint8Array(texts, heapAt, heapBytes));
    const slot = duckdb.vector_get_data(vector, SLOT_BYTES);
    const view = new DataView(slot.buffer, slot.byteOffset, SLOT_BYTES);
    moveSlots(new Uint32Array(fixed, at, 4 * count), view.getUint32(8, true), view.getUint32(12, true));
  }
  duckdb.copy_data_to_vector(vector, 0, fixed, at, count * SLOT_BYTES);
  writeValidity(vector, fixed, validityAt, firstRow, count);
}

/** Makes slots point into a heap at an address of two words. Each chunk is written once, so they can be changed. */
function moveSlots(slots: Uint32Array, addressLow: number, addressHigh: number): void {
  for (let i = 0; i < slots.length; i += 4) {
    if (slots[i]! <= MAX_INLINED_BYTES) continue;
    // The heap's address is not aligned to 2^32, so the sum may carry into the high word.
    const low = addressLow + slots[i + 2]!;
    slots[i + 2] = low;
    slots[i + 3] = addressHigh + (low > 0xffff_ffff ? 1 : 0);
  }
}

/** Lists, whose entries count from the first element of the vector that they are written to. */
function writeLists(
  vector: duckdb.Vector,
  { fixed }: VectorRows,
  { startsAt, elementsAt }: ListVectors,
  firstRow: number,
  count: number,
): void {
  const starts = new Uint32Array(fixed, startsAt + 4 * firstRow, count + 1);
  const first = starts[0]!;
  const elements = starts[count]! - first;
  const entries = new Uint32Array(4 * count);
  for (let row = 0; row < count; row++) {
    entries[4 * row] = starts[row]! - first;
    entries[4 * row + 2] = starts[row + 1]! - starts[row]!;
  }
  duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
  duckdb.list_vector_reserve(vector, elements);
  duckdb.list_vector_set_size(vector, elements);
  if (elements === 0) return;
  duckdb.copy_data_to_vector(duckdb.list_vector_get_child(vector), 0, fixed, elementsAt + 8 * first, 8 * elements);
}

function writeValidity(
  vector: duckdb.Vector,
  fixed: ArrayBuffer,
  validityAt: number | undefined,
  firstRow: number,
  count: number,
): void {
  if (validityAt === undefined) return;
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, fixed, validityAt + firstRow / 8, Math.ceil(count / 64) * 8);
}
