// Parameters of Loki's API, as texts → values. Errors have Loki's texts: clients show them.

import { parseDuration } from '#promql/syntax/duration';
import { quoted } from '#promql/syntax/go-text';
import { RequestValues } from '../../../server/read/request-values.js';

/** A request that Loki would not take: status 400, with this text. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRequest';
  }
}

const NS_PER_MS = 1_000_000n;
const HOUR_NS = 3_600_000n * NS_PER_MS;
/** Entries, points and values that are given where nobody says how many. */
const DEFAULT_LIMIT = 100;
/** Steps that Loki refuses more of, lest a range in the wrong unit costs the server everything. */
const MAX_STEPS = 11_000n;
/** A text of that many digits is in seconds, a longer one in nanoseconds. */
const LONGEST_SECONDS = 10;
const MAX_UINT32 = 2 ** 32 - 1;

export interface Bounds {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export type Direction = 'backward' | 'forward';

export class LokiParameters extends RequestValues {
  readonly #nowNs: bigint;

  constructor(values: readonly URLSearchParams[], nowMs: number) {
    super(values);
    this.#nowNs = BigInt(Math.trunc(nowMs)) * NS_PER_MS;
  }

  get query(): string {
    return this.text('query');
  }

  /** Values of a list that is separated by commas. */
  list(name: string): readonly string[] {
    return this.text(name) === '' ? [] : this.text(name).split(',');
  }

  limit(): number {
    return this.#count('limit', DEFAULT_LIMIT);
  }

  /** How many fields are detected, and in how many lines. */
  fieldLimits(): { readonly fields: number; readonly lines: number } {
    const fields = this.#count(this.text('limit') === '' ? 'field_limit' : 'limit', 1000);
    return { fields, lines: this.#count('line_limit', DEFAULT_LIMIT) };
  }

  /** The time of an instant query. */
  time(): bigint {
    return this.#time('time', this.#nowNs, (error) => error);
  }

  direction(): Direction {
    const text = this.text('direction');
    const direction = text.toLowerCase() || 'backward';
    if (direction === 'backward' || direction === 'forward') return direction;
    throw new BadRequest(`invalid direction '${text}'`);
  }

  /** By default the last hour. */
  bounds(): Bounds {
    const since = this.text('since');
    const sinceNs = since === '' ? HOUR_NS : this.#duration(since, "could not parse 'since' parameter");
    const endNs = this.#time('end', this.#nowNs, (error) => `could not parse 'end' parameter: ${error}`);
    const latest = endNs > this.#nowNs ? this.#nowNs : endNs;
    const startNs = this.#time('start', latest - sinceNs, (error) => `could not parse 'start' parameter: ${error}`);
    return { startNs, endNs };
  }

  /** Bounds whose end is not before their start. */
  orderedBounds(): Bounds {
    const bounds = this.bounds();
    if (bounds.endNs < bounds.startNs) {
      throw new BadRequest('end timestamp must not be before or equal to start time');
    }
    return bounds;
  }

  /** Bounds with the step between them. */
  range(): Bounds & { readonly stepNs: bigint } {
    const { startNs, endNs } = this.orderedBounds();
    const text = this.text('step');
    const seconds = (endNs - startNs) / 250n / 1_000_000_000n;
    const stepNs = text === '' ? (seconds > 1n ? seconds : 1n) * 1_000_000_000n : this.#secondsOrDuration(text);
    if (stepNs <= 0n) {
      throw new BadRequest('zero or negative query resolution step widths are not accepted. Try a positive integer');
    }
    if ((endNs - startNs) / stepNs > MAX_STEPS) {
      throw new BadRequest(
        'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
      );
    }
    return { startNs, endNs, stepNs };
  }

  /** Time between two entries of a stream that are given; 0 for all. */
  intervalNs(): bigint {
    const text = this.text('interval');
    const interval = text === '' ? 0n : this.#secondsOrDuration(text);
    if (interval < 0n) throw new BadRequest('interval must be >= 0');
    return interval;
  }

  /** Seconds that a tail waits for entries that come late. */
  delaySeconds(): number {
    const delay = this.text('delay_for') === '' ? 0 : this.#integer('delay_for');
    if (delay < 0) throw new BadRequest(`delay_for value ${delay} is out of range [0, ${MAX_UINT32}]`);
    if (delay > 5) throw new BadRequest("delay_for can't be greater than 5");
    return delay;
  }

  #count(name: string, absent: number): number {
    if (this.text(name) === '') return absent;
    const count = this.#integer(name);
    if (count <= 0) throw new BadRequest('limit must be a positive value');
    if (count > MAX_UINT32) throw new BadRequest(`${name} value ${count} is out of range [0, ${MAX_UINT32}]`);
    return count;
  }

  #integer(name: string): number {
    const text = this.text(name);
    if (!/^[+-]?\d+$/.test(text)) throw new BadRequest(`strconv.Atoi: parsing ${quoted(text)}: invalid syntax`);
    const value = Number(text);
    if (Math.abs(value) >= 2 ** 63) {
      throw new BadRequest(`strconv.Atoi: parsing ${quoted(text)}: value out of range`);
    }
    return value;
  }

  #time(name: string, absent: bigint, message: (error: string) => string): bigint {
    const text = this.text(name);
    if (text === '') return absent;
    const time = timeNs(text);
    if (time !== undefined && BigInt.asIntN(64, time) === time) return time;
    throw new BadRequest(
      message(
        `parsing time ${quoted(text)} as "2006-01-02T15:04:05.999999999Z07:00": cannot parse ${quoted(text)} as "2006"`,
      ),
    );
  }

  #duration(text: string, otherwise: string): bigint {
    try {
      return BigInt(parseDuration(text)) * NS_PER_MS;
    } catch {
      throw new BadRequest(`${otherwise}: not a valid duration string: ${quoted(text)}`);
    }
  }

  #secondsOrDuration(text: string): bigint {
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
      const ns = Number(text) * 1e9;
      if (Math.abs(ns) <= 2 ** 63) return BigInt(Math.trunc(ns));
      throw new BadRequest(`cannot parse ${quoted(text)} to a valid duration. It overflows int64`);
    }
    try {
      return BigInt(parseDuration(text)) * NS_PER_MS;
    } catch {
      throw new BadRequest(`cannot parse ${quoted(text)} to a valid duration`);
    }
  }
}

/** A time that may be float seconds, seconds, nanoseconds or RFC 3339; undefined for any other text. */
function timeNs(text: string): bigint | undefined {
  if (/^[+-]?\d*\.\d*$/.test(text) && /\d/.test(text)) {
    const [whole, fraction = ''] = text.split('.');
    // Milliseconds are what clients know.
    const ms = Math.round(Number(`0.${fraction}`) * 1000);
    const sign = text.startsWith('-') ? -1n : 1n;
    return (
      BigInt(whole === '' || whole === '-' || whole === '+' ? 0 : whole!) * 1_000_000_000n +
      sign * BigInt(ms) * NS_PER_MS
    );
  }
  if (/^[+-]?\d+$/.test(text)) {
    const number = BigInt(text.replace('+', ''));
    return text.length <= LONGEST_SECONDS ? number * 1_000_000_000n : number;
  }
  const [, seconds, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:[.,](\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const ms = Date.parse(`${seconds}${zone}`);
  return Number.isNaN(ms) ? undefined : BigInt(ms) * NS_PER_MS + BigInt(fraction.padEnd(9, '0'));
}
