// DuckDB's vector format, described and written here alone: values side by side, 16-byte slots of texts, a bit of validity
// per row, lists as ranges of elements. Knows no bindings, so threads write it too; what reads it only copies bytes.
//
// Rows go to vectors in chunks of 2,048. A text that does not fit its slot is found in one of two ways. In `VectorRows`, each
// chunk of a column has a heap of its own, which the vector takes a copy of, so nothing need be kept for the query. In
// `PinnedRows`, slots have addresses in memory that somebody keeps until the last query has ended.

import { type ExactColumn, type TelemetryTable, tenantColumn } from '../schema/column-declaration.js';
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
import type { TenantRun } from './tenant-runs.js';

/** Rows of a DuckDB vector. */
export const VECTOR_ROWS = 2048;
/** DuckDB's slot of a string: its length, then up to 12 bytes; or four of them and an address. */
export const SLOT_BYTES = 16;
/** A string of up to this many bytes lies in its slot; a longer one is pointed to. */
export const MAX_INLINED_BYTES = 12;

const NANOSECONDS_PER_MICROSECOND = 1000;
const NO_TEXTS = new ArrayBuffer(0);
const NO_ADDRESS: HeapAddress = { addressLow: 0, addressHigh: 0 };

/** Rows of one table with some of its columns. Plain data that shares no buffer. Times are nanoseconds, as they were sent. */
export interface VectorRows {
  readonly table: string;
  readonly rows: number;
  readonly columns: ReadonlyMap<string, VectorColumn>;
  /** Values, slots and masks, each at a multiple of eight bytes. */
  readonly fixed: ArrayBuffer;
  /** Texts that do not fit a slot. Empty where slots have addresses. */
  readonly texts: ArrayBuffer;
}

/** Rows as tables have them: the vectors can take every byte as it is. Times are microseconds. */
export interface PinnedRows extends VectorRows {
  readonly columns: ReadonlyMap<string, PinnedColumn>;
}

/** Where a column lies in `fixed`, in bytes from its beginning. */
export type VectorColumn = FlatVectors | TextVectors | ListVectors | RunVectors;

/** Slots with addresses are values of 16 bytes like any others. */
export type PinnedColumn = FlatVectors | ListVectors | RunVectors;

/** An address as two words of 32 bits. */
export interface HeapAddress {
  readonly addressLow: number;
  readonly addressHigh: number;
}

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

/** A text that many rows share, side by side. It lies outside of `fixed`, and vectors get it when they are written. */
export interface RunVectors {
  readonly kind: 'runs';
  readonly runs: readonly TenantRun[];
}

/** Lays out rows of any tables, one after the other, reusing its own memory. */
export class VectorLayout {
  readonly #texts = new ByteHeap();

  /** Copies the rows of a table, whose texts are in `heap`, with the columns of these names. */
  layOut({ table, rows, columns: all }: TableRows, heap: Uint8Array, wanted: readonly string[]): VectorRows {
    const columns = all.filter(({ declaration }) => wanted.includes(declaration.name));
    const texts = this.#texts;
    texts.end = 0;
    const fixed = fixedPartsFor(columns, rows);
    const laidOut = columns.map((column): [string, VectorColumn] => {
      if (!isTextColumn(column)) return [column.declaration.name, layOutPlain(column, rows, fixed)];
      const heaps = new ChunkHeaps(texts, heap);
      const { valuesAt, validityAt } = layOutTexts(column, rows, fixed, heap, heaps);
      return [column.declaration.name, { kind: 'text', slotsAt: valuesAt, validityAt, heapsAt: heaps.end() }];
    });
    return {
      table: table.name,
      rows,
      columns: new Map(laidOut),
      fixed: fixed.buffer,
      texts: texts.bytes.buffer.slice(0, texts.end),
    };
  }
}

/** Copies the rows of a table, whose texts are in `heap`, which `pin` is the address of a copy of. */
export function layOutPinned(
  { table, rows, columns, tenants }: TableRows,
  heap: Uint8Array,
  pin: HeapAddress,
): PinnedRows {
  const fixed = fixedPartsFor(columns, rows);
  const laidOut = columns.map((column): [string, PinnedColumn] => {
    const { name, type, restOf }: ExactColumn = column.declaration;
    if (isTextColumn(column)) return [name, layOutTexts(column, rows, fixed, heap, pin)];
    if (restOf !== undefined) {
      const time = columns.find(({ declaration }) => declaration.name === restOf) as Int64Column;
      return [name, layOutNanoseconds(time, rows, fixed)];
    }
    const plain = layOutPlain(column, rows, fixed);
    if (type === 'TIMESTAMP') toMicroseconds(fixed.buffer, plain, rows);
    return [name, plain];
  });
  if (tenants.runs.length > 0) laidOut.push([tenantColumn.name, { kind: 'runs', runs: [...tenants.runs] }]);
  return { table: table.name, rows, columns: new Map(laidOut), fixed: fixed.buffer, texts: NO_TEXTS };
}

