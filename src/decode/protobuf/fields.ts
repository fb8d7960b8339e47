// Fields that messages of several signals have: texts, ids and lists of messages, as columns and inside JSON.

import type { TextColumn } from '../../buffer/column.js';
import type { SharedTexts } from '../rows/origin.js';
import type { JsonText } from '../text/json-text.js';
import type { Attributes } from './attributes.js';
import type { Places } from './places.js';
import type { WireReader } from './reader.js';

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** What the decoders of all messages share: where they read, where they write, and the attributes on their way. */
export interface Wiring {
  readonly reader: WireReader;
  readonly json: JsonText;
  readonly attributes: Attributes;
}

/** Makes a string field the row's text. An empty one is none. */
export function writeText({ reader, json }: Wiring, column: TextColumn, row: number, place: number): void {
  if (place === 0 || !column.isKept) return;
  const end = reader.enter(place);
  const start = reader.pos;
  if (start === end) return;
  reader.checkTextStart(start);
  column.set(row, json.heap.append(reader.bytes, start, end - start), end - start);
}

/** Makes a string field the text that all rows of a resource, scope or metric share. */
export function setSharedText<Name extends string>(
  { reader, json }: Wiring,
  texts: SharedTexts<Name>,
  name: Name,
  place: number,
): void {
  if (place === 0 || !texts.keeps(name)) return;
  const end = reader.enter(place);
  const start = reader.pos;
  if (start < end) reader.checkTextStart(start);
  texts.set(name, json.heap.append(reader.bytes, start, end - start), end - start);
}

/** Writes a string field as a JSON string. */
export function writeJsonText({ reader, json }: Wiring, place: number): void {
  const end = place === 0 ? reader.pos : reader.enter(place);
  json.string(reader.bytes, reader.pos, end - reader.pos);
}

/** Makes an id the row's text, in hex. An empty one and one of zeros is none; any width but `width` is refused. */
export function writeId(wiring: Wiring, column: TextColumn, row: number, place: number, width: number): void {
  const { reader, json } = wiring;
  if (!column.isKept || !enterId(reader, place, width)) return;
  const offset = json.heap.end;
  json.hex(reader.bytes, reader.pos, width);
  column.set(row, offset, 2 * width);
}

/** Writes an id as a JSON string, which is empty when there is none. */
export function writeJsonId({ reader, json }: Wiring, place: number, width: number): void {
  json.byte(QUOTE);
  if (enterId(reader, place, width)) json.hex(reader.bytes, reader.pos, width);
  json.byte(QUOTE);
}

/** Makes a JSON array of the messages at `places` the row's text. Without any there is none. */
export function writeJsonList(
  { reader, json }: Wiring,
  column: TextColumn,
  row: number,
  places: Places,
  writeItem: (end: number) => void,
): void {
  if (places.count === 0 || !column.isKept) return;
  const offset = json.heap.end;
  for (let i = 0; i < places.count; i++) {
    json.byte(i === 0 ? OPEN_BRACKET : COMMA);
    writeItem(reader.enter(places.at(i)));
  }
  json.byte(CLOSE_BRACKET);
  column.set(row, offset, json.heap.end - offset);
}

function enterId(reader: WireReader, place: number, width: number): boolean {
  if (place === 0) return false;
  const end = reader.enter(place);
  const start = reader.pos;
  if (start === end) return false;
  if (end - start !== width) reader.failField(start, `${end - start} bytes instead of ${width}`);
  let bits = 0;
  for (let at = start; at < end; at += 4) bits |= reader.view.getInt32(at, true);
  return bits !== 0;
}
