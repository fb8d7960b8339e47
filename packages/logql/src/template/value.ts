import { general, quoted } from '#promql/syntax/go-text';
import { GoTime } from './go-time.js';

/**
 * A value of a template, by Go's types: `number` is a float64, `bigint` an int, and undefined nil. A `Map` holds labels, whose
 * missing ones are empty texts.
 */
export type GoValue =
  | string
  | boolean
  | number
  | bigint
  | Int64
  | GoTime
  | JsonObject
  | ReadonlyMap<string, string>
  | readonly GoValue[]
  | undefined;

/** Go keeps its int64 apart from its int: a function that wants one does not take the other. */
export class Int64 {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = BigInt.asIntN(64, value);
  }
}

/** An object read from JSON. */
export class JsonObject {
  readonly fields: ReadonlyMap<string, GoValue>;

  constructor(fields: ReadonlyMap<string, GoValue>) {
    this.fields = fields;
  }
}

export function typeName(value: GoValue): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'float64';
  if (typeof value === 'bigint') return 'int';
  if (value instanceof Int64) return 'int64';
  if (value instanceof GoTime) return 'time.Time';
  if (value instanceof JsonObject) return 'map[string]interface {}';
  if (value instanceof Map) return 'map[string]string';
  return value === undefined ? 'nil' : '[]interface {}';
}

/** What `if` thinks of a value: what is zero or empty is false. */
export function isTrue(value: GoValue): boolean {
  if (value instanceof Int64) return value.value !== 0n;
  if (value instanceof GoTime) return true;
  if (value instanceof JsonObject) return value.fields.size > 0;
  if (value instanceof Map) return value.size > 0;
  if (Array.isArray(value)) return value.length > 0;
  // A NaN is not zero.
  return typeof value === 'number' ? value !== 0 : Boolean(value);
}

/** The value as `%v` prints it. */
export function valueText(value: GoValue): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return general(value);
  if (value instanceof Int64) return String(value.value);
  if (value instanceof GoTime) return value.text;
  if (value instanceof JsonObject) return mapText(value.fields);
  if (value instanceof Map) return mapText(value);
  if (Array.isArray(value)) return `[${value.map(innerText).join(' ')}]`;
  return value === undefined ? '<nil>' : String(value);
}

/** What an action writes, where nil has a text of its own. */
export function printedText(value: GoValue): string {
  return value === undefined ? '<no value>' : valueText(value);
}

function innerText(value: GoValue): string {
  return valueText(value);
}

function mapText(fields: ReadonlyMap<string, GoValue>): string {
  const entries = [...fields].sort(([left], [right]) => (left < right ? -1 : 1));
  return `map[${entries.map(([name, value]) => `${name}:${innerText(value)}`).join(' ')}]`;
}

/** The value as `%q` and JSON's printers quote it. */
export function quotedValue(value: GoValue): string {
  return typeof value === 'string' ? quoted(value) : valueText(value);
}