/** Turns rows of `table`, whose texts `pin` is the address of a copy of, into pinned ones, in their own memory. */
export function pinVectors(source: VectorRows, table: TelemetryTable, pin: HeapAddress): PinnedRows {
  const { rows, fixed } = source;
  const types = new Map(table.columns.map(({ name, type }) => [name, type]));
  const pinned = [...source.columns].map(([name, column]): [string, PinnedColumn] => {
    if (column.kind === 'text') return [name, pinTexts(fixed, column, rows, pin)];
    if (types.get(name) === 'TIMESTAMP') toMicroseconds(fixed, column, rows);
    return [name, column];
  });
  return { table: table.name, rows, columns: new Map(pinned), fixed, texts: NO_TEXTS };
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

function fixedPartsFor(columns: readonly Column[], rows: number): FixedParts {
  return new FixedParts(columns.reduce((bytes, column) => bytes + fixedBytesOf(column, rows), 0));
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

function isTextColumn(column: Column): column is TextColumn {
  return column.declaration.type === 'VARCHAR';
}

/** Lays out a column that has no texts. */
function layOutPlain(column: Column, rows: number, fixed: FixedParts): PinnedColumn {
  switch (column.declaration.type) {
    case 'VARCHAR':
      throw new Error(`BUG: ${column.declaration.name} has texts`);
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

/** The heaps of a column's chunks, one after the other. */
class ChunkHeaps {
  readonly #texts: ByteHeap;
  readonly #from: Uint8Array;
  readonly #starts: number[] = [];
  #start = 0;
  #lastOffset = -1;
  #lastLength = -1;
  #lastAt = 0;

  /** Copies texts of `from` to the end of `texts`. */
  constructor(texts: ByteHeap, from: Uint8Array) {
    this.#texts = texts;
    this.#from = from;
  }

  /** Begins the heap of the next chunk. */
  begin(): void {
    this.#start = this.#texts.end;
    this.#starts.push(this.#start);
    this.#lastOffset = -1;
  }

  /** Copies a text. Returns where it is in the heap of its chunk. */
  place(offset: number, length: number): number {
    // Rows of one resource or scope share a text: it is copied once.
    if (offset !== this.#lastOffset || length !== this.#lastLength) {
      this.#lastAt = this.#texts.append(this.#from, offset, length) - this.#start;
      this.#lastOffset = offset;
      this.#lastLength = length;
    }
    return this.#lastAt;
  }

  /** Where the heaps begin, and one more: where the last one ends. */
  end(): readonly number[] {
    return [...this.#starts, this.#texts.end];
  }
}

/** Slots of texts of `heap`, whose addresses count from the heap of their chunk, or from that of the pinned copy. */
function layOutTexts(
  { slots: from }: TextColumn,
  rows: number,
  fixed: FixedParts,
  heap: Uint8Array,
  place: ChunkHeaps | HeapAddress,
): FlatVectors {
  const chunks = place instanceof ChunkHeaps ? place : undefined;
  const { addressLow, addressHigh } = place instanceof ChunkHeaps ? NO_ADDRESS : place;
  const slotsAt = fixed.take(rows * SLOT_BYTES);
  const words = new Uint32Array(fixed.buffer, slotsAt, 4 * rows);
  const bytes = new Uint8Array(fixed.buffer, slotsAt, rows * SLOT_BYTES);
  let mask: Uint8Array | undefined;
  for (let row = 0; row < rows; row++) {
    if (chunks !== undefined && row % VECTOR_ROWS === 0) chunks.begin();
    const offset = from[2 * row]!;
    const length = from[2 * row + 1]!;
    if (length === NULL_TEXT) {
      mask ??= new Uint8Array(fixed.buffer, fixed.take(maskBytes(rows)), maskBytes(rows)).fill(0xff);
      mask[row >> 3]! &= ~(1 << (row & 7));
      continue; // a new buffer is zero already, and so is the padding of a short text
    }
    words[4 * row] = length;
    const at = row * SLOT_BYTES + 4;
    if (length <= MAX_INLINED_BYTES) {
      for (let i = 0; i < length; i++) bytes[at + i] = heap[offset + i]!;
      continue;
    }
    bytes[at] = heap[offset]!;
    bytes[at + 1] = heap[offset + 1]!;
    bytes[at + 2] = heap[offset + 2]!;
    bytes[at + 3] = heap[offset + 3]!;
    const low = addressLow + (chunks === undefined ? offset : chunks.place(offset, length));
    words[4 * row + 2] = low;
    words[4 * row + 3] = addressHigh + carryOf(low);
  }
  return { kind: 'flat', bytesPerRow: SLOT_BYTES, valuesAt: slotsAt, validityAt: mask?.byteOffset };
}

/** The address of a heap is not aligned to 2^32, so that a sum with its low word may carry into the high one. */
function carryOf(low: number): number {
  return low > 0xffff_ffff ? 1 : 0;
}

/** Slots of texts that lie side by side, `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`. Addresses count from the first one. */
export function layOutSlots(offsets: Uint32Array, bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const texts = offsets.length - 1;
  const words = new Uint32Array(4 * texts);
  const slots = new Uint8Array(words.buffer);
  for (let i = 0; i < texts; i++) {
    const start = offsets[i]!;
    const length = offsets[i + 1]! - start;
    words[4 * i] = length;
    const kept = length <= MAX_INLINED_BYTES ? length : 4;
    for (let at = 0; at < kept; at++) slots[i * SLOT_BYTES + 4 + at] = bytes[start + at]!;
    if (length > MAX_INLINED_BYTES) words[4 * i + 2] = start - offsets[0]!;
  }
  return words;
}

/** Makes slots, whose addresses count from the beginning of a heap, point into it where it is. */
export function moveSlots(slots: Uint32Array, { addressLow, addressHigh }: HeapAddress): void {
  for (let i = 0; i < slots.length; i += 4) {
    if (slots[i]! <= MAX_INLINED_BYTES) continue;
    const low = addressLow + slots[i + 2]!;
    slots[i + 2] = low;
    slots[i + 3] = addressHigh + carryOf(low);
  }
}

/** The address that a slot of a long text has. */
export function addressIn(slot: Uint8Array): HeapAddress {
  const view = new DataView(slot.buffer, slot.byteOffset, SLOT_BYTES);
  return { addressLow: view.getUint32(8, true), addressHigh: view.getUint32(12, true) };
}

function pinTexts(fixed: ArrayBuffer, { slotsAt, heapsAt, validityAt }: TextVectors, rows: number, pin: HeapAddress) {
  for (let firstRow = 0; firstRow < rows; firstRow += VECTOR_ROWS) {
    const slots = new Uint32Array(fixed, slotsAt + firstRow * SLOT_BYTES, 4 * Math.min(VECTOR_ROWS, rows - firstRow));
    const low = pin.addressLow + heapsAt[firstRow / VECTOR_ROWS]!;
    moveSlots(slots, { addressLow: low >>> 0, addressHigh: pin.addressHigh + carryOf(low) });
  }
  return { kind: 'flat', bytesPerRow: SLOT_BYTES, valuesAt: slotsAt, validityAt } as const;
}

/** Whole microseconds of nanoseconds, in place: a long division in base 2^32, exact where a double is not. */
function toMicroseconds(fixed: ArrayBuffer, column: PinnedColumn, rows: number): void {
  if (column.kind !== 'flat') throw new Error('BUG: times that are lists');
  const words = new Uint32Array(fixed, column.valuesAt, 2 * rows);
  for (let i = 0; i < 2 * rows; i += 2) {
    const high = words[i + 1]!;
    const remainder = high % NANOSECONDS_PER_MICROSECOND;
    words[i] = Math.floor((remainder * 0x1_0000_0000 + words[i]!) / NANOSECONDS_PER_MICROSECOND);
    words[i + 1] = (high - remainder) / NANOSECONDS_PER_MICROSECOND;
  }
}

/** What whole microseconds leave out of the nanoseconds of a column. */
function layOutNanoseconds({ words, valid }: Int64Column, rows: number, fixed: FixedParts): FlatVectors {
  const valuesAt = fixed.take(4 * rows);
  const values = new Int32Array(fixed.buffer, valuesAt, rows);
  for (let row = 0; row < rows; row++) {
    const high = words[2 * row + 1]! % NANOSECONDS_PER_MICROSECOND;
    values[row] = (high * 0x1_0000_0000 + words[2 * row]!) % NANOSECONDS_PER_MICROSECOND;
  }
  return { kind: 'flat', bytesPerRow: 4, valuesAt, validityAt: layOutMask(valid, rows, fixed) };
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
  setValid(new Uint8Array(fixed.buffer, at, maskBytes(rows)), valid, rows);
  return at;
}

/** The mask of rows, of which each has a byte: 1 for a value. */
export function layOutValidity(valid: Uint8Array): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(maskBytes(valid.length));
  setValid(mask, valid, valid.length);
  return mask;
}

function setValid(mask: Uint8Array, valid: Uint8Array, rows: number): void {
  for (let row = 0; row < rows; row++) mask[row >> 3]! |= valid[row]! << (row & 7);
}

/** Entries of rows whose elements begin at `starts`, counted from the first of them: offset and length, 64 bits each. */
export function listEntries(starts: Uint32Array): Uint32Array<ArrayBuffer> {
  const entries = new Uint32Array(4 * (starts.length - 1));
  for (let row = 0; row < starts.length - 1; row++) {
    entries[4 * row] = starts[row]! - starts[0]!;
    entries[4 * row + 2] = starts[row + 1]! - starts[row]!;
  }
  return entries;
}

/** DuckDB keeps masks in words of 64 bits. */
export function maskBytes(rows: number): number {
  return Math.ceil(rows / 64) * 8;
}
