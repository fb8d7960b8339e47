// Values of one column, in typed arrays that DuckDB's vectors can be filled from. A column starts out holding its
// absent value in every row of its capacity, so that a decoder writes only what the sender said.

import type { TelemetryColumn } from '../schema/column-declaration.js';
import type { CheckGrowth } from './check-growth.js';

/** Length that marks a text as NULL. */
export const NULL_TEXT = 0xffff_ffff;

/** What clear() keeps of a list's elements: those of some hundred histograms. A hostile request may have brought millions. */
const KEPT_ELEMENT_WORDS = 1 << 16;

export type ColumnArray = Uint32Array | Int32Array | Float64Array | Uint8Array;

export interface Column {
  readonly declaration: TelemetryColumn;
  /** Whether what is written is wanted. If not the column never grows, and what is written beyond its arrays is dropped. */
  readonly isKept: boolean;
  /** The arrays behind the first `rows` rows, in an order that setArrays() takes them back in. */
  arrays(rows: number): readonly ColumnArray[];
  /** Takes arrays over, without copying them, as the values of as many rows as they hold. */
  setArrays(arrays: readonly ColumnArray[]): void;
  /** Bytes of the arrays that back the column. */
  readonly byteLength: number;
  /** Those of them that `rows` rows take. */
  bytesOf(rows: number): number;
  /** Size of `rows` rows as a table stores them: a text that rows share counts in each row. */
  storedBytesOf(rows: number): number;
  /** Makes room for `capacity` rows, keeping the first `rows`. */
  resize(capacity: number, rows: number): void;
  /** Gives the rows from `first` to before `end`, the last that there are, their absent value again. */
  clear(first: number, end: number): void;
  /** Copies `count` rows of a column of the same declaration to row `row`, their texts having moved by `heapShift`. */
  copyFrom(source: Column, count: number, row: number, heapShift: number): void;
}

/** VARCHAR: offset and length of each text in the heap. */
export class TextColumn implements Column {
  readonly declaration: TelemetryColumn;
  readonly isKept: boolean;
  /** Offset at 2 × row, length at 2 × row + 1. */
  slots = new Uint32Array(0);
  readonly #absentLength: number;

  constructor(declaration: TelemetryColumn, isKept: boolean) {
    this.declaration = declaration;
    this.isKept = isKept;
    this.#absentLength = declaration.absent === 'NULL' ? NULL_TEXT : 0;
  }

  arrays(rows: number): readonly ColumnArray[] {
    return [this.slots.subarray(0, 2 * rows)];
  }

  setArrays([slots]: readonly ColumnArray[]): void {
    this.slots = slots as Uint32Array<ArrayBuffer>;
  }

  get byteLength(): number {
    return this.slots.byteLength;
  }

  bytesOf(rows: number): number {
    return 2 * rows * this.slots.BYTES_PER_ELEMENT;
  }

  storedBytesOf(rows: number): number {
    const { slots } = this;
    let bytes = this.bytesOf(rows);
    for (let i = 1; i < 2 * rows; i += 2) {
      const length = slots[i]!;
      if (length !== NULL_TEXT) bytes += length;
    }
    return bytes;
  }

  set(row: number, offset: number, length: number): void {
    this.slots[2 * row] = offset;
    this.slots[2 * row + 1] = length;
  }

  /** Sets a text, where an empty one means NULL. */
  setUnlessEmpty(row: number, offset: number, length: number): void {
    this.slots[2 * row] = offset;
    this.slots[2 * row + 1] = length === 0 ? this.#absentLength : length;
  }

