import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import { camelCase } from './json-messages.js';
import type { FieldValue, Message } from './message.js';
import { isMessageField, loadProtocol, messageTypeOf, requestType } from './protocol.js';
import type { Random } from './random.js';

const protocol = loadProtocol();

/** Writes an export request as OTLP/JSON exporters do. */
export function encodeJson(signal: Signal, request: Message): Uint8Array {
  return Buffer.from(messageText(requestType(protocol, signal), request, plainStyle));
}

/**
 * Writes the same request in another spelling that means the same: snake_case names, integers as strings or with an
 * exponent, enumerators by name, the other base64 alphabet, members in any order, escapes, white space, members that
 * nobody knows, that are null, or that are said twice. Each choice is made anew for each value. Never a line feed, so that it can be a line.
 */
export function encodeJsonOddly(signal: Signal, request: Message, random: Random): Uint8Array {
  return Buffer.from(messageText(requestType(protocol, signal), request, oddStyle(random)));
}

/** Writes export requests, one per line. */
export function encodeNdjson(signal: Signal, requests: readonly Message[]): Uint8Array {
  return Buffer.concat(requests.flatMap((request) => [encodeJson(signal, request), Buffer.from('\n')]));
}

interface Style {
  name(field: string): string;
  integer(value: bigint, is64Bit: boolean): string;
  enumerator(type: protobuf.Enum, value: number): string;
  double(value: number): string;
  text(value: string): string;
  hex(value: Uint8Array): string;
  base64(value: Uint8Array): string;
  members(members: readonly string[]): string[];
  /** Members that the one of this name replaces. */
  before(name: string, written: string): string[];
  space(): string;
}

const plainStyle: Style = {
  name: camelCase,
  integer: (value, is64Bit) => (is64Bit ? `"${value}"` : String(value)),
  enumerator: (_type, value) => String(value),
  double: (value) => (Number.isFinite(value) ? (Object.is(value, -0) ? '-0.0' : String(value)) : `"${value}"`),
  text: (value) => JSON.stringify(value),
  hex: (value) => JSON.stringify(Buffer.from(value).toString('hex')),
  base64: (value) => JSON.stringify(Buffer.from(value).toString('base64')),
  members: (members) => [...members],
  before: () => [],
  space: () => '',
};

const unknownMembers = [
  '"unheardOf":{"a":[1,-2.5e-3,"\\ud800",null,true],"a":{}}',
  '"x":[]',
  '"":"\\u0000"',
  '"deprecated":-1e400',
  '"longer":[[[[{"b":[{}]}]]]]',
];

function oddStyle(random: Random): Style {
  return {
    name: (field) => (random.chance(2) ? field : camelCase(field)),
    integer: (value) => {
      const spelled = value % 10n === 0n && value !== 0n && random.chance(3) ? `${value / 10n}e+1` : String(value);
      const extended = random.chance(8) && !spelled.includes('e') ? `${spelled}.0` : spelled;
      return random.chance(2) ? `"${extended}"` : extended;
    },
    enumerator: (type, value) =>
      type.valuesById[value] !== undefined && random.chance(2) ? `"${type.valuesById[value]}"` : String(value),
    double: (value) => {
      const plain = plainStyle.double(value);
      return Number.isFinite(value) && random.chance(3) ? `"${plain}"` : plain;
    },
    text: (value) => {
      const plain = JSON.stringify(value);
      if (random.chance(3))
        return `"${Array.from({ length: value.length }, (_, i) => codeUnitEscape(value, i, random)).join('')}"`;
      return random.chance(3) ? plain.replaceAll('/', '\\/') : plain;
    },
    hex: (value) => {
      const digits = Buffer.from(value).toString('hex');
      return JSON.stringify(random.chance(2) ? digits.toUpperCase() : digits);
    },
    base64: (value) => {
      const digits = Buffer.from(value).toString(random.chance(2) ? 'base64' : 'base64url');
      return JSON.stringify(random.chance(2) ? digits.replace(/=+$/, '') : digits);
    },
    members: (members) => {
      const added = random.chance(5) ? [...members, random.pick(unknownMembers)] : members;
      return random.shuffled(added);
    },
    before: (name, written) => {
      if (!random.chance(15)) return [];
      // Only short ones, lest nested values double at every level.
      return [`"${name}":${written.length < 100 && random.chance(2) ? written : 'null'}`];
    },
    space: () => (random.chance(10) ? random.pick([' ', '\t', '\r', '  \t ']) : ''),
  };
}

function codeUnitEscape(text: string, at: number, random: Random): string {
  const digits = text.charCodeAt(at).toString(16).padStart(4, '0');
  return `\\u${random.chance(2) ? digits.toUpperCase() : digits}`;
}

function messageText(type: protobuf.Type, message: Message, style: Style): string {
  const members = Object.entries(message).map(([name, value]) => {
    const field = type.fields[name]!;
    const written = field.repeated
      ? list(
          (value as FieldValue[]).map((item) => valueText(field, item, style)),
          '[]',
          style,
        )
      : valueText(field, value, style);
    const spelled = `${style.space()}"${style.name(name)}"${style.space()}:${style.space()}${written}${style.space()}`;
    return [...style.before(style.name(name), written), spelled].join(',');
  });
  return list(style.members(members), '{}', style);
}

function list(items: readonly string[], brackets: string, style: Style): string {
  return `${brackets[0]}${style.space()}${items.join(`,${style.space()}`)}${style.space()}${brackets[1]}`;
}

function valueText(field: protobuf.Field, value: FieldValue, style: Style): string {
  if (isMessageField(field)) return messageText(messageTypeOf(field), value as Message, style);
  if (field.resolvedType instanceof protobuf.Enum) return style.enumerator(field.resolvedType, value as number);
  switch (field.type) {
    case 'string':
      return style.text(value as string);
    case 'bytes':
      return /(trace|span)_id$/.test(field.name) ? style.hex(value as Uint8Array) : style.base64(value as Uint8Array);
    case 'bool':
      return String(value);
    case 'double':
      return style.double(value as number);
    default:
      return style.integer(BigInt(value as number | bigint), field.type.endsWith('64'));
  }
}
