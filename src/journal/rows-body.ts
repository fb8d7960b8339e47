// Decoded rows ↔ the body of a journal record: a fingerprint of the tables, heap length, how many counts and lengths
// follow, these, all of them u32, and then the packed buffer. What comes from a file is checked before DuckDB is given
// addresses made of it.

import { isUtf8 } from 'node:buffer';
import { FixedWidthColumn, Int64Column, ListColumn, NULL_TEXT, TextColumn } from '../buffer/column.js';
import { type PackedRows, unpackRows } from '../buffer/packed-rows.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { isContinuationByte } from '../decode/text/text-check.js';
import { type Signal, signals } from '../schema/column-declaration.js';
import { tablesBySignal } from '../schema/tables.js';
import { crc32c } from './crc32c.js';

/** Numbers before the counts and lengths. */
const FIXED_NUMBERS = 4;

/** What the columns of each signal are. Rows of other columns cannot be read as if they were these. */
const fingerprints = Object.fromEntries(
  signals.map((signal) => {
    const columns = tablesBySignal[signal].flatMap((table) =>
      table.columns.map(({ name, type, absent }) => `${table.name}.${name} ${type} ${absent}`),
    );
    return [signal, crc32c(Buffer.from(columns.join('\n')))];
  }),
) as Readonly<Record<Signal, number>>;

export function encodeRows({ signal, buffer, heapBytes, rows, lengths }: PackedRows): Uint8Array {
  const numbers = Uint32Array.from([fingerprints[signal], heapBytes, rows.length, lengths.length, ...rows, ...lengths]);
  const body = new Uint8Array(numbers.byteLength + buffer.byteLength);
  body.set(new Uint8Array(numbers.buffer));
  body.set(new Uint8Array(buffer), numbers.byteLength);
  return body;
}

/** Throws saying why a body cannot be rows of a signal. */
export function decodeRows(signal: Signal, body: Uint8Array): PackedRows {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const number = (index: number) => view.getUint32(4 * index, true);
  if (body.length < 4 * FIXED_NUMBERS) throw new RangeError(`it has ${body.length} bytes, too few for rows`);
  if (number(0) !== fingerprints[signal])
    throw new RangeError(`its ${signal} are of columns that this otelduck does not have`);
  const counts = number(2);
  const lengths = number(3);
  const bufferAt = 4 * (FIXED_NUMBERS + counts + lengths);
  if (counts !== tablesBySignal[signal].length || bufferAt > body.length) {
    throw new RangeError(`it announces ${counts} tables and ${lengths} arrays`);
  }
  const packed: PackedRows = {
    signal,
    heapBytes: number(1),
    rows: Array.from({ length: counts }, (_, i) => number(FIXED_NUMBERS + i)),
    lengths: Array.from({ length: lengths }, (_, i) => number(FIXED_NUMBERS + counts + i)),
    // A copy, because typed arrays over it must begin at multiples of eight bytes.
    buffer: new Uint8Array(body.subarray(bufferAt)).buffer,
  };
  checkRows(unpackRows(packed));
  return packed;
}

/** Proves that every place which the columns name is inside of the memory that is theirs. */
function checkRows(rows: SignalRows): void {
  const heap = rows.heap.bytes.subarray(0, rows.heap.end);
  const isWholeUtf8 = isUtf8(heap);
  for (const { table, columns, rows: count } of rows.tables) {
    for (const column of columns) {
      const refuse = (problem: string): never => {
        throw new RangeError(`its ${table.name}.${column.declaration.name} ${problem}`);
      };
      if (count === 0) continue;
      if (column instanceof TextColumn) {
        if (column.slots.length !== 2 * count) refuse('has another number of rows');
        for (let row = 0; row < count; row++) {
          const offset = column.slots[2 * row]!;
          const length = column.slots[2 * row + 1]!;
          if (length === NULL_TEXT) continue;
          if (offset + length > heap.length) refuse('has a text outside of its heap');
          if (!isText(heap, offset, length, isWholeUtf8)) refuse('has a text that is not UTF-8');
        }
      } else if (column instanceof Int64Column) {
        if (column.words.length !== 2 * count) refuse('has another number of rows');
        if (!areFlags(column.valid, count)) refuse('has wrong marks of NULL');
      } else if (column instanceof FixedWidthColumn) {
        if (column.values.length !== count) refuse('has another number of rows');
        if (!areFlags(column.valid, count)) refuse('has wrong marks of NULL');
        if (column.declaration.type === 'BOOLEAN' && !areFlags(column.values as Uint8Array, count)) {
          refuse('has values that are neither true nor false');
        }
      } else if (column instanceof ListColumn) {
        if (column.entries.length !== 2 * count) refuse('has another number of rows');
        for (let row = 0; row < count; row++) {
          if (column.entries[2 * row]! + column.entries[2 * row + 1]! > column.elementCount) {
            refuse('has a list outside of its elements');
          }
        }
      } else throw new Error(`BUG: no check for ${table.name}.${column.declaration.name}`);
    }
  }
}

function isText(heap: Uint8Array, offset: number, length: number, isWholeUtf8: boolean): boolean {
  if (length === 0) return true;
  if (!isWholeUtf8) return isUtf8(heap.subarray(offset, offset + length));
  const after = heap[offset + length];
  return !isContinuationByte(heap[offset]!) && (after === undefined || !isContinuationByte(after));
}

function areFlags(bytes: Uint8Array | undefined, count: number): boolean {
  return bytes === undefined || (bytes.length === count && bytes.every((byte) => byte <= 1));
}
