// Parameters of Prometheus's API, as texts → values. Errors have Prometheus's texts: clients show them, and some match them.

import { parseDuration } from '#promql/syntax/duration';
import { quoted } from '#promql/syntax/go-text';
import { RequestValues } from '../../../server/read/request-values.js';
import { MAX_STEPS } from '../../promql/promql-settings.js';

/** Wrong data of a request: `bad_data`, status 400. */
export class BadData extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadData';
  }
}

/** Times that are farther away count as this: DuckDB's own times end near 292,000 years from 1970. */
const FARTHEST_MS = 9e15;

/** Times that Prometheus's clients send for no bound, and that its own parser could not read. */
const NO_BOUNDS = new Map([
  ['-292273086-05-16T16:47:06Z', -FARTHEST_MS],
  ['292277025-08-18T07:12:54.999999999Z', FARTHEST_MS],
]);

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

export class Parameters extends RequestValues {
  /** A time in milliseconds that must be given. */
  time(name: string): number {
    return read(name, () => parseTime(this.text(name)));
  }

  /** A time in milliseconds, or undefined. */
  optionalTime(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    try {
      return parseTime(text);
    } catch (error) {
      throw invalid(name, `invalid time value for '${name}': ${(error as Error).message}`);
    }
  }

  /** A duration in milliseconds. */
  duration(name: string): number {
    return read(name, () => parseDurationMs(this.text(name)));
  }

  optionalDuration(name: string): number | undefined {
    return this.text(name) === '' ? undefined : this.duration(name);
  }

  /** Age up to which a sample counts, in milliseconds. */
  lookback(): number | undefined {
    const text = this.text('lookback_delta');
    if (text === '') return undefined;
    try {
      // 0 stands for the default.
      return parseDurationMs(text) || undefined;
    } catch (error) {
      throw new BadData(`error parsing lookback delta duration: ${(error as Error).message}`);
    }
  }

  /** How many results to give; 0 for all. */
  limit(): number {
    const text = this.text('limit');
    if (text === '') return 0;
    return read('limit', () => {
      const limit = parseInteger(text);
      if (limit < 0) throw new Error('limit must be non-negative');
      return limit;
    });
  }

  /** A whole number, or undefined. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw new BadData(`${name} must be a number`);
    return Number(text);
  }

  /** Start, end and step of a range query. */
  range(): { startMs: number; endMs: number; stepMs: number } {
    const startMs = this.time('start');
    const endMs = this.time('end');
    if (endMs < startMs) throw invalid('end', 'end timestamp must not be before start time');
    const stepMs = Math.trunc(this.duration('step'));
    if (stepMs <= 0) {
      throw invalid('step', 'zero or negative query resolution step widths are not accepted. Try a positive integer');
    }
    if (Math.floor((endMs - startMs) / stepMs) > MAX_STEPS) {
      throw new BadData(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    return { startMs, endMs, stepMs };
  }
}

export function invalid(name: string, text: string): BadData {
  return new BadData(`invalid parameter ${quoted(name)}: ${text}`);
}

function read<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw invalid(name, (error as Error).message);
  }
}

function parseTime(text: string): number {
  const timeMs = FLOAT.test(text) ? secondsToMs(Number(text)) : (NO_BOUNDS.get(text) ?? parseRfc3339(text));
  if (timeMs === undefined) throw new Error(`cannot parse ${quoted(text)} to a valid timestamp`);
  return Math.min(FARTHEST_MS, Math.max(-FARTHEST_MS, timeMs));
}

function secondsToMs(seconds: number): number {
  const whole = Math.trunc(seconds);
  return whole * 1000 + Math.round((seconds - whole) * 1000);
}

/** Undefined for a text that is none, or names a day that there is not. */
function parseRfc3339(text: string): number | undefined {
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] =
    RFC3339.exec(text) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDay = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  if (Number(offsetHour ?? 0) > 24 || Number(offsetMinute ?? 0) > 59) return undefined;
  const offsetMinutes = (sign === '-' ? -1 : 1) * (60 * Number(offsetHour ?? 0) + Number(offsetMinute ?? 0));
  const minutes = 60 * Number(hour) + Number(minute) - offsetMinutes;
  return date.getTime() + 60_000 * minutes + 1000 * Number(second) + Number(fraction.padEnd(3, '0').slice(0, 3));
}

function parseDurationMs(text: string): number {
  if (FLOAT.test(text)) {
    const milliseconds = Number(text) * 1000;
    // Go counts nanoseconds in 64 bits.
    if (Math.abs(milliseconds) * 1e6 <= 2 ** 63) return milliseconds;
    throw new Error(`cannot parse ${quoted(text)} to a valid duration. It overflows int64`);
  }
  try {
    return parseDuration(text);
  } catch {
    throw new Error(`cannot parse ${quoted(text)} to a valid duration`);
  }
}

function parseInteger(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new Error(`strconv.Atoi: parsing ${quoted(text)}: invalid syntax`);
  const value = Number(text);
  if (Math.abs(value) >= 2 ** 63) throw new Error(`strconv.Atoi: parsing ${quoted(text)}: value out of range`);
  return value;
}
