// Rows in vectors' form → the vectors of a chunk that DuckDB asks for.

import duckdb from '@duckdb/node-bindings';
import {
  addressIn,
  type FlatVectors,
  type ListVectors,
  layOutSlots,
  layOutValidity,
  listEntries,
  MAX_INLINED_BYTES,
  maskBytes,
  moveSlots,
  type RunVectors,
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
  else if (column.kind === 'runs') writeRuns(vector, column, firstRow, count);
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
  if (validityAt === undefined) return;
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, fixed, validityAt + firstRow / 8, maskBytes(count));
}

/** Texts whose heap the vector takes a copy of. Each chunk is written once, so its slots can be changed. */
function writeTexts(
  vector: duckdb.Vector,
  rows: VectorRows,
  { slotsAt, heapsAt, validityAt }: TextVectors,
  firstRow: number,
  count: number,
): void {
  const chunk = firstRow / VECTOR_ROWS;
  const heapAt = heapsAt[chunk]!;
  const heapBytes = heapsAt[chunk + 1]! - heapAt;
  if (heapBytes > 0) {
    // The vector's own memory for strings, which lives as long as anything refers to it. It is longer than a slot has
    // room for, as the texts in it are, so the slot tells its address.
    duckdb.vector_assign_string_element_len(vector, 0, new Uint8Array(rows.texts, heapAt, heapBytes));
    const address = addressIn(duckdb.vector_get_data(vector, SLOT_BYTES));
    moveSlots(new Uint32Array(rows.fixed, slotsAt + firstRow * SLOT_BYTES, 4 * count), address);
  }
  const slots: FlatVectors = { kind: 'flat', bytesPerRow: SLOT_BYTES, valuesAt: slotsAt, validityAt };
  writeFlat(vector, rows, slots, firstRow, count);
}

/** One text of all rows, or a slot per row. */
function writeRuns(vector: duckdb.Vector, { runs }: RunVectors, firstRow: number, count: number): void {
  const first = firstRunAt(runs, firstRow);
  const { tenant, end } = runs[first]!;
  if (end >= firstRow + count) {
    if (tenant === undefined) writeNulls(vector);
    else writeSameText(vector, tenant);
    return;
  }
  const last = firstRunAt(runs, firstRow + count - 1);
  const present = runs.slice(first, last + 1);
  const slots = slotsOf(
    vector,
    present.map((run) => Buffer.from(run.tenant ?? '')),
  );
  const words = new Uint32Array(4 * count);
  const valid = new Uint8Array(count);
  let row = 0;
  present.forEach((run, i) => {
    const slot = slots.subarray(4 * i, 4 * i + 4);
    const after = Math.min(run.end - firstRow, count);
    if (run.tenant !== undefined) valid.fill(1, row, after);
    for (; row < after; row++) words.set(slot, 4 * row);
  });
  duckdb.copy_data_to_vector(vector, 0, words.buffer, 0, words.byteLength);
  if (!valid.includes(0)) return;
  const mask = layOutValidity(valid);
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, mask.buffer, 0, mask.byteLength);
}

/** Slots of texts that the vector takes a copy of. */
function slotsOf(vector: duckdb.Vector, texts: readonly Buffer[]): Uint32Array {
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = offsets[i]! + text.length;
  });
  const heap = Buffer.concat(texts);
  const slots = layOutSlots(offsets, heap);
  if (texts.every(({ length }) => length <= MAX_INLINED_BYTES)) return slots;
  duckdb.vector_assign_string_element_len(vector, 0, heap);
  moveSlots(slots, addressIn(duckdb.vector_get_data(vector, SLOT_BYTES)));
  return slots;
}

/** Index of the run that a row is in. */
function firstRunAt(runs: RunVectors['runs'], row: number): number {
  let low = 0;
  let high = runs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (runs[middle]!.end > row) high = middle;
    else low = middle + 1;
  }
  return low;
}

function writeLists(
  vector: duckdb.Vector,
  { fixed }: VectorRows,
  { startsAt, elementsAt }: ListVectors,
  firstRow: number,
  count: number,
): void {
  const starts = new Uint32Array(fixed, startsAt + 4 * firstRow, count + 1);
  const elements = starts[count]! - starts[0]!;
  const entries = listEntries(starts);
  duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, entries.byteLength);
  duckdb.list_vector_reserve(vector, elements);
  duckdb.list_vector_set_size(vector, elements);
  if (elements === 0) return;
  const child = duckdb.list_vector_get_child(vector);
  duckdb.copy_data_to_vector(child, 0, fixed, elementsAt + 8 * starts[0]!, 8 * elements);
}
