// SignalRows ↔ one ArrayBuffer, which a thread can hand to another without a copy: heap, then the arrays of each column
// of each table that has rows, each at a multiple of eight bytes.

import type { Fidelity, Signal } from '../schema/column-declaration.js';
import { aligned } from './alignment.js';
import type { Column, ColumnArray } from './column.js';
import { SignalRows } from './signal-rows.js';

export interface PackedRows {
  readonly signal: Signal;
  readonly fidelity: Fidelity;
  /** Holds all arrays; may be longer. */
  readonly buffer: ArrayBuffer;
  readonly heapBytes: number;
  /** Rows of each table. */
  readonly rows: readonly number[];
  /** Lengths of the arrays of all tables with rows, in elements, in the order in which they lie in the buffer. */
  readonly lengths: readonly number[];
}

/** Packs rows, into `spare` if that is large enough. */
export function packRows(source: SignalRows, spare?: ArrayBuffer): PackedRows {
  const arrays = source.tables
    .filter(({ rows }) => rows > 0)
    .flatMap(({ columns, rows }) => columns.flatMap((column) => column.arrays(rows)));
  const heap = source.heap.bytes.subarray(0, source.heap.end);
  const bytes = arrays.reduce((end, array) => end + aligned(array.byteLength), aligned(heap.length));
  const buffer = spare !== undefined && spare.byteLength >= bytes ? spare : new ArrayBuffer(bytes);
  new Uint8Array(buffer).set(heap);
  let at = aligned(heap.length);
  for (const array of arrays) {
    new Uint8Array(buffer, at).set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    at += aligned(array.byteLength);
  }
  return {
    signal: source.signal,
    fidelity: source.fidelity,
    buffer,
    heapBytes: heap.length,
    rows: source.tables.map(({ rows }) => rows),
    lengths: arrays.map(({ length }) => length),
  };
}

/** Rows that live in the packed buffer. They can be read and copied from; growing them copies them out of it. */
export function unpackRows({ signal, fidelity, buffer, heapBytes, rows, lengths }: PackedRows): SignalRows {
  const unpacked = new SignalRows(signal, undefined, fidelity);
  const arrays = new PackedArrays(buffer, heapBytes, lengths);
  unpacked.heap.bytes = arrays.heap;
  unpacked.heap.end = heapBytes;
  unpacked.tables.forEach((table, i) => {
    if (rows[i] !== 0)
      table.adopt(
        rows[i]!,
        table.columns.map((column) => arrays.next(column)),
      );
  });
  return unpacked;
}

/** The arrays of a packed buffer, column by column in the order in which they lie there. They are not copied. */
export class PackedArrays {
  readonly heap: Uint8Array<ArrayBuffer>;
  readonly #buffer: ArrayBuffer;
  readonly #lengths: readonly number[];
  #at: number;
  #next = 0;

  /** Throws a RangeError where the heap lies outside of the buffer, and so does next() of an array. */
  constructor(buffer: ArrayBuffer, heapBytes: number, lengths: readonly number[]) {
    this.heap = new Uint8Array(buffer, 0, heapBytes);
    this.#buffer = buffer;
    this.#lengths = lengths;
    this.#at = aligned(heapBytes);
  }

  /** Those of the next column, which is one like this. */
  next(like: Column): readonly ColumnArray[] {
    return like.arrays(0).map((array) => {
      const TypedArray = array.constructor as new (buffer: ArrayBuffer, at: number, length: number) => ColumnArray;
      const next = new TypedArray(this.#buffer, this.#at, this.#lengths[this.#next++]!);
      this.#at += aligned(next.byteLength);
      return next;
    });
  }
}
