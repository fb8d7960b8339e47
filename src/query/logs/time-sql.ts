// The time of a log record, as Loki takes it: when the event occurred, or else when it was observed. A record with neither
// has no time here: tables do not hold when it came.

import { nanosecondsName } from '../../schema/column-declaration.js';
import { isOneOfSql } from './is-one-of-sql.js';

/** Whether rows tell the nanoseconds that their times in microseconds leave out. */
export type TimePrecision = 'microseconds' | 'nanoseconds';

export interface TimeRange {
  /** Included. */
  readonly startNs: bigint;
  /** Not included. */
  readonly endNs: bigint;
}

const NS_PER_US = 1000n;
/** Time of a row and what it leaves out, in relations of `rows` and `rowsAt`. */
const TIME = 'log_time';
const REST = 'log_time_rest';
const OWN = 'time_unix_nano';
const OBSERVED = 'observed_time_unix_nano';
/** INT64_MAX: a no-op LIMIT, because DuckDB does not push filters below one. */
const NO_LIMIT = '9223372036854775807';

/** Times of `otlp_logs` in SQL. */
export class LogTimeSql {
  readonly #precision: TimePrecision;

  constructor(precision: TimePrecision) {
    this.#precision = precision;
  }

  /** Nanoseconds since 1970 of a row of `rows`. */
  get timeNs(): string {
    return this.#nanoseconds(TIME, REST);
  }

  /** Of any row of the table; now where it has no time. */
  get timeOrNowNs(): string {
    const times = [OWN, OBSERVED].map((column) => this.#nanoseconds(column, nanosecondsName(column)));
    return `coalesce(${times.join(', ')}, epoch_us(now()) * ${NS_PER_US})`;
  }

  /** When a row was observed, where that is not its time. */
  get observedNs(): string {
    return `CASE WHEN ${OWN} IS NOT NULL THEN ${this.#nanoseconds(OBSERVED, nanosecondsName(OBSERVED))} END`;
  }

  /** What ORDER BY needs for rows of `rows`. */
  order(direction: 'ASC' | 'DESC'): string {
    return this.#isExact ? `${TIME} ${direction}, ${REST} ${direction}` : `${TIME} ${direction}`;
  }

  /**
   * The rows of the range, as a relation. DuckDB skips what is outside by the smallest and largest values of a column, where a
   * comparison of that column alone says so: not by `coalesce`, and not by an OR beside conditions on other columns, which cost
   * 100 ms of 2 million rows for a range that holds none. So rows with a time of their own and those without are read apart.
   */
  rows(range: TimeRange): string {
    return `(${this.#rows((column) => this.#isIn(column, range))})`;
  }

  /**
   * The rows at some times, which are in order, that meet a condition on columns which are cheap to read. No other condition that is
   * put on the relation is tested before: few rows are left, and the texts of all others need not be read. Of the microseconds of
   * these times there may be other rows as well, but none before the first time or behind the last.
   */
  rowsAt(timesNs: BigInt64Array, condition: string): string {
    const times = [...new Set(Array.from(timesNs, (ns) => ns / NS_PER_US))].map(timestampSql);
    const rows = this.#rows((column) => `${isOneOfSql(column, times)} AND ${condition}`);
    const bounds = [timesNs[0]!, timesNs.at(-1)!].sort((left, right) => (left < right ? -1 : 1)).join(' AND ');
    const isBetween = this.#isExact ? ` WHERE ${this.timeNs} BETWEEN ${bounds}` : '';
    return `(SELECT * FROM (${rows})${isBetween} LIMIT ${NO_LIMIT})`;
  }

  #rows(condition: (column: string) => string): string {
    return `SELECT *, ${this.#time(OWN)} FROM {{otlp_logs}} WHERE ${condition(OWN)}
    UNION ALL SELECT *, ${this.#time(OBSERVED)} FROM {{otlp_logs}} WHERE ${OWN} IS NULL AND ${condition(OBSERVED)}`;
  }

  #time(column: string): string {
    return `${column} AS ${TIME}${this.#isExact ? `, coalesce(${nanosecondsName(column)}, 0) AS ${REST}` : ''}`;
  }

  /** Bounds of whole microseconds are compared in one column. */
  #isIn(column: string, { startNs, endNs }: TimeRange): string {
    const rest = `coalesce(${nanosecondsName(column)}, 0)`;
    const conditions = [`${column} >= ${timestampSql(this.#isExact ? startNs / NS_PER_US : ceilUs(startNs))}`];
    conditions.push(`${column} < ${timestampSql(ceilUs(endNs))}`);
    if (this.#isExact && startNs % NS_PER_US !== 0n) {
      conditions.push(`(${column} > ${timestampSql(startNs / NS_PER_US)} OR ${rest} >= ${startNs % NS_PER_US})`);
    }
    if (this.#isExact && endNs % NS_PER_US !== 0n) {
      conditions.push(`(${column} < ${timestampSql(endNs / NS_PER_US)} OR ${rest} < ${endNs % NS_PER_US})`);
    }
    return conditions.join(' AND ');
  }

  get #isExact(): boolean {
    return this.#precision === 'nanoseconds';
  }

  #nanoseconds(column: string, rest: string): string {
    const whole = `epoch_us(${column}) * ${NS_PER_US}`;
    return this.#isExact ? `(${whole} + coalesce(${rest}, 0))` : whole;
  }
}

function timestampSql(us: bigint): string {
  return `make_timestamp(${us})`;
}

/** The first microsecond that is not before a time. */
function ceilUs(ns: bigint): bigint {
  const us = ns / NS_PER_US;
  return us * NS_PER_US < ns ? us + 1n : us;
}
