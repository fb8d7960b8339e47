// Columns of a table → the same values as DuckDB's vectors have them, in memory that a thread can hand over, so that the
// thread on which DuckDB calls back only copies bytes. Rows go to vectors in chunks of 2,048. Each chunk of a text column
// has a heap of its own, which the vector takes a copy of: unlike a seal's rows, these need not be kept for the query.

import { aligned } from './alignment.js';
import { ByteHeap } from './byte-heap.js';
import {
  type Column,
  type FixedWidthColumn,
  type Int64Column,
  type ListColumn,
  NULL_TEXT,
  type TextColumn,
} from './column.js';
import type { TableRows } from './table-rows.js';

/** Rows of a DuckDB vector. */
export const VECTOR_ROWS = 2048;
/** DuckDB's slot of a string: its length, then up to 12 bytes; or four of them and an address. */
export const SLOT_BYTES = 16;
/** A string of up to this many bytes lies in its slot; a longer one is pointed to. */
export const MAX_INLINED_BYTES = 12;

/** Rows of one table with some of its columns. Plain data that shares no buffer. */
export interface VectorRows {
  readonly table: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, VectorColumn>;
  /** Values, slots and masks, each at a multiple of eight bytes. */
  readonly fixed: ArrayBuffer;
  /** Texts that do not fit a slot. */
  readonly texts: ArrayBuffer;
}

/** Where a column lies in `fixed`, in bytes from its beginning. */
export type VectorColumn = FlatVectors | TextVectors | ListVectors;

interface Nullable {
  /** A bit per row, set where it has a value, in words of 64 bits; undefined where every row has one. */
  readonly validityAt: number | undefined;
}

export interface FlatVectors extends Nullable {
  readonly kind: 'flat';
  readonly bytesPerRow: number;
  readonly valuesAt: number;
}

export interface TextVectors extends Nullable {
  readonly kind: 'text';
  /** Slots, whose addresses count from the beginning of their chunk's heap. */
  readonly slotsAt: number;
  /** Where in `texts` the heap of each chunk begins, and one more: where the last one ends. */
  readonly heapsAt: readonly number[];
}

export interface ListVectors {
  readonly kind: 'list';
  /** Index of the first element of each row, and one more: where the last row's end. Words of 32 bits. */
  readonly startsAt: number;
  /** Elements of all rows side by side, eight bytes each. */
  readonly elementsAt: number;
}

/** Lays out rows of any tables, one after the other, reusing its own memory. */
export class VectorLayout {
  readonly #texts = new ByteHeap();

  /** Copies the rows of a table, whose texts are in `heap`, with the columns of these names. */
  layOut(source: TableRows, heap: Uint8Array, wanted: readonly string[]): VectorRows {
    const { table, rows } = source;
    const columns = source.columns.filter(({ declaration }) => wanted.includes(declaration.name));
    const texts = this.#texts;
    texts.end = 0;
    const fixed = new FixedParts(columns.reduce((bytes, column) => bytes + fixedBytesOf(column, rows), 0));
    const laidOut = columns.map((column): [string, VectorColumn] => [
      column.declaration.name,
      layOutColumn(column, rows, { fixed, heap, texts }),
    ]);
    return {
      table: table.name,
      rows,
      columns: new Map(laidOut),
      fixed: fixed.buffer,
      texts: texts.bytes.buffer.slice(0, texts.end),
    };
  }
}

interface Parts {
  readonly fixed: FixedParts;
  readonly heap: Uint8Array;
  readonly texts: ByteHeap;
}

/** A buffer that is given away part by part. */
class FixedParts {
  readonly buffer: ArrayBuffer;
  #end = 0;

  constructor(bytes: number) {
    this.buffer = new ArrayBuffer(bytes);
  }

  /** Where the next so many bytes are, all of them 0. */
  take(bytes: number): number {
    const at = this.#end;
    this.#end += aligned(bytes);
    return at;
  }

  /** Copies an array. Returns where it is. */
  copy(values: Uint8Array | Int32Array | Uint32Array | Float64Array): number {
    const at = this.take(values.byteLength);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    new Uint8Array(this.buffer, at, values.byteLength).set(bytes);
    return at;
  }
}

/** What a column of so many rows takes at most. */
function fixedBytesOf(column: Column, rows: number): number {
  switch (column.declaration.type) {
    case 'VARCHAR':
      return rows * SLOT_BYTES + maskBytes(rows);
    case 'TIMESTAMP':
    case 'BIGINT':
    case 'DOUBLE':
      return rows * 8 + maskBytes(rows);
    case 'INTEGER':
      return aligned(rows * 4) + maskBytes(rows);
    case 'BOOLEAN':
      return aligned(rows) + maskBytes(rows);
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return aligned((rows + 1) * 4) + 8 * elementsOf(column as ListColumn, rows);
  }
}

