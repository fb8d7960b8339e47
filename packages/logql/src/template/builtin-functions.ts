import type { TemplateFunction } from './compile.js';
import { GoTime } from './go-time.js';
import { sprint, sprintf } from './printf.js';
import { queryEscaped } from './text-functions.js';
import { type GoValue, Int64, isTrue, JsonObject, typeName, valueText } from './value.js';

/** A number without Go's difference between int and int64, which may be compared. */
function plain(value: GoValue): GoValue {
  return value instanceof Int64 ? value.value : value;
}

type Basic = 'bool' | 'int' | 'float' | 'string' | undefined;

function basicKind(value: GoValue): Basic {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return 'float';
  return typeof value === 'string' ? 'string' : undefined;
}

function isEqual(left: GoValue, rights: readonly GoValue[]): boolean {
  if (rights.length === 0) throw new Error('missing argument for comparison');
  return rights.some((right) => areEqual(left, right));
}

function areEqual(left: GoValue, right: GoValue): boolean {
  const [first, second] = [plain(left), plain(right)];
  if (first === undefined || second === undefined) return first === second;
  const [firstKind, secondKind] = [basicKind(first), basicKind(second)];
  if (firstKind !== secondKind) {
    throw new Error(`incompatible types for comparison: ${typeName(left)} and ${typeName(right)}`);
  }
  if (firstKind !== undefined) return first === second;
  if (first instanceof GoTime && second instanceof GoTime) return first.unixNs === second.unixNs;
  throw new Error(`non-comparable type ${valueText(second)}: ${typeName(right)}`);
}

function isLess(left: GoValue, right: GoValue): boolean {
  const [first, second] = [plain(left), plain(right)];
  const [firstKind, secondKind] = [basicKind(first), basicKind(second)];
  if (firstKind === undefined || secondKind === undefined) throw new Error('invalid type for comparison');
  if (firstKind !== secondKind) {
    throw new Error(`incompatible types for comparison: ${typeName(left)} and ${typeName(right)}`);
  }
  if (firstKind === 'bool') throw new Error('invalid type for comparison');
  if (firstKind === 'string') return Buffer.compare(Buffer.from(first as string), Buffer.from(second as string)) < 0;
  return first! < second!;
}

function pair(compare: (left: GoValue, right: GoValue) => boolean): TemplateFunction {
  return { parameters: ['any', 'any'], call: ([left, right]) => compare(left, right) };
}

function lengthOf(value: GoValue): bigint {
  if (typeof value === 'string') return BigInt(Buffer.byteLength(value));
  if (Array.isArray(value)) return BigInt(value.length);
  if (value instanceof JsonObject) return BigInt(value.fields.size);
  if (value instanceof Map) return BigInt(value.size);
  throw new Error(value === undefined ? 'len of nil pointer' : `len of type ${typeName(value)}`);
}

function elementAt(item: GoValue, index: GoValue): GoValue {
  if (item === undefined) throw new Error('index of untyped nil');
  if (item instanceof Map || item instanceof JsonObject) {
    if (typeof index !== 'string') throw new Error(`value has type ${typeName(index)}; should be string`);
    const fields: ReadonlyMap<string, GoValue> = item instanceof JsonObject ? item.fields : item;
    return fields.get(index) ?? (item instanceof Map ? '' : undefined);
  }
  if (Array.isArray(item)) return item[indexOf(index, item.length)];
  if (typeof item !== 'string') throw new Error(`can't index item of type ${typeName(item)}`);
  const bytes = Buffer.from(item);
  return BigInt(bytes[indexOf(index, bytes.length)]!);
}

/** An index of an item of that length. The end of a slice may be the length itself. */
function indexOf(index: GoValue, length: number, end: 'element' | 'end' = 'element'): number {
  const value = plain(index);
  if (value === undefined) throw new Error('cannot index slice/array with nil');
  if (typeof value !== 'bigint') throw new Error(`cannot index slice/array with type ${typeName(index)}`);
  if (value < 0n || value > BigInt(length) || (end === 'element' && value === BigInt(length))) {
    if (end === 'end') throw new Error(`index out of range: ${value}`);
    throw value < 0n || value > BigInt(length)
      ? new Error(`index out of range: ${value}`)
      : new Error(`reflect: string index out of range`);
  }
  return Number(value);
}

