import { days, GoTime, months, reference } from './go-time.js';
import { fixedZone, type TimeZone, utc } from './time-zone.js';

/** What has been read of a time. */
interface Fields {
  year: number;
  month: number;
  day: number;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanosecond: bigint;
  isAfternoon: boolean | undefined;
  offsetSeconds: number | undefined;
}

/** A part of a layout that is a number. */
interface NumberPart {
  readonly pattern: RegExp;
  readonly field: 'year' | 'month' | 'day' | 'yearDay' | 'hour' | 'minute' | 'second';
  readonly least: number;
  readonly most: number;
}

const upToTwo = /^\d\d?/;
const two = /^\d\d/;

const numberParts = new Map<string, NumberPart>([
  ['2006', { pattern: /^\d{4}/, field: 'year', least: 0, most: 9999 }],
  ['06', { pattern: two, field: 'year', least: 0, most: 99 }],
  ['1', { pattern: upToTwo, field: 'month', least: 1, most: 12 }],
  ['01', { pattern: two, field: 'month', least: 1, most: 12 }],
  ['2', { pattern: upToTwo, field: 'day', least: 1, most: 31 }],
  ['_2', { pattern: /^ ?\d\d?/, field: 'day', least: 1, most: 31 }],
  ['02', { pattern: two, field: 'day', least: 1, most: 31 }],
  ['002', { pattern: /^\d{3}/, field: 'yearDay', least: 1, most: 366 }],
  ['__2', { pattern: /^ {0,2}\d{1,3}/, field: 'yearDay', least: 1, most: 366 }],
  ['15', { pattern: upToTwo, field: 'hour', least: 0, most: 23 }],
  ['3', { pattern: upToTwo, field: 'hour', least: 0, most: 12 }],
  ['03', { pattern: two, field: 'hour', least: 0, most: 12 }],
  ['4', { pattern: upToTwo, field: 'minute', least: 0, most: 59 }],
  ['04', { pattern: two, field: 'minute', least: 0, most: 59 }],
  ['5', { pattern: upToTwo, field: 'second', least: 0, most: 59 }],
  ['05', { pattern: two, field: 'second', least: 0, most: 59 }],
]);

/** Years of two digits are between these. */
const CENTURY_BEGINS = 69;

/** Reads a time in a layout of Go's; undefined for a text that is none. */
export function parseTime(layout: string, text: string, zone: TimeZone): GoTime | undefined {
  const fields: Fields = {
    ...{ year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0, nanosecond: 0n },
    ...{ yearDay: undefined, isAfternoon: undefined, offsetSeconds: undefined },
  };
  let rest = text;
  let copied = 0;
  for (const { 0: part, index } of layout.matchAll(reference)) {
    const left = withoutPrefix(rest, layout.slice(copied, index));
    const length = left === undefined ? undefined : readPart(part, left, fields);
    if (length === undefined) return undefined;
    rest = left!.slice(length);
    copied = index + part.length;
    // Seconds may have a fraction that the layout does not speak of.
    const isSecond = part === '5' || part === '05';
    if (isSecond && !/^[.,][09]/.test(layout.slice(copied))) rest = rest.slice(readFraction('.9', rest, fields));
  }
  return withoutPrefix(rest, layout.slice(copied)) === '' ? timeOf(fields, zone) : undefined;
}

/** Spaces of a layout stand for any number of spaces. */
function withoutPrefix(text: string, prefix: string): string | undefined {
  let rest = text;
  for (const piece of prefix.match(/ +|[^ ]+/g) ?? []) {
    if (piece.startsWith(' ')) {
      if (rest !== '' && !rest.startsWith(' ')) return undefined;
      rest = rest.replace(/^ +/, '');
    } else if (rest.startsWith(piece)) rest = rest.slice(piece.length);
    else return undefined;
  }
  return rest;
}

