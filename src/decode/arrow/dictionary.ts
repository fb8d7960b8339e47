// The values of one dictionary of an IPC stream. It outlives the messages that brought them, so it copies what they say.

import type { IntArray, Values } from './values.js';
import { isSet } from './values.js';

const SMALLEST_ENTRIES = 64;

export class Dictionary {
  /** How many values there are. */
  count = 0;
  /** Changes whenever values do. */
  version = 0;
  /** 1 where a value is null; undefined when none is. */
  nulls: Uint8Array | undefined;
  /** Room for `count` values or more; undefined before the first. */
  values: Values | undefined;

  /** Bytes of memory behind the values. */
  get byteLength(): number {
    return (this.nulls?.byteLength ?? 0) + (this.values === undefined ? 0 : byteLengthOf(this.values));
  }

  /** Forgets all values. */
  clear(): void {
    this.count = 0;
    this.nulls = undefined;
    this.values = undefined;
  }

  /** Adds `length` values, of the same kind as those that are there. */
  append(values: Values, length: number, validity: Uint8Array | undefined): void {
    this.version++;
    this.values = joined(this.values, this.count, values, length);
    const count = this.count + length;
    if (validity !== undefined || this.nulls !== undefined) {
      this.nulls = withRoom(this.nulls ?? new Uint8Array(count), this.count, count);
      if (validity !== undefined) {
        for (let i = 0; i < length; i++) this.nulls[this.count + i] = isSet(validity, i) ? 0 : 1;
      }
    }
    this.count = count;
  }
}

function joined(existing: Values | undefined, count: number, added: Values, length: number): Values {
  const total = count + length;
  switch (added.kind) {
    case 'int': {
      const array = withRoom((existing as typeof added | undefined)?.array ?? emptyLike(added.array), count, total);
      array.set(added.array.subarray(0, length), count);
      return { kind: 'int', array };
    }
    case 'int64': {
      const words = withRoom((existing as typeof added | undefined)?.words ?? new Int32Array(0), 2 * count, 2 * total);
      words.set(added.words.subarray(0, 2 * length), 2 * count);
      return { kind: 'int64', words };
    }
    case 'double': {
      const array = withRoom((existing as typeof added | undefined)?.array ?? new Float64Array(0), count, total);
      array.set(added.array.subarray(0, length), count);
      return { kind: 'double', array };
    }
    case 'fixed': {
      const { width } = added;
      const bytes = withRoom(
        (existing as typeof added | undefined)?.bytes ?? new Uint8Array(0),
        width * count,
        width * total,
      );
      bytes.set(added.bytes.subarray(0, width * length), width * count);
      return { kind: 'fixed', width, bytes };
    }
    case 'text':
    case 'binary': {
      const before = existing as typeof added | undefined;
      const offsets = withRoom(before?.offsets ?? new Uint32Array(1), count + 1, total + 1);
      const end = offsets[count]!;
      const start = added.offsets[0]!;
      const addedBytes = added.bytes.subarray(start, added.offsets[length]!);
      const bytes = withRoom(before?.bytes ?? new Uint8Array(0), end, end + addedBytes.length);
      bytes.set(addedBytes, end);
      for (let i = 1; i <= length; i++) offsets[count + i] = end + added.offsets[i]! - start;
      return { kind: added.kind, offsets, bytes };
    }
    case 'bool':
      throw new Error('BUG: a dictionary of booleans');
  }
}

type GrowingArray = IntArray | Float64Array;

/** The array itself when it has room for `needed` elements, else a longer one with its first `used`. */
function withRoom<A extends GrowingArray>(array: A, used: number, needed: number): A {
  if (array.length >= needed) return array;
  const grown = emptyLike(array, Math.max(needed, 2 * used, SMALLEST_ENTRIES));
  grown.set(array.subarray(0, used));
  return grown;
}

function emptyLike<A extends GrowingArray>(array: A, length = 0): A {
  return new (array.constructor as new (length: number) => A)(length);
}

function byteLengthOf(values: Values): number {
  switch (values.kind) {
    case 'int':
    case 'double':
      return values.array.byteLength;
    case 'int64':
      return values.words.byteLength;
    case 'fixed':
      return values.bytes.byteLength;
    case 'text':
    case 'binary':
      return values.offsets.byteLength + values.bytes.byteLength;
    case 'bool':
      return values.bits.byteLength;
  }
}