function layOutColumn(column: Column, rows: number, parts: Parts): VectorColumn {
  const { fixed } = parts;
  switch (column.declaration.type) {
    case 'VARCHAR':
      return layOutTexts(column as TextColumn, rows, parts);
    case 'TIMESTAMP':
    case 'BIGINT': {
      const { words, valid } = column as Int64Column;
      const valuesAt = fixed.copy(words.subarray(0, 2 * rows));
      return { kind: 'flat', bytesPerRow: 8, valuesAt, validityAt: layOutMask(valid, rows, fixed) };
    }
    case 'INTEGER':
    case 'DOUBLE':
    case 'BOOLEAN': {
      const { values, valid } = column as FixedWidthColumn<Int32Array | Float64Array | Uint8Array>;
      const bytesPerRow = values.BYTES_PER_ELEMENT;
      const valuesAt = fixed.copy(values.subarray(0, rows));
      return { kind: 'flat', bytesPerRow, valuesAt, validityAt: layOutMask(valid, rows, fixed) };
    }
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return layOutLists(column as ListColumn, rows, fixed);
  }
}

function layOutTexts({ slots: from }: TextColumn, rows: number, { fixed, heap, texts }: Parts): TextVectors {
  const slotsAt = fixed.take(rows * SLOT_BYTES);
  const words = new Uint32Array(fixed.buffer, slotsAt, 4 * rows);
  const bytes = new Uint8Array(fixed.buffer, slotsAt, rows * SLOT_BYTES);
  const heapsAt: number[] = [];
  let mask: Uint8Array | undefined;
  let heapAt = 0;
  let lastOffset = -1;
  let lastLength = -1;
  let lastAt = 0;
  for (let row = 0; row < rows; row++) {
    if (row % VECTOR_ROWS === 0) {
      heapAt = texts.end;
      heapsAt.push(heapAt);
      lastOffset = -1;
    }
    const offset = from[2 * row]!;
    const length = from[2 * row + 1]!;
    if (length === NULL_TEXT) {
      mask ??= new Uint8Array(fixed.buffer, fixed.take(maskBytes(rows)), maskBytes(rows)).fill(0xff);
      mask[row >> 3]! &= ~(1 << (row & 7));
      continue;
    }
    words[4 * row] = length;
    const at = row * SLOT_BYTES + 4;
    if (length <= MAX_INLINED_BYTES) {
      for (let i = 0; i < length; i++) bytes[at + i] = heap[offset + i]!;
      continue;
    }
    // Rows of one resource or scope share a text: it is copied once.
    if (offset !== lastOffset || length !== lastLength) {
      lastAt = texts.append(heap, offset, length) - heapAt;
      lastOffset = offset;
      lastLength = length;
    }
    bytes[at] = heap[offset]!;
    bytes[at + 1] = heap[offset + 1]!;
    bytes[at + 2] = heap[offset + 2]!;
    bytes[at + 3] = heap[offset + 3]!;
    words[4 * row + 2] = lastAt;
  }
  heapsAt.push(texts.end);
  return { kind: 'text', slotsAt, heapsAt, validityAt: mask?.byteOffset };
}

function layOutLists({ entries, elementWords }: ListColumn, rows: number, fixed: FixedParts): ListVectors {
  const startsAt = fixed.take(4 * (rows + 1));
  const starts = new Uint32Array(fixed.buffer, startsAt, rows + 1);
  for (let row = 0; row < rows; row++) starts[row + 1] = starts[row]! + entries[2 * row + 1]!;
  const elementsAt = fixed.take(8 * starts[rows]!);
  const elements = new Uint32Array(fixed.buffer, elementsAt, 2 * starts[rows]!);
  for (let row = 0; row < rows; row++) {
    const first = 2 * entries[2 * row]!;
    elements.set(elementWords.subarray(first, first + 2 * entries[2 * row + 1]!), 2 * starts[row]!);
  }
  return { kind: 'list', startsAt, elementsAt };
}

function elementsOf({ entries }: ListColumn, rows: number): number {
  let elements = 0;
  for (let row = 0; row < rows; row++) elements += entries[2 * row + 1]!;
  return elements;
}

/** Where the mask of a column is; undefined where every row has a value. */
function layOutMask(valid: Uint8Array | undefined, rows: number, fixed: FixedParts): number | undefined {
  const firstNull = valid?.indexOf(0) ?? -1;
  if (valid === undefined || firstNull === -1 || firstNull >= rows) return undefined;
  const at = fixed.take(maskBytes(rows));
  const mask = new Uint8Array(fixed.buffer, at, maskBytes(rows));
  for (let row = 0; row < rows; row++) mask[row >> 3]! |= valid[row]! << (row & 7);
  return at;
}

/** DuckDB keeps masks in words of 64 bits. */
function maskBytes(rows: number): number {
  return Math.ceil(rows / 64) * 8;
}
