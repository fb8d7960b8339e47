import type { TemplateFunction } from './compile.js';
import { formatTime, GoTime } from './go-time.js';
import { parseTime } from './parse-time.js';
import { timeZone, utc } from './time-zone.js';
import { type GoValue, Int64 } from './value.js';

const NS_PER_SECOND = 1_000_000_000n;

/** Nanoseconds that a count is worth, by how many digits it has. */
const unitByLength = new Map([
  [5, 86_400n * NS_PER_SECOND],
  [10, NS_PER_SECOND],
  [13, 1_000_000n],
  [16, 1_000n],
  [19, 1n],
]);

function unixToTime(text: string): GoTime {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new Error(
      `unable to parse time '${text}': strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  }
  const unit = unitByLength.get(text.length);
  if (unit === undefined) throw new Error(`unable to parse time '${text}': %!w(<nil>)`);
  return new GoTime(BigInt(text) * unit, utc);
}

/** A time, or seconds since 1970. */
function dateText(layout: string, date: GoValue): string {
  if (date instanceof GoTime) return formatTime(date.in(utc), layout);
  const seconds = date instanceof Int64 ? date.value : typeof date === 'bigint' ? date : undefined;
  return formatTime(seconds === undefined ? now() : new GoTime(seconds * NS_PER_SECOND, utc), layout);
}

function now(): GoTime {
  return new GoTime(BigInt(Date.now()) * 1_000_000n, utc);
}

function ofTime(call: (time: GoTime) => GoValue): TemplateFunction {
  return { parameters: ['time.Time'], call: ([time]) => call(time as GoTime) };
}

export const timeFunctions: Readonly<Record<string, TemplateFunction>> = {
  __timestamp__: { parameters: [], call: (_, { timeNs }) => new GoTime(timeNs, utc) },
  now: { parameters: [], call: now },
  date: { parameters: ['string', 'any'], call: ([layout, date]) => dateText(layout as string, date) },
  toDate: {
    parameters: ['string', 'string'],
    call: ([layout, text]) => parseTime(layout as string, text as string, utc) ?? GoTime.zero,
  },
  toDateInZone: {
    parameters: ['string', 'string', 'string'],
    call: ([layout, zone, text]) =>
      parseTime(layout as string, text as string, timeZone(zone as string) ?? utc) ?? GoTime.zero,
  },
  unixToTime: { parameters: ['string'], call: ([text]) => unixToTime(text as string) },
  unixEpoch: ofTime((time) => String(time.unixSeconds)),
  unixEpochMillis: ofTime((time) => String((time.unixNs - (time.nanosecond % 1_000_000n)) / 1_000_000n)),
  unixEpochNanos: ofTime((time) => String(time.unixNs)),
};
