// A value of a result → the text that DuckDB gives it when it is cast to VARCHAR. The API's own toString() differs in
// doubles (`1` for `1.0`), nested text and time zones, and a shell must show what SQL shows.

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
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
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  DuckDBVariantValue,
} from '../../duckdb/node-api.js';
import { isUnnamed } from './result-rows.js';

/** Writes the values of one type. Chosen once per column; a SQL NULL inside a value is `NULL`. */
export type ValueText = (value: DuckDBValue) => string;

export function textOfType(type: DuckDBType, timeZone: string): ValueText {
  switch (type.typeId) {
    case DuckDBTypeId.DOUBLE:
      return (value) => (typeof value === 'number' ? doubleText(value) : nullOr(value));
    case DuckDBTypeId.FLOAT:
      return (value) => (typeof value === 'number' ? doubleText(shortestFloat(value)) : nullOr(value));
    case DuckDBTypeId.BIGINT:
    case DuckDBTypeId.UBIGINT:
    case DuckDBTypeId.HUGEINT:
      return (value) => (typeof value === 'bigint' ? integerText(value) : nullOr(value));
    case DuckDBTypeId.DATE:
      return (value) => (value instanceof DuckDBDateValue ? dateText(value) : nullOr(value));
    case DuckDBTypeId.TIMESTAMP:
      return (value) => (value instanceof DuckDBTimestampValue ? timestampText(value) : nullOr(value));
    case DuckDBTypeId.TIMESTAMP_NS:
      return (value) => (value instanceof DuckDBTimestampNanosecondsValue ? timestampNanosText(value) : nullOr(value));
    case DuckDBTypeId.TIMESTAMP_TZ: {
      const zone = new TimeZoneOffsets(timeZone);
      return (value) => (value instanceof DuckDBTimestampTZValue ? zonedText(value, zone) : nullOr(value));
    }
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

/** A field of a `row(…)`, or a placeholder for one that the API has lost. */
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

/** Text inside a list, struct or map, quoted if it could be mistaken for punctuation. */
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
  const magnitude = Math.abs(value);
  // JavaScript writes the same digits, and in this range without an exponent too.
  if (magnitude >= 1e-4 && magnitude < 1e16) {
    const plain = String(value);
    return Number.isInteger(value) ? `${plain}.0` : plain;
  }
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0.0`;
  const [mantissa, exponent] = magnitude.toExponential().split('e') as [string, string];
  return `${sign}${mantissa}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
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

/** Integers that a number can hold are written several times as fast as a number. */
function integerText(value: bigint): string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? String(number) : String(value);
}

/** 10000-01-01, from which on a year has five digits. */
const YEAR_10000_SECONDS = 253_402_300_800;
const SECONDS_PER_DAY = 86_400;

function timestampText(value: DuckDBTimestampValue): string {
  const seconds = Math.floor(Number(value.micros / 1_000_000n));
  if (value.micros < 0n || seconds >= YEAR_10000_SECONDS) return String(value);
  return secondsText(seconds) + fractionText(Number(value.micros % 1_000_000n), 6);
}

function timestampNanosText(value: DuckDBTimestampNanosecondsValue): string {
  if (!value.isFinite) return value.nanos > 0n ? 'infinity' : '-infinity';
  if (value.nanos < 0n) return String(value);
  return secondsText(Number(value.nanos / 1_000_000_000n)) + fractionText(Number(value.nanos % 1_000_000_000n), 9);
}

/** The last written day, cached because formatting it costs most and consecutive rows mostly share it. */
const lastDay = { day: Number.NaN, text: '' };

function secondsText(seconds: number): string {
  const day = Math.floor(seconds / SECONDS_PER_DAY);
  if (day !== lastDay.day) {
    lastDay.day = day;
    lastDay.text = new Date(day * SECONDS_PER_DAY * 1000).toISOString().slice(0, 10);
  }
  const inDay = seconds - day * SECONDS_PER_DAY;
  const hours = Math.floor(inDay / 3600);
  const minutes = Math.floor(inDay / 60) % 60;
  return `${lastDay.text} ${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[inDay % 60]}`;
}

const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'));

/** `.25`, or nothing for a whole second. */
function fractionText(fraction: number, digits: number): string {
  return fraction === 0 ? '' : `.${String(fraction).padStart(digits, '0').replace(/0+$/, '')}`;
}

/** The API applies today's offset of the process's time zone to every time. SQL uses each time's own offset in the session's zone. */
function zonedText(value: DuckDBTimestampTZValue, zone: TimeZoneOffsets): string {
  if (!value.isFinite) return value.micros > 0n ? 'infinity' : '-infinity';
  const offsetSeconds = zone.secondsAt(Number(value.micros / 1000n));
  const local = timestampText(new DuckDBTimestampValue(value.micros + BigInt(offsetSeconds) * 1_000_000n));
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const hours = twoDigits[Math.floor(minutes / 60)];
  const rest = minutes % 60 === 0 ? '' : `:${twoDigits[minutes % 60]}`;
  return `${local}${offsetSeconds < 0 ? '-' : '+'}${hours}${rest}`;
}

/** The largest time that JavaScript's calendar knows; DuckDB's goes further. */
const MAX_DATE_MS = 8.64e15;

const MS_PER_HOUR = 3_600_000;

/** Offsets of a time zone. A lookup costs microseconds, so offsets are cached for each hour without a change. */
class TimeZoneOffsets {
  readonly #format: Intl.DateTimeFormat;
  #hour = Number.NaN;
  /** Undefined in an hour with a change. */
  #hourSeconds: number | undefined;

  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  }

  secondsAt(unixMs: number): number {
    const hour = Math.floor(unixMs / MS_PER_HOUR);
    if (hour !== this.#hour) {
      this.#hour = hour;
      const atStart = this.#ask(hour * MS_PER_HOUR);
      this.#hourSeconds = atStart === this.#ask((hour + 1) * MS_PER_HOUR) ? atStart : undefined;
    }
    return this.#hourSeconds ?? this.#ask(unixMs);
  }

  #ask(unixMs: number): number {
    const known = Math.min(Math.max(unixMs, -MAX_DATE_MS), MAX_DATE_MS);
    const offset = this.#format.formatToParts(known).find((part) => part.type === 'timeZoneName')?.value ?? '';
    const [, sign, hours, minutes, seconds] = /([+-])(\d+):(\d+)(?::(\d+))?/.exec(offset) ?? [];
    const magnitude = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
    return sign === '-' ? -magnitude : magnitude;
  }
}
