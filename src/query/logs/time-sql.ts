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

/** Whether a row is in the range. */
export function timeSql({ startNs, endNs }: TimeRange): string {
  const start = timestampSql(startNs);
  const end = timestampSql(endNs);
  // DuckDB prunes by the first two, which say something of one column each; the third one decides.
  return `(time_unix_nano >= ${start} OR time_unix_nano IS NULL) AND (time_unix_nano < ${end} OR time_unix_nano IS NULL)
    AND coalesce(time_unix_nano, observed_time_unix_nano) >= ${start} AND coalesce(time_unix_nano, observed_time_unix_nano) < ${end}`;
}

/** The first microsecond that is not before a time: rows have no shorter times. */
function timestampSql(ns: bigint): string {
  return `make_timestamp(${ceilUs(ns)})`;
}

function ceilUs(ns: bigint): bigint {
  const us = ns / 1000n;
  return us * 1000n < ns ? us + 1n : us;
}
