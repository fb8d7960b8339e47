// A value of a result → the text that DuckDB gives it when it is cast to VARCHAR. The API's own toString() differs in
// doubles (`1` for `1.0`), nested text and time zones, and a shell must show what SQL shows.

import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBDateValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
  DuckDBVariantValue,
} from '@duckdb/node-api';
import { isUnnamed } from './result-rows.js';

/** Writes the values of one type. Chosen once per column; a SQL NULL inside a value is `NULL`. */
export type ValueText = (value: DuckDBValue) => string;

export function textOfType(type: DuckDBType, timeZone: string): ValueText {
  switch (type.typeId) {
    case DuckDBTypeId.DOUBLE:
      return (value) => (typeof value === 'number' ? doubleText(value) : nullOr(value));
    case DuckDBTypeId.FLOAT:
      return (value) => (typeof value === 'number' ? doubleText(shortestFloat(value)) : nullOr(value));
    case DuckDBTypeId.DATE:
      return (value) => (value instanceof DuckDBDateValue ? dateText(value) : nullOr(value));
    case DuckDBTypeId.TIMESTAMP_TZ:
      return (value) => (value instanceof DuckDBTimestampTZValue ? zonedText(value, timeZone) : nullOr(value));
    case DuckDBTypeId.VARIANT:
      return (value) => (value instanceof DuckDBVariantValue ? variantText(value, timeZone) : nullOr(value));
  }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    const element = elementText(type.valueType, timeZone);
    return (value) =>
      value instanceof DuckDBListValue || value instanceof DuckDBArrayValue
        ? `[${value.items.map(element).join(', ')}]`
        : nullOr(value);
  }
  if (type instanceof DuckDBStructType && isUnnamed(type)) {
    const fields = type.entryTypes.map((field) => elementText(field, timeZone));
    return (value) => {
      if (!(value instanceof DuckDBStructValue)) return nullOr(value);
      return `(${fields.map((text, index) => unnamedField(value, index, text)).join(', ')})`;
    };
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryNames.map((name, index) => ({
      name,
      label: quoted(name),
      text: elementText(type.entryTypes[index]!, timeZone),
    }));
    return (value) => {
      if (!(value instanceof DuckDBStructValue)) return nullOr(value);
      return `{${fields.map(({ name, label, text }) => `${label}: ${text(value.entries[name] ?? null)}`).join(', ')}}`;
    };
  }
  if (type instanceof DuckDBMapType) {
    const key = elementText(type.keyType, timeZone);
    const item = elementText(type.valueType, timeZone);
    return (value) =>
      value instanceof DuckDBMapValue
        ? `{${value.entries.map((entry) => `${key(entry.key)}=${item(entry.value)}`).join(', ')}}`
        : nullOr(value);
  }
  if (type instanceof DuckDBUnionType) {
    const members = unionMembers(type, (member) => textOfType(member, timeZone));
    return (value) => (value instanceof DuckDBUnionValue ? members.get(value.tag)!(value.value) : nullOr(value));
  }
  return nullOr;
}

/** A field of a `row(…)`, or what stands for one that the API has lost. */
export function unnamedField(value: DuckDBStructValue, index: number, text: ValueText, lost = '?'): string {
  const field = value.entries[String(index)];
  return field === undefined ? lost : text(field);
}

/** A union's members by tag. */
export function unionMembers<T>(type: DuckDBUnionType, make: (member: DuckDBType) => T): ReadonlyMap<string, T> {
  return new Map(type.memberTags.map((tag, index) => [tag, make(type.memberTypes[index]!)]));
}

function nullOr(value: DuckDBValue): string {
  return value === null ? 'NULL' : String(value);
}

const NEEDS_QUOTES = /^$|^null$|^[\t-\r ]|[\t-\r ]$|["'(),:=[\]{}]/i;

/** Text inside a list, struct or map, quoted where it could be taken for their punctuation. */
function elementText(type: DuckDBType, timeZone: string): ValueText {
  const text = textOfType(type, timeZone);
  if (isNested(type) || type.alias === 'JSON') return text;
  return (value) => {
    if (value === null) return 'NULL';
    const plain = text(value);
    return NEEDS_QUOTES.test(plain) ? quoted(plain) : plain;
  };
}

function isNested(type: DuckDBType): boolean {
  return (
    type instanceof DuckDBListType ||
    type instanceof DuckDBArrayType ||
    type instanceof DuckDBStructType ||
    type instanceof DuckDBMapType ||
    type instanceof DuckDBUnionType ||
    type.typeId === DuckDBTypeId.VARIANT
  );
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

/** A variant without a type of its own is shown as the API shows it. */
function variantText(value: DuckDBVariantValue, timeZone: string): string {
  if (value.value === null) return 'NULL';
  return value.type === undefined ? String(value.value) : textOfType(value.type, timeZone)(value.value);
}

/** DuckDB's text of a double: shortest digits, at least one decimal, and an exponent below 1e-4 and from 1e16 on. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const [mantissa, exponentText] = Math.abs(value).toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    return `${sign}${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const digits = mantissa.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** The double with the fewest digits that is still this float: 0.1, not 0.10000000149011612. */
export function shortestFloat(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

function dateText(value: DuckDBDateValue): string {
  if (value.isFinite) return String(value);
  return value.days > 0 ? 'infinity' : '-infinity';
}

/** The API adds today's offset of the process's zone to every time; SQL shows each time with its own in the session's. */
function zonedText(value: DuckDBTimestampTZValue, timeZone: string): string {
  if (!value.isFinite) return value.micros > 0n ? 'infinity' : '-infinity';
  const offsetSeconds = zoneOffsetSeconds(Number(value.micros / 1000n), timeZone);
  const local = new DuckDBTimestampValue(value.micros + BigInt(offsetSeconds) * 1_000_000n);
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : `:${String(minutes % 60).padStart(2, '0')}`;
  return `${local}${offsetSeconds < 0 ? '-' : '+'}${hours}${rest}`;
}

/** The largest time that JavaScript's calendar knows; DuckDB's goes further. */
const MAX_DATE_MS = 8.64e15;

function zoneOffsetSeconds(unixMs: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const known = Math.min(Math.max(unixMs, -MAX_DATE_MS), MAX_DATE_MS);
  const offset = format.formatToParts(known).find((part) => part.type === 'timeZoneName')?.value ?? '';
  const [, sign, hours, minutes, seconds] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(offset) ?? [];
  const magnitude = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
  return sign === '-' ? -magnitude : magnitude;
}
