// When a span started, in SQL. Tables have it in microseconds; those of exact fidelity have the rest beside it.

export interface SpanRange {
  /** Included. */
  readonly startUnixNs: bigint;
  /** Not included. */
  readonly endUnixNs: bigint;
}

/** BIGINT. */
export const START_NS_SQL = '(epoch_us(start_time_unix_nano) * 1000 + coalesce(start_time_unix_nano_rest, 0))';

const LAST_NS = 2n ** 63n - 1n;

/** Whether a span starts in the range. By whole microseconds of the column first, so that DuckDB can prune. */
export function inRangeSql({ startUnixNs, endUnixNs }: SpanRange): string {
  const conditions = [`start_time_unix_nano >= make_timestamp(${bounded(startUnixNs) / 1000n})`];
  if (endUnixNs <= LAST_NS) conditions.push(`start_time_unix_nano <= make_timestamp(${bounded(endUnixNs) / 1000n})`);
  // Whole microseconds need no second look.
  if (startUnixNs % 1000n !== 0n) conditions.push(`${START_NS_SQL} >= ${bounded(startUnixNs)}`);
  if (endUnixNs <= LAST_NS) {
    conditions.push(
      endUnixNs % 1000n === 0n
        ? `start_time_unix_nano < make_timestamp(${bounded(endUnixNs) / 1000n})`
        : `${START_NS_SQL} < ${bounded(endUnixNs)}`,
    );
  }
  return conditions.join(' AND ');
}

function bounded(ns: bigint): bigint {
  return ns < 0n ? 0n : ns > LAST_NS ? LAST_NS : ns;
}
