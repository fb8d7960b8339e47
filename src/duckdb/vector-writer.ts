// Columns of a batch → DuckDB vectors, up to 2,048 rows at a time: each column is laid out in a scratch buffer in
// DuckDB's own form and copied over in one call.

import duckdb from '@duckdb/node-bindings';
import type { ByteHeap } from '../buffer/byte-heap.js';
import {
  type Column,
  type FixedWidthColumn,
  type Int64Column,
  type ListColumn,
  NULL_TEXT,
  type TextColumn,
} from '../buffer/column.js';
import type { TelemetryColumn } from '../schema/column-declaration.js';
import { type HeapPin, MAX_INLINED_BYTES } from './heap-pin.js';

/** Rows of a DuckDB vector. */
export const VECTOR_ROWS = 2048;

const BYTES_PER_SLOT = 16;
const scratch = new ArrayBuffer(VECTOR_ROWS * BYTES_PER_SLOT);
const scratchBytes = new Uint8Array(scratch);
const scratchWords = new Uint32Array(scratch);
const scratchValidity = new ArrayBuffer(VECTOR_ROWS / 8);
const validityBits = new Uint8Array(scratchValidity);

/** Where texts are: as bytes for the short ones, at an address for the long. */
export interface PlacedHeap {
  readonly heap: ByteHeap;
  readonly pin: HeapPin;
}

/** Writes rows `firstRow` to `firstRow + rows` of a column to the first `rows` rows of a vector. */
export type ColumnWriter = (
  vector: duckdb.Vector,
  column: Column,
  heap: PlacedHeap,
  firstRow: number,
  rows: number,
) => void;

/** Chooses the writer for a column once, so that its loop over rows meets a single type. */
export function columnWriter(declaration: TelemetryColumn): ColumnWriter {
  switch (declaration.type) {
    case 'VARCHAR':
      return writeTexts;
    case 'TIMESTAMP':
      return writeMicroseconds;
    case 'BIGINT':
      return writeInt64s;
    case 'INTEGER':
    case 'DOUBLE':
    case 'BOOLEAN':
      return writeFixedWidth;
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return writeLists;
  }
}

/** Writes 16-byte string slots: length, then the bytes themselves, or the first four of them and an address. */
const writeTexts: ColumnWriter = (vector, column, { heap, pin }, firstRow, rows) => {
  const { slots } = column as TextColumn;
  const { bytes } = heap;
  const { addressLow, addressHigh } = pin;
  let hasNull = false;
  for (let row = 0, from = 2 * firstRow, word = 0; row < rows; row++, from += 2, word += 4) {
    const offset = slots[from]!;
    const length = slots[from + 1]!;
    if (length === NULL_TEXT) {
      if (!hasNull) setAllValid(rows);
      hasNull = true;
      setInvalid(row);
      scratchWords[word] = 0;
      continue;
    }
    scratchWords[word] = length;
    const byte = row * BYTES_PER_SLOT + 4;
    if (length <= MAX_INLINED_BYTES) {
      // DuckDB compares inlined strings with their padding, which must be zero.
      scratchWords[word + 1] = 0;
      scratchWords[word + 2] = 0;
      scratchWords[word + 3] = 0;
      for (let i = 0; i < length; i++) scratchBytes[byte + i] = bytes[offset + i]!;
    } else {
      scratchBytes[byte] = bytes[offset]!;
      scratchBytes[byte + 1] = bytes[offset + 1]!;
      scratchBytes[byte + 2] = bytes[offset + 2]!;
      scratchBytes[byte + 3] = bytes[offset + 3]!;
      const low = addressLow + offset;
      scratchWords[word + 2] = low;
      scratchWords[word + 3] = addressHigh + (low > 0xffff_ffff ? 1 : 0);
    }
  }
  duckdb.copy_data_to_vector(vector, 0, scratch, 0, rows * BYTES_PER_SLOT);
  if (hasNull) flushValidity(vector, rows);
};

