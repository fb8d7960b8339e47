import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import { type JsonMember, type JsonValue, numberGrammar, parseJson } from './json-value.js';
import { type FieldValue, type Message, reject } from './message.js';
import { mappedProtocol } from './protobuf-messages.js';
import { isMessageField, messageTypeOf, requestType } from './protocol.js';

/** Reads an export request from one OTLP/JSON document. */
export function readJson(signal: Signal, body: Uint8Array): Message {
  return readDocument(signal, withoutMark(body));
}

/** Reads one export request per line; blank lines are none. */
export function readNdjson(signal: Signal, body: Uint8Array): Message[] {
  return Buffer.from(withoutMark(body))
    .toString('latin1')
    .split('\n')
    .filter((line) => /[^ \t\r]/.test(line))
    .map((line) => readDocument(signal, Buffer.from(line, 'latin1')));
}

function readDocument(signal: Signal, document: Uint8Array): Message {
  return messageFrom(requestType(mappedProtocol, signal), parseJson(document));
}

/** JSON may begin with a byte order mark, which means nothing. */
function withoutMark(body: Uint8Array): Uint8Array {
  return Buffer.from(body.subarray(0, 3)).toString('hex') === 'efbbbf' ? body.subarray(3) : body;
}

export function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_all, letter: string) => letter.toUpperCase());
}

function messageFrom(type: protobuf.Type, value: JsonValue): Message {
  if (value.kind !== 'object') return reject(`${type.name} is not an object`);
  const message: Message = {};
  for (const field of type.fieldsArray) {
    const given = lastMember(value.members, field);
    if (given === undefined || given.value.kind === 'null' || !isLastOfItsOneof(value.members, field, given)) continue;
    if (isDoubleGivenAsInteger(field, given.value)) message['double_value'] = Number(given.value.text);
    else message[field.name] = field.repeated ? listFrom(field, given.value) : valueFrom(field, given.value);
  }
  return message;
}

function lastMember(members: readonly JsonMember[], field: protobuf.Field): JsonMember | undefined {
  return members.findLast(({ name }) => isNamed(name, field));
}

function isNamed(name: Uint8Array, field: protobuf.Field): boolean {
  const text = Buffer.from(name).toString('latin1');
  return text === field.name || text === camelCase(field.name);
}

function isLastOfItsOneof(members: readonly JsonMember[], field: protobuf.Field, given: JsonMember): boolean {
  const rivals = field.partOf?.fieldsArray ?? [];
  const set = members.filter(
    ({ name, value }) => value.kind !== 'null' && rivals.some((rival) => isNamed(name, rival)),
  );
  return set.length === 0 || set.at(-1) === given;
}

/** What OpenTelemetry's JavaScript SDK makes of an attribute of 1e300: an intValue that is a bare number beyond int64. */
function isDoubleGivenAsInteger(field: protobuf.Field, value: JsonValue): value is JsonValue & { kind: 'number' } {
  if (field.name !== 'int_value' || value.kind !== 'number') return false;
  const integer = exactInteger(value.text);
  const isInt64 = integer !== undefined && integer >= -(2n ** 63n) && integer <= 2n ** 63n - 1n;
  return !isInt64 && Math.abs(Number(value.text)) >= 2 ** 63 && Number.isFinite(Number(value.text));
}

function listFrom(field: protobuf.Field, value: JsonValue): FieldValue[] {
  if (value.kind !== 'array') return reject(`${field.name} is not an array`);
  return value.items.map((item) => valueFrom(field, item));
}

function valueFrom(field: protobuf.Field, value: JsonValue): FieldValue {
  if (isMessageField(field)) return messageFrom(messageTypeOf(field), value);
  if (field.resolvedType instanceof protobuf.Enum) return enumFrom(field.resolvedType, value);
  switch (field.type) {
    case 'string':
      return value.kind === 'string' ? value.bytes : reject(`${field.name} is not a string`);
    case 'bytes':
      return bytesFrom(field, value);
    case 'bool':
      return value.kind === 'boolean' ? value.value : reject(`${field.name} is not a boolean`);
    case 'double':
      return doubleFrom(field, value);
    case 'int64':
    case 'sfixed64':
      return integerFrom(field.name, value, -(2n ** 63n), 2n ** 63n - 1n);
    case 'uint64':
    case 'fixed64':
      return integerFrom(field.name, value, 0n, 2n ** 64n - 1n);
    case 'uint32':
    case 'fixed32':
      return Number(integerFrom(field.name, value, 0n, 2n ** 32n - 1n));
    case 'sint32':
      return Number(integerFrom(field.name, value, -(2n ** 31n), 2n ** 31n - 1n));
    default:
      throw new Error(`BUG: the protocol has no fields of type ${field.type}`);
  }
}

function enumFrom(type: protobuf.Enum, value: JsonValue): number {
  if (value.kind !== 'string') return Number(integerFrom(type.name, value, -(2n ** 31n), 2n ** 31n - 1n));
  const name = Buffer.from(value.bytes).toString('latin1');
  return type.values[name] ?? reject(`${type.name} has no value ${name}`);
}

function integerFrom(name: string, value: JsonValue, smallest: bigint, largest: bigint): bigint {
  const integer = exactInteger(numberText(name, value));
  if (integer === undefined || integer < smallest || integer > largest) reject(`${name} is not an integer in range`);
  return integer!;
}

/** The value of a JSON number that has no fraction, however it is written. */
function exactInteger(text: string): bigint | undefined {
  const [, sign, whole = '', fraction = '', exponentText = '0'] =
    /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text)!;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0n;
  const significant = digits.replace(/0+$/, '');
  const exponent = Number(exponentText) - fraction.length + (digits.length - significant.length);
  // No 64-bit integer has more than 20 digits.
  if (exponent < 0 || exponent + significant.length > 20) return undefined;
  return BigInt(`${sign}${significant}${'0'.repeat(exponent)}`);
}

function doubleFrom(field: protobuf.Field, value: JsonValue): number {
  if (value.kind === 'string') {
    const text = Buffer.from(value.bytes).toString('latin1');
    if (text === 'NaN' || text === 'Infinity' || text === '-Infinity') return Number(text);
  }
  const double = Number(numberText(field.name, value));
  return Number.isFinite(double) ? double : reject(`${field.name} is beyond the range of a double`);
}

function numberText(name: string, value: JsonValue): string {
  if (value.kind === 'number') return value.text;
  const text = value.kind === 'string' ? Buffer.from(value.bytes).toString('latin1') : '';
  return numberGrammar.test(text) ? text : reject(`${name} is not a number`);
}

function bytesFrom(field: protobuf.Field, value: JsonValue): Uint8Array {
  if (value.kind !== 'string') return reject(`${field.name} is not a string`);
  const text = Buffer.from(value.bytes).toString('latin1');
  return /(trace|span)_id$/.test(field.name) ? hexBytes(field.name, text) : base64Bytes(field.name, text);
}

function hexBytes(name: string, text: string): Uint8Array {
  return /^([0-9a-fA-F]{2})*$/.test(text) ? Buffer.from(text, 'hex') : reject(`${name} is not hex`);
}

function base64Bytes(name: string, text: string): Uint8Array {
  const unpadded = text.replace(/={1,2}$/, '');
  const isPaddedRight = unpadded === text || text.length % 4 === 0;
  if (!/^[A-Za-z0-9+/_-]*$/.test(unpadded) || unpadded.length % 4 === 1 || !isPaddedRight) {
    return reject(`${name} is not base64`);
  }
  return Buffer.from(unpadded, 'base64url');
}