  resize(capacity: number, rows: number): void {
    const slots = new Uint32Array(2 * capacity);
    slots.set(this.slots.subarray(0, 2 * rows));
    slots.fill(this.#absentLength, 2 * rows);
    this.slots = slots;
  }

  clear(first: number, end: number): void {
    this.slots.fill(this.#absentLength, 2 * first, 2 * end);
  }

  copyFrom(source: Column, count: number, row: number, heapShift: number): void {
    const from = (source as TextColumn).slots;
    const to = this.slots;
    const first = 2 * row;
    // The offset of a NULL moves too; nobody reads it.
    for (let i = 0; i < 2 * count; i += 2) {
      to[first + i] = from[i]! + heapShift;
      to[first + i + 1] = from[i + 1]!;
    }
  }
}

/** BIGINT and TIMESTAMP (nanoseconds): two's complement, low word at 2 × row, high word at 2 × row + 1. */
export class Int64Column implements Column {
  readonly declaration: TelemetryColumn;
  readonly isKept: boolean;
  words = new Uint32Array(0);
  /** 1 where the row has a value; undefined where every row has one. */
  valid: Uint8Array | undefined;

  constructor(declaration: TelemetryColumn, isKept: boolean) {
    this.declaration = declaration;
    this.isKept = isKept;
    this.valid = declaration.absent === 'NULL' ? new Uint8Array(0) : undefined;
  }

  arrays(rows: number): readonly ColumnArray[] {
    const words = this.words.subarray(0, 2 * rows);
    return this.valid === undefined ? [words] : [words, this.valid.subarray(0, rows)];
  }

  setArrays([words, valid]: readonly ColumnArray[]): void {
    this.words = words as Uint32Array<ArrayBuffer>;
    this.valid = valid as Uint8Array<ArrayBuffer> | undefined;
  }

  get byteLength(): number {
    return this.words.byteLength + (this.valid?.byteLength ?? 0);
  }

  bytesOf(rows: number): number {
    return rows * (2 * this.words.BYTES_PER_ELEMENT + (this.valid?.BYTES_PER_ELEMENT ?? 0));
  }

  storedBytesOf(rows: number): number {
    return this.bytesOf(rows);
  }

  set(row: number, low: number, high: number): void {
    this.words[2 * row] = low;
    this.words[2 * row + 1] = high;
    if (this.valid !== undefined) this.valid[row] = 1;
  }

  resize(capacity: number, rows: number): void {
    const words = new Uint32Array(2 * capacity);
    words.set(this.words.subarray(0, 2 * rows));
    this.words = words;
    this.valid = resizedBytes(this.valid, capacity, rows);
  }

  clear(first: number, end: number): void {
    this.words.fill(0, 2 * first, 2 * end);
    this.valid?.fill(0, first, end);
  }

  copyFrom(source: Column, count: number, row: number): void {
    const { words, valid } = source as Int64Column;
    this.words.set(words.subarray(0, 2 * count), 2 * row);
    if (valid !== undefined) this.valid?.set(valid.subarray(0, count), row);
  }
}

type FixedWidthArray = Int32Array | Float64Array | Uint8Array;

/** INTEGER, DOUBLE and BOOLEAN: one array element per row. */
export class FixedWidthColumn<A extends FixedWidthArray> implements Column {
  readonly declaration: TelemetryColumn;
  readonly isKept: boolean;
  values: A;
  /** 1 where the row has a value; undefined where every row has one. */
  valid: Uint8Array | undefined;
  readonly #newArray: (length: number) => A;

  constructor(declaration: TelemetryColumn, newArray: (length: number) => A, isKept: boolean) {
    this.declaration = declaration;
    this.isKept = isKept;
    this.#newArray = newArray;
    this.values = newArray(0);
    this.valid = declaration.absent === 'NULL' ? new Uint8Array(0) : undefined;
  }

  arrays(rows: number): readonly ColumnArray[] {
    const values = this.values.subarray(0, rows);
    return this.valid === undefined ? [values] : [values, this.valid.subarray(0, rows)];
  }

  setArrays([values, valid]: readonly ColumnArray[]): void {
    this.values = values as A;
    this.valid = valid as Uint8Array<ArrayBuffer> | undefined;
  }

  get byteLength(): number {
    return this.values.byteLength + (this.valid?.byteLength ?? 0);
  }

  bytesOf(rows: number): number {
    return rows * (this.values.BYTES_PER_ELEMENT + (this.valid?.BYTES_PER_ELEMENT ?? 0));
  }

  storedBytesOf(rows: number): number {
    return this.bytesOf(rows);
  }

  set(row: number, value: number): void {
    this.values[row] = value;
    if (this.valid !== undefined) this.valid[row] = 1;
  }

  resize(capacity: number, rows: number): void {
    const values = this.#newArray(capacity);
    values.set(this.values.subarray(0, rows));
    this.values = values;
    this.valid = resizedBytes(this.valid, capacity, rows);
  }

  clear(first: number, end: number): void {
    this.values.fill(0, first, end);
    this.valid?.fill(0, first, end);
  }

  copyFrom(source: Column, count: number, row: number): void {
    const { values, valid } = source as FixedWidthColumn<A>;
    this.values.set(values.subarray(0, count), row);
    if (valid !== undefined) this.valid?.set(valid.subarray(0, count), row);
  }
}

/** BIGINT[] and DOUBLE[]: where each row's elements lie among the elements of all rows. */
export class ListColumn implements Column {
  readonly declaration: TelemetryColumn;
  readonly isKept: boolean;
  /** Index of the first element at 2 × row, number of elements at 2 × row + 1. */
  entries = new Uint32Array(0);
  /** Low and high word of each element; of a DOUBLE, the two words of its IEEE 754 form. */
  elementWords = new Uint32Array(0);
  elementCount = 0;
  readonly #checkGrowth: CheckGrowth;

  constructor(declaration: TelemetryColumn, checkGrowth: CheckGrowth, isKept: boolean) {
    this.declaration = declaration;
    this.isKept = isKept;
    this.#checkGrowth = checkGrowth;
  }

  arrays(rows: number): readonly ColumnArray[] {
    return [this.entries.subarray(0, 2 * rows), this.elementWords.subarray(0, 2 * this.elementCount)];
  }

  setArrays([entries, elementWords]: readonly ColumnArray[]): void {
    this.entries = entries as Uint32Array<ArrayBuffer>;
    this.elementWords = elementWords as Uint32Array<ArrayBuffer>;
    this.elementCount = this.elementWords.length / 2;
  }

  get byteLength(): number {
    return this.entries.byteLength + this.elementWords.byteLength;
  }

  bytesOf(rows: number): number {
    return 2 * (rows + this.elementCount) * this.entries.BYTES_PER_ELEMENT;
  }

  storedBytesOf(rows: number): number {
    const { entries } = this;
    let elements = 0;
    for (let i = 1; i < 2 * rows; i += 2) elements += entries[i]!;
    return 2 * (rows + elements) * entries.BYTES_PER_ELEMENT;
  }

  /** Adds an element. Those added since the last setFrom() belong together. */
  push(low: number, high: number): void {
    if (!this.isKept) return;
    const at = 2 * this.elementCount;
    if (at === this.elementWords.length) this.#reserveElements(1);
    this.elementWords[at] = low;
    this.elementWords[at + 1] = high;
    this.elementCount++;
  }

  /** Makes the elements from index `first` on the list of this row. */
  setFrom(row: number, first: number): void {
    this.entries[2 * row] = first;
    this.entries[2 * row + 1] = this.elementCount - first;
  }

  resize(capacity: number, rows: number): void {
    const entries = new Uint32Array(2 * capacity);
    entries.set(this.entries.subarray(0, 2 * rows));
    this.entries = entries;
  }

  clear(first: number, end: number): void {
    this.entries.fill(0, 2 * first, 2 * end);
    // Elements of rows that go while others stay are kept, unused: they are few, because such rows are rare.
    if (first > 0) return;
    this.elementCount = 0;
    if (this.elementWords.length > KEPT_ELEMENT_WORDS) this.elementWords = new Uint32Array(0);
  }

  copyFrom(source: Column, count: number, row: number): void {
    const { entries, elementWords, elementCount } = source as ListColumn;
    this.#reserveElements(elementCount);
    this.elementWords.set(elementWords.subarray(0, 2 * elementCount), 2 * this.elementCount);
    for (let i = 0; i < 2 * count; i += 2) {
      this.entries[2 * row + i] = entries[i]! + this.elementCount;
      this.entries[2 * row + i + 1] = entries[i + 1]!;
    }
    this.elementCount += elementCount;
  }

  #reserveElements(more: number): void {
    const neededWords = 2 * (this.elementCount + more);
    if (neededWords <= this.elementWords.length) return;
    const words = Math.max(neededWords, 2 * this.elementWords.length, 64);
    this.#checkGrowth((words - this.elementWords.length) * this.elementWords.BYTES_PER_ELEMENT);
    const grown = new Uint32Array(words);
    grown.set(this.elementWords.subarray(0, 2 * this.elementCount));
    this.elementWords = grown;
  }
}

export function columnFor(declaration: TelemetryColumn, checkGrowth: CheckGrowth, isKept = true): Column {
  switch (declaration.type) {
    case 'VARCHAR':
      return new TextColumn(declaration, isKept);
    case 'TIMESTAMP':
    case 'BIGINT':
      return new Int64Column(declaration, isKept);
    case 'INTEGER':
      return new FixedWidthColumn(declaration, (length) => new Int32Array(length), isKept);
    case 'DOUBLE':
      return new FixedWidthColumn(declaration, (length) => new Float64Array(length), isKept);
    case 'BOOLEAN':
      return new FixedWidthColumn(declaration, (length) => new Uint8Array(length), isKept);
    case 'BIGINT[]':
    case 'DOUBLE[]':
      return new ListColumn(declaration, checkGrowth, isKept);
  }
}

function resizedBytes(bytes: Uint8Array | undefined, capacity: number, rows: number): Uint8Array | undefined {
  if (bytes === undefined) return undefined;
  const resized = new Uint8Array(capacity);
  resized.set(bytes.subarray(0, rows));
  return resized;
}
