// A column of growing rows → the same values in the form that DuckDB's vectors have, so that a scan only copies bytes.

import duckdb from '@duckdb/node-bindings';
import {
  type Column,
  type FixedWidthColumn,
  type Int64Column,
  type ListColumn,
  NULL_TEXT,
  type TextColumn,
} from '../buffer/column.js';
import { MAX_INLINED_BYTES } from '../buffer/vector-rows.js';
import type { HeapPin } from './heap-pin.js';

const BYTES_PER_SLOT = 16;

/** Values of a column in DuckDB's form. Writes `rows` rows from `firstRow`, a multiple of 2,048, to a vector. */
export interface LaidOutColumn {
  readonly byteLength: number;
  write(vector: duckdb.Vector, firstRow: number, rows: number): void;
}

/** Lays out the first `rows` rows of a column whose texts are at `heap`, which `pin` is a copy of. */
export function layOut(column: Column, rows: number, heap: Uint8Array, pin: HeapPin): LaidOutColumn {
  switch (column.declaration.type) {
    case 'VARCHAR':
      return layOutTexts(column as TextColumn, rows, heap, pin);
    case 'TIMESTAMP':
      return layOutMicroseconds(column as Int64Column, rows);
    case 'BIGINT': {
      const { words, valid } = column as Int64Column;
      return new FlatColumn(words.slice(0, 2 * rows).buffer, 8, validityMask(valid, rows));
    }
    case 'INTEGER':
    case 'DOUBLE':
    case 'BOOLEAN': {
      const { values, valid } = column as FixedWidthColumn<Int32Array | Float64Array | Uint8Array>;
      const buffer = values.slice(0, rows).buffer as ArrayBuffer;
      return new FlatColumn(buffer, values.BYTES_PER_ELEMENT, validityMask(valid, rows));
    }
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return new LaidOutLists(column as ListColumn, rows);
  }
}

/** Values of one width, and a bit for each that says whether it is one. */
export class FlatColumn implements LaidOutColumn {
  readonly #values: ArrayBuffer;
  readonly #bytesPerRow: number;
  /** Undefined when no value is NULL. */
  readonly #validity: ArrayBuffer | undefined;

  constructor(values: ArrayBuffer, bytesPerRow: number, validity: ArrayBuffer | undefined) {
    this.#values = values;
    this.#bytesPerRow = bytesPerRow;
    this.#validity = validity;
  }

  get byteLength(): number {
    return this.#values.byteLength + (this.#validity?.byteLength ?? 0);
  }

  get hasNulls(): boolean {
    return this.#validity !== undefined;
  }

