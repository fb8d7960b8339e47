// Fields that messages of several signals have, as columns and inside JSON. A field that comes again, or a null,
// replaces what came before.

import type { FixedWidthColumn, Int64Column, TextColumn } from '../../buffer/column.js';
import type { SharedTexts } from '../rows/origin.js';
import type { JsonText } from '../text/json-text.js';
import { Char } from './char.js';
import type { Numbers } from './numbers.js';
import type { JsonReader } from './reader.js';
import type { Values } from './values.js';

export const TRACE_ID_DIGITS = 32;
export const SPAN_ID_DIGITS = 16;

/** In place of where a field was read: nowhere. */
export const NOWHERE = -1;

/** What the decoders of all messages share: where they read, where they write, and the values on their way. */
export interface Wiring {
  readonly reader: JsonReader;
  readonly numbers: Numbers;
  readonly json: JsonText;
  readonly values: Values;
}

/** Reads a string and makes it the row's text. An empty one is none. */
export function readText({ reader, json }: Wiring, column: TextColumn, row: number): void {
  if (!column.isKept) {
    reader.passValue();
    return;
  }
  reader.string();
  const { textLength } = reader;
  column.setUnlessEmpty(row, json.heap.append(reader.text, reader.textStart, textLength), textLength);
}

/** Reads a string and makes it the text that all rows of a resource, scope or metric share. */
export function readSharedText<Name extends string>(
  { reader, json }: Wiring,
  texts: SharedTexts<Name>,
  name: Name,
): void {
  if (!texts.keeps(name)) {
    reader.passValue();
    return;
  }
  reader.string();
  const { textLength } = reader;
  texts.set(name, json.heap.append(reader.text, reader.textStart, textLength), textLength);
}

/** Reads an id and makes it the row's text. An empty one and one of zeros is none. */
export function readId({ reader, json }: Wiring, column: TextColumn, row: number, digits: number): void {
  if (!column.isKept) {
    reader.passValue();
    return;
  }
  const offset = json.heap.end;
  column.setUnlessEmpty(row, offset, reader.id(digits, json.heap));
}

/** Reads a time, where 0 means that it is absent. */
export function readTime({ numbers }: Wiring, column: Int64Column, row: number): void {
  numbers.uint63();
  const { low, high } = numbers;
  column.set(row, low, high);
  if ((low | high) === 0 && column.valid !== undefined) column.valid[row] = 0;
}

/** Reads an unsigned 64-bit integer. Columns hold 63 bits of it. */
export function readCount({ numbers }: Wiring, column: Int64Column, row: number): void {
  numbers.uint63();
  column.set(row, numbers.low, numbers.high);
}

/** Reads a double that may be absent. */
export function readDouble({ reader, numbers }: Wiring, column: FixedWidthColumn<Float64Array>, row: number): void {
  if (reader.takeNull()) column.clear(row, row + 1);
  else column.set(row, numbers.double());
}

/** Sets an enum's number, where 0 means that it is absent. */
export function setEnum(column: FixedWidthColumn<Int32Array>, row: number, number: number): void {
  if (number === 0) column.clear(row, row + 1);
  else column.set(row, number);
}

/** Reads an array of messages and makes a JSON array of them the row's text. Without any there is none. */
export function readJsonList({ reader, json }: Wiring, column: TextColumn, row: number, readItem: () => void): void {
  if (!column.isKept) {
    reader.passValue();
    return;
  }
  const offset = json.heap.end;
  for (let more = reader.firstElement(); more; more = reader.nextElement()) {
    json.byte(json.heap.end === offset ? Char.OpenBracket : Char.Comma);
    readItem();
  }
  if (json.heap.end > offset) json.byte(Char.CloseBracket);
  column.setUnlessEmpty(row, offset, json.heap.end - offset);
}

/** Writes the string at `at` as a JSON string, which is empty for NOWHERE. */
export function writeJsonText({ reader, json }: Wiring, at: number): void {
  const resumeAt = reader.at;
  reader.textLength = 0;
  if (at !== NOWHERE) {
    reader.at = at;
    reader.string();
  }
  json.string(reader.text, reader.textStart, reader.textLength);
  reader.at = resumeAt;
}

/** Writes the id at `at` as a JSON string, which is empty for NOWHERE and for an id of zeros. */
export function writeJsonId({ reader, json }: Wiring, at: number, digits: number): void {
  const resumeAt = reader.at;
  json.byte(Char.Quote);
  if (at !== NOWHERE) {
    reader.at = at;
    reader.id(digits, json.heap);
  }
  json.byte(Char.Quote);
  reader.at = resumeAt;
}