/** Reads one part into the fields; how many characters it took, or undefined. */
function readPart(part: string, text: string, fields: Fields): number | undefined {
  const number = numberParts.get(part);
  if (number !== undefined) return readNumber(part, number, text, fields);
  switch (part) {
    case 'January':
    case 'Jan': {
      const name = nameIn(months, part.length === 3, text);
      if (name !== undefined) fields.month = months.indexOf(name) + 1;
      return name === undefined ? undefined : part.length === 3 ? 3 : name.length;
    }
    case 'Monday':
    case 'Mon': {
      const name = nameIn(days, part.length === 3, text);
      return name === undefined ? undefined : part.length === 3 ? 3 : name.length;
    }
    case 'PM':
    case 'pm': {
      const half = (part === 'PM' ? /^[AP]M/ : /^[ap]m/).exec(text)?.[0];
      fields.isAfternoon = half?.toUpperCase() === 'PM';
      return half?.length;
    }
    case 'MST': {
      const name = /^(?:[A-Z]{3,5}|[+-]\d\d)/.exec(text)?.[0];
      if (name === 'UTC' || name === 'GMT') fields.offsetSeconds ??= 0;
      return name?.length;
    }
    default:
      return /^[.,]/.test(part) ? readFraction(part, text, fields) : readOffset(part, text, fields);
  }
}

function readNumber(
  part: string,
  { pattern, field, least, most }: NumberPart,
  text: string,
  fields: Fields,
): number | undefined {
  const digits = pattern.exec(text)?.[0];
  if (digits === undefined) return undefined;
  const value = Number(digits);
  if (value < least || value > most) return undefined;
  fields[field] = part === '06' ? value + (value >= CENTURY_BEGINS ? 1900 : 2000) : value;
  return digits.length;
}

/** The name that a text begins with, or with whose first three letters. */
function nameIn(names: readonly string[], isShort: boolean, text: string): string | undefined {
  const start = text.toLowerCase();
  return names.find((name) => start.startsWith((isShort ? name.slice(0, 3) : name).toLowerCase()));
}

function readFraction(part: string, text: string, fields: Fields): number | undefined {
  const isFixed = part[1] === '0';
  const fraction = (isFixed ? new RegExp(`^[.,]\\d{${part.length - 1}}`) : /^[.,]\d+/).exec(text)?.[0];
  if (fraction === undefined) return isFixed ? undefined : 0;
  fields.nanosecond = BigInt(fraction.slice(1, 10).padEnd(9, '0'));
  return fraction.length;
}

function readOffset(part: string, text: string, fields: Fields): number | undefined {
  if (part.startsWith('Z') && text.startsWith('Z')) {
    fields.offsetSeconds = 0;
    return 1;
  }
  const count = part.replaceAll(/[^0-9]/g, '').length / 2;
  const separator = part.includes(':') ? ':' : '';
  const match = new RegExp(`^([+-])${new Array(count).fill('(\\d\\d)').join(separator)}`).exec(text);
  if (match === null) return undefined;
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map(Number);
  fields.offsetSeconds = (match[1] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
  return match[0].length;
}

function timeOf(fields: Fields, zone: TimeZone): GoTime | undefined {
  let { hour } = fields;
  if (fields.isAfternoon === true && hour < 12) hour += 12;
  else if (fields.isAfternoon === false && hour === 12) hour = 0;
  const date = new Date(0);
  date.setUTCFullYear(fields.year, fields.yearDay === undefined ? fields.month - 1 : 0, fields.yearDay ?? fields.day);
  if (fields.yearDay === undefined && date.getUTCDate() !== fields.day) return undefined;
  date.setUTCHours(hour, fields.minute, fields.second);
  const clockSeconds = date.getTime() / 1000;
  const offset = fields.offsetSeconds ?? zone.offsetSeconds(clockSeconds - zone.offsetSeconds(clockSeconds));
  const unixSeconds = clockSeconds - offset;
  const isOfZone = zone.offsetSeconds(unixSeconds) === offset;
  const written = isOfZone ? zone : offset === 0 ? utc : fixedZone(offset);
  return new GoTime(BigInt(unixSeconds) * 1_000_000_000n + fields.nanosecond, written);
}