  /** The values as words of 32 bits, low ones first. */
  get words(): Uint32Array {
    return new Uint32Array(this.#values);
  }

  write(vector: duckdb.Vector, firstRow: number, rows: number): void {
    duckdb.copy_data_to_vector(vector, 0, this.#values, firstRow * this.#bytesPerRow, rows * this.#bytesPerRow);
    if (this.#validity === undefined) return;
    duckdb.vector_ensure_validity_writable(vector);
    duckdb.copy_data_to_vector_validity(vector, 0, this.#validity, firstRow / 8, maskBytes(rows));
  }
}

/** 16-byte string slots: length, then the bytes themselves, or the first four of them and an address. */
function layOutTexts({ slots: texts }: TextColumn, rows: number, heap: Uint8Array, pin: HeapPin): LaidOutColumn {
  const slots = new ArrayBuffer(rows * BYTES_PER_SLOT);
  const words = new Uint32Array(slots);
  const bytes = new Uint8Array(slots);
  const { addressLow, addressHigh } = pin;
  let validity: Uint8Array<ArrayBuffer> | undefined;
  for (let row = 0; row < rows; row++) {
    const offset = texts[2 * row]!;
    const length = texts[2 * row + 1]!;
    if (length === NULL_TEXT) {
      validity ??= new Uint8Array(maskBytes(rows)).fill(0xff);
      validity[row >> 3]! &= ~(1 << (row & 7));
      continue; // a new buffer is zero already, and so is the padding of a short text
    }
    words[4 * row] = length;
    const at = row * BYTES_PER_SLOT + 4;
    if (length <= MAX_INLINED_BYTES) {
      for (let i = 0; i < length; i++) bytes[at + i] = heap[offset + i]!;
    } else {
      bytes[at] = heap[offset]!;
      bytes[at + 1] = heap[offset + 1]!;
      bytes[at + 2] = heap[offset + 2]!;
      bytes[at + 3] = heap[offset + 3]!;
      // The address of the heap is not aligned to 2^32, so the sum may carry into the high word.
      const low = addressLow + offset;
      words[4 * row + 2] = low;
      words[4 * row + 3] = addressHigh + (low > 0xffff_ffff ? 1 : 0);
    }
  }
  return new FlatColumn(slots, BYTES_PER_SLOT, validity?.buffer);
}

/** Whole microseconds of nanoseconds: a long division in base 2^32, exact where a double is not. */
function layOutMicroseconds({ words, valid }: Int64Column, rows: number): LaidOutColumn {
  const micros = new Uint32Array(2 * rows);
  for (let i = 0; i < 2 * rows; i += 2) {
    const high = words[i + 1]!;
    const remainder = high % 1000;
    micros[i] = Math.floor((remainder * 0x1_0000_0000 + words[i]!) / 1000);
    micros[i + 1] = (high - remainder) / 1000;
  }
  return new FlatColumn(micros.buffer, 8, validityMask(valid, rows));
}

/** Lists, whose entries count from the first element of the vector that they are written to. */
class LaidOutLists implements LaidOutColumn {
  /** Index of the first element of each row, and one more: where the last row's end. */
  readonly #starts: Uint32Array;
  /** Elements of all rows side by side, two words each. */
  readonly #elements: Uint32Array<ArrayBuffer>;

  constructor({ entries, elementWords }: ListColumn, rows: number) {
    this.#starts = new Uint32Array(rows + 1);
    for (let row = 0; row < rows; row++) this.#starts[row + 1] = this.#starts[row]! + entries[2 * row + 1]!;
    this.#elements = new Uint32Array(2 * this.#starts[rows]!);
    for (let row = 0; row < rows; row++) {
      const first = 2 * entries[2 * row]!;
      const words = elementWords.subarray(first, first + 2 * entries[2 * row + 1]!);
      this.#elements.set(words, 2 * this.#starts[row]!);
    }
  }

  get byteLength(): number {
    return this.#starts.byteLength + this.#elements.byteLength;
  }

  write(vector: duckdb.Vector, firstRow: number, rows: number): void {
    const first = this.#starts[firstRow]!;
    const elements = this.#starts[firstRow + rows]! - first;
    const entries = new Uint32Array(4 * rows);
    for (let row = 0; row < rows; row++) {
      const start = this.#starts[firstRow + row]!;
      entries[4 * row] = start - first;
      entries[4 * row + 2] = this.#starts[firstRow + row + 1]! - start;
    }
    duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, rows * BYTES_PER_SLOT);
    duckdb.list_vector_reserve(vector, elements);
    duckdb.list_vector_set_size(vector, elements);
    if (elements === 0) return;
    duckdb.copy_data_to_vector(duckdb.list_vector_get_child(vector), 0, this.#elements.buffer, 8 * first, 8 * elements);
  }
}

/** A bit per row, set where the row has a value; undefined where every row has one. */
function validityMask(valid: Uint8Array | undefined, rows: number): ArrayBuffer | undefined {
  const firstNull = valid?.indexOf(0) ?? -1;
  if (valid === undefined || firstNull === -1 || firstNull >= rows) return undefined;
  const mask = new Uint8Array(maskBytes(rows));
  for (let row = 0; row < rows; row++) mask[row >> 3]! |= valid[row]! << (row & 7);
  return mask.buffer;
}

/** DuckDB keeps masks in words of 64 bits. */
function maskBytes(rows: number): number {
  return Math.ceil(rows / 64) * 8;
}
