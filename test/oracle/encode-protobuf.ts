import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import type { FieldValue, Message } from './message.js';
import { isMessageField, loadProtocol, messageTypeOf, requestType } from './protocol.js';
import type { Random } from './random.js';

const protocol = loadProtocol();

/** Writes an export request as a generated encoder does: fields in the order of their numbers, lists packed. */
export function encodeProtobuf(signal: Signal, request: Message): Uint8Array {
  const type = requestType(protocol, signal);
  return type.encode(encodable(type, request)).finish();
}

function encodable(type: protobuf.Type, message: Message): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => {
      const field = type.fields[name]!;
      const one = (item: FieldValue): unknown =>
        isMessageField(field) ? encodable(messageTypeOf(field), item as Message) : scalar(field, item);
      return [name, field.repeated ? (value as FieldValue[]).map(one) : one(value)];
    }),
  );
}

function scalar(field: protobuf.Field, value: FieldValue): unknown {
  if (typeof value !== 'bigint') return value;
  const bits = BigInt.asUintN(64, value);
  return { low: Number(bits & 0xffff_ffffn) | 0, high: Number(bits >> 32n) | 0, unsigned: field.type.includes('u') };
}

/**
 * Writes the same request in a way that is as valid and that no encoder chooses: fields in any order, values that equal
 * the default written out, packed lists in pieces or not packed, fields that nobody knows in between, and values that
 * a later one replaces.
 */
export function encodeProtobufOddly(signal: Signal, request: Message, random: Random): Uint8Array {
  const writer = protobuf.Writer.create();
  writeOddly(requestType(protocol, signal), request, writer, random);
  return writer.finish();
}

const wireTypes: Record<string, number> = { double: 1, fixed64: 1, sfixed64: 1, string: 2, bytes: 2, fixed32: 5 };
const VARINT = 0;
const DELIMITED = 2;

function writeOddly(type: protobuf.Type, message: Message, writer: protobuf.Writer, random: Random): void {
  for (const field of random.shuffled(type.fieldsArray)) {
    if (random.chance(10)) writeUnknownField(writer, random);
    const value = message[field.name];
    if (value !== undefined) {
      if (field.repeated) writeList(field, value as FieldValue[], writer, random);
      else {
        if (random.chance(10)) writeReplaced(field, writer, random);
        writeField(field, value, writer, random);
      }
    } else if (field.partOf === null && !isMessageField(field) && !field.repeated && random.chance(10)) {
      writeField(field, defaultOf(field), writer, random);
    }
  }
}

/** Writes a value that is not the last one of its field, or of its oneof. */
function writeReplaced(field: protobuf.Field, writer: protobuf.Writer, random: Random): void {
  const candidates = field.partOf?.fieldsArray ?? [field];
  // The points of a metric whose kind comes twice are all kept: only another kind replaces them.
  const replaced = random.pick(candidates.filter((other) => other !== field || !hasPoints(field)));
  writeField(
    replaced,
    isMessageField(replaced) ? sampleOf(messageTypeOf(replaced)) : defaultOf(replaced),
    writer,
    random,
  );
}

function hasPoints(field: protobuf.Field): boolean {
  return isMessageField(field) && messageTypeOf(field).fields['data_points'] !== undefined;
}

/** A message of this type that leaves a trace in a row, if it is not replaced. */
function sampleOf(type: protobuf.Type): Message {
  if (type.fields['values'] !== undefined) return { values: [type.name === 'ArrayValue' ? {} : { key: 'replaced' }] };
  if (type.name === 'AnyValue') return { string_value: 'replaced' };
  if (type.fields['attributes'] !== undefined) return { attributes: [{ key: 'replaced', value: {} }] };
  if (type.fields['data_points'] !== undefined) return { data_points: [{}] };
  return type.name === 'Buckets' ? { offset: 7, bucket_counts: [7n] } : { message: 'replaced', code: 2 };
}

function writeList(
  field: protobuf.Field,
  values: readonly FieldValue[],
  writer: protobuf.Writer,
  random: Random,
): void {
  const wireType = wireTypes[field.type] ?? VARINT;
  const isPackable = !isMessageField(field) && wireType !== DELIMITED;
  for (let i = 0; i < values.length; ) {
    const length = isPackable && random.chance(2) ? 1 + random.below(values.length - i) : 0;
    if (length === 0) {
      writeField(field, values[i++]!, writer, random);
    } else {
      writer.uint32((field.id << 3) | DELIMITED).fork();
      for (const value of values.slice(i, i + length)) writeScalar(field, value, writer);
      writer.ldelim();
      i += length;
    }
  }
  if (isPackable && random.chance(5)) writer.uint32((field.id << 3) | DELIMITED).uint32(0);
}

function writeField(field: protobuf.Field, value: FieldValue, writer: protobuf.Writer, random: Random): void {
  if (isMessageField(field)) {
    writer.uint32((field.id << 3) | DELIMITED).fork();
    writeOddly(messageTypeOf(field), value as Message, writer, random);
    writer.ldelim();
  } else {
    writer.uint32((field.id << 3) | (wireTypes[field.type] ?? VARINT));
    writeScalar(field, value, writer);
  }
}

function writeScalar(field: protobuf.Field, value: FieldValue, writer: protobuf.Writer): void {
  const type = field.resolvedType instanceof protobuf.Enum ? 'int32' : field.type;
  (writer as unknown as Record<string, (value: unknown) => void>)[type]!(scalar(field, value));
}

function defaultOf(field: protobuf.Field): FieldValue {
  if (field.type === 'string') return '';
  if (field.type === 'bytes') return new Uint8Array(0);
  return field.type === 'bool' ? false : /64/.test(field.type) ? 0n : 0;
}

function writeUnknownField(writer: protobuf.Writer, random: Random): void {
  const number = random.pick([99, 2000, 536_870_911]) << 3;
  switch (random.below(5)) {
    case 0:
      writer.uint32((number | VARINT) >>> 0).uint64('18446744073709551615');
      break;
    case 1:
      writer.uint32((number | 1) >>> 0).double(1);
      break;
    case 2:
      writer.uint32((number | DELIMITED) >>> 0).bytes(new Uint8Array([0xff, 0xff]));
      break;
    case 3:
      writer.uint32((number | 5) >>> 0).fixed32(7);
      break;
    default: // a group with a group inside
      writer
        .uint32((number | 3) >>> 0)
        .uint32(11)
        .uint32(12)
        .uint32((number | 4) >>> 0);
  }
}