/** Writes nanoseconds as whole microseconds: a long division in base 2^32, exact where a double is not. */
const writeMicroseconds: ColumnWriter = (vector, column, _heap, firstRow, rows) => {
  const { words, valid } = column as Int64Column;
  for (let from = 2 * firstRow, to = 0; to < 2 * rows; from += 2, to += 2) {
    const high = words[from + 1]!;
    const remainder = high % 1000;
    scratchWords[to] = Math.floor((remainder * 0x1_0000_0000 + words[from]!) / 1000);
    scratchWords[to + 1] = (high - remainder) / 1000;
  }
  duckdb.copy_data_to_vector(vector, 0, scratch, 0, rows * 8);
  writeValidity(vector, valid, firstRow, rows);
};

const writeInt64s: ColumnWriter = (vector, column, _heap, firstRow, rows) => {
  const { words, valid } = column as Int64Column;
  copyToVector(vector, words, 2 * firstRow, 2 * rows);
  writeValidity(vector, valid, firstRow, rows);
};

const writeFixedWidth: ColumnWriter = (vector, column, _heap, firstRow, rows) => {
  const { values, valid } = column as FixedWidthColumn<Int32Array | Float64Array | Uint8Array>;
  copyToVector(vector, values, firstRow, rows);
  writeValidity(vector, valid, firstRow, rows);
};

/** Writes 16-byte list entries (offset and length, 64 bits each) and the elements of all rows to the child vector. */
const writeLists: ColumnWriter = (vector, column, _heap, firstRow, rows) => {
  const { entries, elementWords } = column as ListColumn;
  let elements = 0;
  for (let row = 0; row < rows; row++) {
    const length = entries[2 * (firstRow + row) + 1]!;
    scratchWords[4 * row] = elements;
    scratchWords[4 * row + 1] = 0;
    scratchWords[4 * row + 2] = length;
    scratchWords[4 * row + 3] = 0;
    elements += length;
  }
  duckdb.copy_data_to_vector(vector, 0, scratch, 0, rows * BYTES_PER_SLOT);
  duckdb.list_vector_reserve(vector, elements);
  duckdb.list_vector_set_size(vector, elements);
  if (elements === 0) return;
  const child = duckdb.list_vector_get_child(vector);
  copyRuns(child, elementWords, entries, firstRow, rows);
};

/** Copies the elements of rows in as few runs as they lie in: one, but where a decoder has dropped a list. */
function copyRuns(
  child: duckdb.Vector,
  elementWords: Uint32Array,
  entries: Uint32Array,
  firstRow: number,
  rows: number,
): void {
  let written = 0;
  let runStart = 0;
  let runEnd = 0;
  for (let row = firstRow; row < firstRow + rows; row++) {
    const length = entries[2 * row + 1]!;
    if (length === 0) continue;
    const start = entries[2 * row]!;
    if (start !== runEnd) {
      copyToVector(child, elementWords, 2 * runStart, 2 * (runEnd - runStart), 8 * written);
      written += runEnd - runStart;
      runStart = start;
    }
    runEnd = start + length;
  }
  copyToVector(child, elementWords, 2 * runStart, 2 * (runEnd - runStart), 8 * written);
}

function copyToVector(
  vector: duckdb.Vector,
  array: Uint32Array | Int32Array | Float64Array | Uint8Array,
  first: number,
  count: number,
  toByte = 0,
): void {
  if (count === 0) return;
  const width = array.BYTES_PER_ELEMENT;
  const fromByte = array.byteOffset + first * width;
  duckdb.copy_data_to_vector(vector, toByte, array.buffer as ArrayBuffer, fromByte, count * width);
}

function writeValidity(vector: duckdb.Vector, valid: Uint8Array | undefined, firstRow: number, rows: number): void {
  if (valid === undefined) return;
  const firstNull = valid.indexOf(0, firstRow);
  if (firstNull === -1 || firstNull >= firstRow + rows) return;
  setAllValid(rows);
  for (let row = firstNull - firstRow; row < rows; row++) if (valid[firstRow + row] === 0) setInvalid(row);
  flushValidity(vector, rows);
}

function setAllValid(rows: number): void {
  validityBits.fill(0xff, 0, Math.ceil(rows / 64) * 8);
}

function setInvalid(row: number): void {
  validityBits[row >> 3]! &= ~(1 << (row & 7));
}

function flushValidity(vector: duckdb.Vector, rows: number): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, scratchValidity, 0, Math.ceil(rows / 64) * 8);
}
