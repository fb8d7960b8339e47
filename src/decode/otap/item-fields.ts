// Fields of events, links and exemplars, written into JSON row by row.

import { type Columns, NONE } from '../arrow/columns.js';
import type { JsonText } from '../text/json-text.js';
import { failUnsigned } from './numbers.js';

type WriteField = (row: number) => void;

/** Writes a time; one that is absent is 0. */
export function jsonTimes(json: JsonText, columns: Columns, name: string): WriteField {
  const column = columns.int64s(name);
  return (row) => {
    const entry = column === undefined ? NONE : column.entries[row]!;
    if (entry === NONE) return json.byte(0x30);
    const low = column!.values.words[2 * entry]!;
    const high = column!.values.words[2 * entry + 1]!;
    if (high < 0) failUnsigned(columns, name, low, high, row);
    json.uint64(low, high);
  };
}

/** Writes a 32-bit count or flags. */
export function jsonCounts(json: JsonText, columns: Columns, name: string): WriteField {
  const column = columns.ints(name);
  return (row) => {
    const entry = column === undefined ? NONE : column.entries[row]!;
    json.safeInteger(entry === NONE ? 0 : column!.values.array[entry]! >>> 0);
  };
}

export function jsonTexts(json: JsonText, columns: Columns, name: string): WriteField {
  const column = columns.texts(name);
  return (row) => {
    const entry = column === undefined ? NONE : column.entries[row]!;
    if (entry === NONE) return json.ascii('""');
    const { offsets, bytes } = column!.values;
    json.string(bytes, offsets[entry]!, offsets[entry + 1]! - offsets[entry]!);
  };
}
