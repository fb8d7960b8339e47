// Values of columns, one at a time.

import type { BlockColumn } from './scanner.js';

export function isNull({ valid }: BlockColumn, row: number): boolean {
  return valid !== undefined && valid[row] === 0;
}

export function textAt(column: BlockColumn, row: number): string | undefined {
  if (column.kind !== 'text') throw new Error(`BUG: a ${column.kind} column is read as text`);
  if (isNull(column, row)) return undefined;
  const start = column.offsets[row]!;
  const end = column.offsets[row + 1]!;
  return start === end ? '' : bufferOf(column.bytes).utf8Slice(start, end);
}

/** What a text takes in UTF-8. */
export function textBytesAt(column: BlockColumn, row: number): number {
  if (column.kind !== 'text') throw new Error(`BUG: a ${column.kind} column is read as text`);
  return column.offsets[row + 1]! - column.offsets[row]!;
}

export function numberAt(column: BlockColumn, row: number): number | undefined {
  if (column.kind !== 'double') throw new Error(`BUG: a ${column.kind} column is read as numbers`);
  return isNull(column, row) ? undefined : column.values[row];
}

export function bigintAt(column: BlockColumn, row: number): bigint | undefined {
  if (column.kind !== 'bigint') throw new Error(`BUG: a ${column.kind} column is read as integers`);
  return isNull(column, row) ? undefined : column.values[row];
}

type Utf8Buffer = Buffer & { utf8Slice(start: number, end: number): string };
const buffers = new WeakMap<Uint8Array, Utf8Buffer>();

function bufferOf(bytes: Uint8Array): Utf8Buffer {
  let buffer = buffers.get(bytes);
  if (buffer === undefined) {
    buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) as Utf8Buffer;
    buffers.set(bytes, buffer);
  }
  return buffer;
}