function sliced(item: GoValue, indexes: readonly GoValue[]): GoValue {
  if (item === undefined) throw new Error('slice of untyped nil');
  if (indexes.length > 3) throw new Error(`too many slice indexes: ${indexes.length}`);
  const isText = typeof item === 'string';
  if (!isText && !Array.isArray(item)) throw new Error(`can't slice item of type ${typeName(item)}`);
  if (isText && indexes.length === 3) throw new Error('cannot 3-index slice a string');
  const bytes = isText ? Buffer.from(item) : undefined;
  const length = bytes?.length ?? (item as readonly GoValue[]).length;
  const [from = 0, to = length] = indexes.map((index) => indexOf(index, length, 'end'));
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return bytes?.subarray(from, to).toString() ?? (item as readonly GoValue[]).slice(from, to);
}

const htmlEscapes = new Map([
  ['\0', '\ufffd'],
  ['"', '&#34;'],
  ["'", '&#39;'],
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
]);
const scriptEscapes = new Map([
  ['\\', '\\\\'],
  ["'", "\\'"],
  ['"', '\\"'],
  ['<', '\\u003C'],
  ['>', '\\u003E'],
  ['&', '\\u0026'],
  ['=', '\\u003D'],
]);

function scriptEscaped(text: string): string {
  return text.replaceAll(/[\\'"<>&=\p{Cc}]/gu, (character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return scriptEscapes.get(character) ?? `\\u${code}`;
  });
}

function joined(escapeText: (text: string) => string): TemplateFunction {
  return { parameters: [], rest: 'any', call: (values) => escapeText(sprint(values)) };
}

/** Halves of characters are replacement characters to Go. */
function wholeText(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

/** A value that JSON has → the one of a template. */
function fromJson(value: unknown): GoValue {
  if (typeof value === 'string') return wholeText(value);
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== 'object') return (value ?? undefined) as GoValue;
  return new JsonObject(new Map(Object.entries(value).map(([name, each]) => [wholeText(name), fromJson(each)])));
}

function parsedJson(text: string): GoValue {
  try {
    return fromJson(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Functions that Go's templates have themselves, and those about values of any type. */
export const builtinFunctions: Readonly<Record<string, TemplateFunction>> = {
  // Their arguments are not asked for unless they are needed, which the compiler sees to.
  and: { parameters: ['any'], rest: 'any', call: () => undefined },
  or: { parameters: ['any'], rest: 'any', call: () => undefined },
  not: { parameters: ['any'], call: ([value]) => !isTrue(value) },
  eq: { parameters: ['any'], rest: 'any', call: ([left, ...rights]) => isEqual(left, rights) },
  ne: pair((left, right) => !areEqual(left, right)),
  lt: pair(isLess),
  le: pair((left, right) => isLess(left, right) || areEqual(left, right)),
  gt: pair((left, right) => !isLess(left, right) && !areEqual(left, right)),
  ge: pair((left, right) => !isLess(left, right)),
  len: { parameters: ['any'], call: ([value]) => lengthOf(value) },
  index: { parameters: ['any'], rest: 'any', call: ([item, ...indexes]) => indexes.reduce(elementAt, item) },
  slice: { parameters: ['any'], rest: 'any', call: ([item, ...indexes]) => sliced(item, indexes) },
  print: { parameters: [], rest: 'any', call: sprint },
  println: { parameters: [], rest: 'any', call: (values) => `${values.map(valueText).join(' ')}\n` },
  printf: {
    parameters: ['string'],
    rest: 'any',
    call: ([format, ...values]) => sprintf(format as string, values),
  },
  html: joined((text) => text.replaceAll(/[\0"'&<>]/g, (character) => htmlEscapes.get(character)!)),
  js: joined(scriptEscaped),
  urlquery: joined(queryEscaped),
  call: {
    parameters: ['any'],
    rest: 'any',
    call: ([value]) => {
      throw new Error(value === undefined ? 'call of nil' : `non-function of type ${typeName(value)}`);
    },
  },
  __line__: { parameters: [], call: (_, { line }) => line },
  default: {
    parameters: ['any'],
    rest: 'any',
    call: ([otherwise, ...given]) => (given.length === 0 || !isGiven(given[0]) ? otherwise : given[0]),
  },
  fromJson: { parameters: ['string'], call: ([text]) => parsedJson(text as string) },
};

function isGiven(value: GoValue): boolean {
  return value !== undefined && isTrue(value);
}
