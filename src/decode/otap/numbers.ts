// Numbers and ids of Arrow columns → columns of a table. Each function gives rows from `firstRow` on what a column has
// in the rows of `order`; where that is nothing, or zero in a column in which zero means nothing, rows keep what they
// have when they are new.

import type { FixedWidthColumn, Int64Column, ListColumn, TextColumn } from '../../buffer/column.js';
import type { TableRows } from '../../buffer/table-rows.js';
import { type Columns, type FixedColumn, ITEM, NONE } from '../arrow/columns.js';
import { isSet } from '../arrow/values.js';
import type { JsonText } from '../text/json-text.js';

/** Adds rows to a table. Returns the first. */
export function addRows(table: TableRows, count: number): number {
  const firstRow = table.rows;
  for (let i = 0; i < count; i++) table.addRow();
  return firstRow;
}

/** Times and counts: they are unsigned, and must fit into an int64. */
export function setUnsigned(
  columns: Columns | undefined,
  name: string,
  target: Int64Column,
  firstRow: number,
  order: Uint32Array,
): void {
  const column = columns?.int64s(name);
  if (column === undefined) return;
  const { entries } = column;
  const { words } = column.values;
  for (let i = 0; i < order.length; i++) {
    const entry = entries[order[i]!]!;
    if (entry === NONE) continue;
    const low = words[2 * entry]!;
    const high = words[2 * entry + 1]!;
    if (high < 0) failUnsigned(columns!, name, low, high, order[i]!);
    if ((low | high) !== 0) target.set(firstRow + i, low, high);
  }
}

/** Refuses what no column can hold, given as the words of a 64-bit number. */
export function failUnsigned(columns: Columns, name: string, low: number, high: number, row: number): never {
  const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  return columns.fail(name, `must not be above the largest int64, got ${value} in row ${row}`);
}

export function setInts(
  columns: Columns | undefined,
  name: string,
  target: FixedWidthColumn<Int32Array>,
  firstRow: number,
  order: Uint32Array,
): void {
  const column = columns?.ints(name);
  if (column === undefined) return;
  const { entries } = column;
  const { array } = column.values;
  for (let i = 0; i < order.length; i++) {
    const entry = entries[order[i]!]!;
    // One wider than an int32 keeps its bits.
    if (entry !== NONE && array[entry] !== 0) target.set(firstRow + i, array[entry]!);
  }
}

export function setDoubles(
  columns: Columns,
  name: string,
  target: FixedWidthColumn<Float64Array>,
  firstRow: number,
  order: Uint32Array,
): void {
  const column = columns.doubles(name);
  if (column === undefined) return;
  const { entries } = column;
  const { array } = column.values;
  for (let i = 0; i < order.length; i++) {
    const entry = entries[order[i]!]!;
    if (entry !== NONE) target.set(firstRow + i, array[entry]!);
  }
}

export function setBooleans(
  columns: Columns,
  name: string,
  target: FixedWidthColumn<Uint8Array>,
  firstRow: number,
  order: Uint32Array,
): void {
  const column = columns.bools(name);
  if (column === undefined) return;
  const { entries } = column;
  const { bits } = column.values;
  for (let i = 0; i < order.length; i++) {
    const entry = entries[order[i]!]!;
    if (entry !== NONE && isSet(bits, entry)) target.set(firstRow + i, 1);
  }
}

/** Trace and span ids as hex. One of zeros is none. */
export function setIds(
  json: JsonText,
  columns: Columns,
  name: string,
  width: number,
  target: TextColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const column = columns.fixed(name, width);
  if (column === undefined) return;
  const { entries } = column;
  const { bytes } = column.values;
  // Records of one trace share its id: per entry of a dictionary, one more than where its text is.
  const written = column.scratch.zeros(column.dictionary === undefined ? 0 : column.entryCount);
  for (let i = 0; i < order.length; i++) {
    const entry = entries[order[i]!]!;
    if (entry === NONE || isZero(bytes, entry * width, width)) continue;
    let offset = written.length === 0 ? 0 : written[entry]!;
    if (offset === 0) {
      offset = json.heap.end + 1;
      json.hex(bytes, entry * width, width);
      if (written.length > 0) written[entry] = offset;
    }
    target.set(firstRow + i, offset - 1, 2 * width);
  }
}

/** Writes an id as a JSON string, which is empty when there is none. */
export function writeJsonId(json: JsonText, column: FixedColumn | undefined, row: number): void {
  const entry = column === undefined ? NONE : column.entries[row]!;
  json.byte(QUOTE);
  if (entry !== NONE) {
    const { width, bytes } = column!.values;
    if (!isZero(bytes, entry * width, width)) json.hex(bytes, entry * width, width);
  }
  json.byte(QUOTE);
}

/** Whether two rows have the same id; null is like nothing but null. */
export function areEqualIds({ entries, values: { width, bytes } }: FixedColumn, a: number, b: number): boolean {
  const entryA = entries[a]!;
  const entryB = entries[b]!;
  if (entryA === entryB) return true;
  if (entryA === NONE || entryB === NONE) return false;
  for (let i = 0; i < width; i++) if (bytes[entryA * width + i] !== bytes[entryB * width + i]) return false;
  return true;
}

/** Lists of counts, each of which must fit into an int64. */
export function setCountLists(
  columns: Columns | undefined,
  name: string,
  target: ListColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const lists = columns?.lists(name);
  if (lists === undefined) return;
  const items = lists.items.int64s(ITEM)!;
  for (let i = 0; i < order.length; i++) {
    const entry = lists.entries[order[i]!]!;
    if (entry === NONE) continue;
    const first = target.elementCount;
    for (let item = lists.offsets[entry]!; item < lists.offsets[entry + 1]!; item++) {
      const at = items.entries[item]!;
      const low = at === NONE ? 0 : items.values.words[2 * at]!;
      const high = at === NONE ? 0 : items.values.words[2 * at + 1]!;
      if (high < 0) failUnsigned(columns!, name, low, high, order[i]!);
      target.push(low, high);
    }
    target.setFrom(firstRow + i, first);
  }
}

export function setDoubleLists(
  columns: Columns,
  name: string,
  target: ListColumn,
  firstRow: number,
  order: Uint32Array,
): void {
  const lists = columns.lists(name);
  if (lists === undefined) return;
  const words = doubleWords(lists.items, ITEM);
  for (let i = 0; i < order.length; i++) {
    const entry = lists.entries[order[i]!]!;
    if (entry === NONE) continue;
    const first = target.elementCount;
    for (let item = lists.offsets[entry]!; item < lists.offsets[entry + 1]!; item++) words.push(target, item);
    target.setFrom(firstRow + i, first);
  }
}

/** Doubles as the words that a list column takes; null and absent ones are 0. */
export function doubleWords(columns: Columns | undefined, name: string) {
  const column = columns?.doubles(name);
  const array = column?.values.array;
  const words =
    array === undefined ? new Int32Array(0) : new Int32Array(array.buffer, array.byteOffset, 2 * array.length);
  return {
    push(target: ListColumn, row: number): void {
      const entry = column === undefined ? NONE : column.entries[row]!;
      if (entry === NONE) target.push(0, 0);
      else target.push(words[2 * entry]!, words[2 * entry + 1]!);
    },
  };
}

const QUOTE = 0x22;

function isZero(bytes: Uint8Array, start: number, width: number): boolean {
  for (let i = start; i < start + width; i++) if (bytes[i] !== 0) return false;
  return true;
}
