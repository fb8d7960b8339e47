import { isUtf8 } from 'node:buffer';
import type protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import { type FieldValue, type Message, reject } from './message.js';
import { allTypes, isMessageField, loadProtocol, messageTypeOf, requestType } from './protocol.js';

/** Fields that reach no column. Their content is skipped unseen, like that of fields that nobody knows. */
export const unmappedFields: readonly (readonly [type: string, field: string])[] = [
  ['Resource', 'dropped_attributes_count'],
  ['EntityRef', 'type'],
  ['EntityRef', 'id_keys'],
  ['EntityRef', 'description_keys'],
  ['InstrumentationScope', 'dropped_attributes_count'],
  ['Metric', 'metadata'],
];

/** The protocol without unmapped fields, as both parsers of the oracle read it. */
export const mappedProtocol = loadProtocol();
for (const [type, field] of unmappedFields) {
  for (const found of allTypes(mappedProtocol).filter(({ name }) => name === type)) found.remove(found.fields[field]!);
}

const metricKinds = new Set(['Gauge', 'Sum', 'Histogram', 'ExponentialHistogram', 'Summary']);

// The same with strings as bytes: the generated parser replaces invalid UTF-8 in some strings and refuses it in others.
const rawProtocol = loadProtocol();
for (const type of allTypes(rawProtocol)) {
  for (const field of type.fieldsArray) if (field.type === 'string') field.type = 'bytes';
  for (const [typeName, field] of unmappedFields) if (type.name === typeName) type.remove(type.fields[field]!);
}
for (const type of allTypes(rawProtocol)) {
  type.setup();
  const decode = type.decode;
  // The generated parser merges a singular message that occurs again into the one before, which comes as its fifth
  // argument. Here the last one wins, but for the points of a metric.
  if (metricKinds.has(type.name)) continue;
  type.decode = ((reader: protobuf.Reader, length?: number, endTag?: number, depth?: number) =>
    (decode as (...args: unknown[]) => protobuf.Message).call(type, reader, length, endTag, depth)) as typeof decode;
}

/** Reads an export request from the protobuf wire format. */
export function readProtobuf(signal: Signal, body: Uint8Array): Message {
  const type = requestType(rawProtocol, signal);
  let decoded: protobuf.Message;
  try {
    decoded = type.decode(body);
  } catch (error) {
    return reject(`not a protobuf message: ${error}`);
  }
  return plainMessage(type, decoded as unknown as Record<string, unknown>);
}

function plainMessage(type: protobuf.Type, decoded: Record<string, unknown>): Message {
  const message: Message = {};
  for (const field of type.fieldsArray) {
    if (!Object.hasOwn(decoded, field.name)) continue;
    const value = decoded[field.name];
    // It reaches no column, whose text the mapping would check.
    if (field.name === 'schema_url' && !isUtf8(value as Uint8Array)) reject('schema_url is not UTF-8');
    message[field.name] = field.repeated
      ? (value as unknown[]).map((item) => plainValue(field, item))
      : plainValue(field, value);
  }
  return message;
}

function plainValue(field: protobuf.Field, value: unknown): FieldValue {
  if (isMessageField(field)) return plainMessage(messageTypeOf(field), value as Record<string, unknown>);
  if (typeof value === 'object' && 'low' in value!) return BigInt(String(value));
  return value as FieldValue;
}
