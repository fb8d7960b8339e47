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

/** Whether a span starts in the range: by whole microseconds of the column, so that DuckDB can prune, and by the rest where they are equal. */
export function inRangeSql({ startUnixNs, endUnixNs }: SpanRange): string {
  const conditions = [boundSql('>=', bounded(startUnixNs))];
  if (endUnixNs <= LAST_NS) conditions.push(boundSql('<', bounded(endUnixNs)));
  return conditions.join(' AND ');
}

function boundSql(operator: '>=' | '<', ns: bigint): string {
  const moment = `make_timestamp(${ns / 1000n})`;
  const rest = ns % 1000n;
  if (rest === 0n) return `start_time_unix_nano ${operator} ${moment}`;
  // No arithmetic: only rows of this very microsecond have to be looked at twice.
  const [wide, strict] = operator === '>=' ? ['>=', '>'] : ['<=', '<'];
  const inMicrosecond = `coalesce(start_time_unix_nano_rest, 0) ${operator} ${rest}`;
  return `start_time_unix_nano ${wide} ${moment} AND (start_time_unix_nano ${strict} ${moment} OR ${inMicrosecond})`;
}

function bounded(ns: bigint): bigint {
  return ns < 0n ? 0n : ns > LAST_NS ? LAST_NS : ns;
}
