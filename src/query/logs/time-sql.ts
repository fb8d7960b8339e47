// The time of a log record, as Loki takes it: when the event occurred, or else when it was observed. A record with neither
// has no time here: tables do not hold when it came.

/** Microseconds since 1970. */
export const TIME_US_SQL = 'epoch_us(coalesce(time_unix_nano, observed_time_unix_nano))';

export interface TimeRange {
  /** Included. */
  readonly startNs: bigint;
  /** Not included. */
  readonly endNs: bigint;
}

/**
 * The rows of the range, as a relation. DuckDB skips what is outside by the smallest and largest values of a column, where a
 * comparison of that column alone says so: not by `coalesce`, and not by an OR beside conditions on other columns, which cost
 * 100 ms of 2 million rows for a range that holds none. So rows with a time of their own and those without are read apart.
 */
export function rowsSql({ startNs, endNs }: TimeRange): string {
  const isIn = (column: string) => `${column} >= ${timestampSql(startNs)} AND ${column} < ${timestampSql(endNs)}`;
  return `(SELECT * FROM {{otlp_logs}} WHERE ${isIn('time_unix_nano')}
    UNION ALL SELECT * FROM {{otlp_logs}} WHERE time_unix_nano IS NULL AND ${isIn('observed_time_unix_nano')})`;
}

/** The first microsecond that is not before a time: rows have no shorter times. */
function timestampSql(ns: bigint): string {
  return `make_timestamp(${ceilUs(ns)})`;
}

function ceilUs(ns: bigint): bigint {
  const us = ns / 1000n;
  return us * 1000n < ns ? us + 1n : us;
}
