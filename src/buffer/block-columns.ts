// Values of JavaScript → columns of a block.

import type { BlockColumn, RowValidity } from './column-block.js';

export function textColumn(values: readonly (string | null)[]): BlockColumn {
  const encoded = values.map((value) => Buffer.from(value ?? ''));
  const offsets = offsetsOf(encoded.map(({ length }) => length));
  const bytes = new Uint8Array(offsets.at(-1)!);
  encoded.forEach((text, i) => {
    bytes.set(text, offsets[i]);
  });
  return { kind: 'text', offsets, bytes, valid: validityOf(values) };
}

export function doubleColumn(values: readonly (number | null)[]): BlockColumn {
  return { kind: 'double', values: Float64Array.from(values, (value) => value ?? 0), valid: validityOf(values) };
}

/** Whole numbers, or times in the unit of their column. */
export function integerColumn(values: readonly (number | null)[]): BlockColumn {
  return {
    kind: 'bigint',
    values: BigInt64Array.from(values, (value) => BigInt(value ?? 0)),
    valid: validityOf(values),
  };
}

/** A list for each row, of elements that `child` makes a column of. */
export function listColumn<Element>(
  values: readonly (readonly Element[] | null)[],
  child: (elements: readonly Element[]) => BlockColumn,
): BlockColumn {
  const offsets = offsetsOf(values.map((value) => value?.length ?? 0));
  const elements = values.flatMap((value) => value ?? []);
  return { kind: 'list', offsets, child: child(elements), valid: validityOf(values) };
}

/** Where parts of these lengths begin when they lie side by side, and one more: where the last one ends. */
export function offsetsOf(lengths: readonly number[]): Uint32Array<ArrayBuffer> {
  const offsets = new Uint32Array(lengths.length + 1);
  lengths.forEach((length, i) => {
    offsets[i + 1] = offsets[i]! + length;
  });
  return offsets;
}

function validityOf(values: readonly unknown[]): RowValidity {
  return values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : undefined;
}
