// Parts of OTLP's messages as plain objects, with the names of its JSON. A field that is not set is absent: both of its
// encodings leave out what has its default value.

import type { JsonObject, JsonValue } from './json-value.js';

/** An integer of 64 bits, as encoders of protobuf take it: its bits in two words. */
export class Int64 {
  readonly low: number;
  readonly high: number;
  readonly #value: bigint;

  constructor(value: bigint) {
    this.#value = value;
    this.low = Number(value & 0xffff_ffffn) | 0;
    this.high = Number((value >> 32n) & 0xffff_ffffn) | 0;
  }

  toString(): string {
    return String(this.#value);
  }
}

export type MessageField = string | number | boolean | Uint8Array | Int64 | Message | readonly MessageField[];
export interface Message {
  readonly [field: string]: MessageField;
}

export function keyValues(attributes: JsonObject): readonly Message[] {
  return [...attributes].map(([key, value]) => ({ ...(key !== '' && { key }), value: anyValue(value) }));
}

export function anyValue(value: JsonValue): Message {
  switch (typeof value) {
    case 'string':
      return { stringValue: value };
    case 'bigint':
      return { intValue: new Int64(value) };
    case 'number':
      return { doubleValue: value };
    case 'boolean':
      return { boolValue: value };
  }
  if (value === null) return {};
  if (value instanceof Map) return { kvlistValue: listOf('values', keyValues(value)) };
  return { arrayValue: listOf('values', (value as readonly JsonValue[]).map(anyValue)) };
}

/** A message with one repeated field. */
export function listOf(field: string, items: readonly MessageField[]): Message {
  return items.length === 0 ? {} : { [field]: items };
}

/** Only the fields that say something. */
export function message(fields: Readonly<Record<string, MessageField | undefined>>): Message {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isSet(value))) as Message;
}

function isSet(value: MessageField | undefined): boolean {
  if (value === undefined || value === '' || value === 0 || value === false) return false;
  if (value instanceof Int64) return value.low !== 0 || value.high !== 0;
  return !(Array.isArray(value) || value instanceof Uint8Array) || value.length > 0;
}
