// Values of a column or a dictionary, in typed arrays: checked once, so that loops over rows need not.

import type { Fail } from './fail.js';
import type { RecordBatch } from './record-batch.js';
import type { ArrowField, Storage } from './schema.js';

export type IntArray = Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;

export type Values =
  | { readonly kind: 'int'; readonly array: IntArray }
  /** Low word of each value at 2 × entry, high word at 2 × entry + 1. */
  | { readonly kind: 'int64'; readonly words: Int32Array }
  | { readonly kind: 'double'; readonly array: Float64Array }
  | { readonly kind: 'bool'; readonly bits: Uint8Array }
  | BytesValues<'text'>
  | BytesValues<'binary'>
  | { readonly kind: 'fixed'; readonly width: number; readonly bytes: Uint8Array };

/** Each value reaches from its offset to the next. */
interface BytesValues<K extends 'text' | 'binary'> {
  readonly kind: K;
  readonly offsets: Uint32Array;
  readonly bytes: Uint8Array;
}

export type ValuesOf<K extends Values['kind']> = Extract<Values, { readonly kind: K }>;

/** Reads the `length` values of a field that has no children. */
export function readValues(batch: RecordBatch, field: ArrowField, length: number, fail: Fail): Values {
  const { storage, firstBuffer } = field;
  const buffer = (index: number, bytes: number) => {
    const found = batch.buffer(firstBuffer + index);
    if (found.length < bytes) fail(`${length} values take ${bytes} bytes, and their buffer has ${found.length}`);
    return found;
  };
  switch (storage.kind) {
    case 'int':
      return { kind: 'int', array: intArray(storage, buffer(1, (length * storage.bits) / 8), length) };
    case 'int64':
      return { kind: 'int64', words: int32s(buffer(1, 8 * length), 2 * length) };
    case 'double': {
      const bytes = buffer(1, 8 * length);
      return { kind: 'double', array: new Float64Array(bytes.buffer, bytes.byteOffset, length) };
    }
    case 'bool':
      return { kind: 'bool', bits: buffer(1, Math.ceil(length / 8)) };
    case 'text':
    case 'binary': {
      const bytes = batch.buffer(firstBuffer + 2);
      return { kind: storage.kind, offsets: readOffsets(batch, firstBuffer + 1, length, bytes.length, fail), bytes };
    }
    case 'fixed':
      return { kind: 'fixed', width: storage.width, bytes: buffer(1, storage.width * length) };
    default:
      throw new Error(`BUG: a ${storage.kind} has no values of its own`);
  }
}

/** Reads where each of `length` values begins and where the last one ends: no two overlap, and none is beyond `end`. */
export function readOffsets(batch: RecordBatch, index: number, length: number, end: number, fail: Fail): Uint32Array {
  const bytes = batch.buffer(index);
  // Without values there need not be the one offset that they end at.
  if (length === 0 && bytes.length === 0) return new Uint32Array(1);
  if (bytes.length < 4 * (length + 1)) fail(`${length} values have ${bytes.length >> 2} offsets`);
  const offsets = new Uint32Array(bytes.buffer, bytes.byteOffset, length + 1);
  let last = 0;
  for (let i = 0; i <= length; i++) {
    const offset = offsets[i]!;
    if (offset < last) fail(`value ${i} begins at ${offset}, before the one that precedes it`);
    last = offset;
  }
  if (last > end) fail(`the last value ends at ${last} of ${end}`);
  return offsets;
}

/** Reads unsigned integers; those of a signed type with the same bits, so that a negative one is a large one. */
export function readKeys(batch: RecordBatch, index: number, bits: 8 | 16 | 32, length: number, fail: Fail): IntArray {
  const bytes = batch.buffer(index);
  const needed = (length * bits) / 8;
  if (bytes.length < needed)
    fail(`${length} dictionary keys take ${needed} bytes, and their buffer has ${bytes.length}`);
  return intArray({ bits, isSigned: false }, bytes, length);
}

/** A bit per value, set if the value is not null; undefined if none is null. */
export function readValidity(
  batch: RecordBatch,
  { firstNode, firstBuffer }: ArrowField,
  fail: Fail,
): { readonly length: number; readonly validity: Uint8Array | undefined } {
  const { length, nulls } = batch.node(firstNode);
  if (nulls === 0) return { length, validity: undefined };
  const validity = batch.buffer(firstBuffer);
  if (validity.length < length / 8) fail(`${length} values have ${8 * validity.length} bits that say which are null`);
  return { length, validity };
}

export function isSet(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3]! >> (index & 7)) & 1) !== 0;
}

type IntStorage = Pick<Extract<Storage, { kind: 'int' }>, 'bits' | 'isSigned'>;

function intArray({ bits, isSigned }: IntStorage, bytes: Uint8Array, length: number): IntArray {
  const { buffer, byteOffset } = bytes;
  switch (bits) {
    case 8:
      return isSigned ? new Int8Array(buffer, byteOffset, length) : new Uint8Array(buffer, byteOffset, length);
    case 16:
      return isSigned ? new Int16Array(buffer, byteOffset, length) : new Uint16Array(buffer, byteOffset, length);
    case 32:
      return isSigned ? new Int32Array(buffer, byteOffset, length) : new Uint32Array(buffer, byteOffset, length);
  }
}

function int32s(bytes: Uint8Array, length: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, length);
}
