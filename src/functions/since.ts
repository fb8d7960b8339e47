// How far a summary looks back: an interval before now, or a time.

import { withCode } from '../base/sql-error.js';
import type { QueryParameter } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';

/** A time that says how far it is from UTC, as TIMESTAMPTZ is written. A cast to TIMESTAMP would ignore that. */
const WITH_OFFSET = ':\\d\\d(\\.\\d+)?([+-]\\d\\d(:\\d\\d)*|Z)$';

/** Read as microseconds since 1970, in the text that `startSql` takes. */
export const sinceParameter: QueryParameter = {
  name: 'since',
  sqlType: 'INTERVAL',
  defaultSql: "'1 hour'",
  defaultText: "`INTERVAL '1 hour'`",
  doc: 'How far to look back: an INTERVAL before now, or a TIMESTAMP in UTC. Counts the start of a span and the time of a log.',
  readSql: (given, functionName) => readSql('since', given, functionName),
};

/** Read in the same way, for `endSql`. */
export const untilParameter: QueryParameter = {
  name: 'until',
  sqlType: 'INTERVAL',
  defaultSql: 'NULL',
  defaultText: 'no end',
  doc: 'Where to stop, which is not included: an INTERVAL before now, or a TIMESTAMP in UTC.',
  readSql: (given, functionName) => `CASE WHEN ${given} IS NOT NULL THEN ${readSql('until', given, functionName)} END`,
};

function readSql(name: string, given: string, functionName: string): string {
  const time = `CASE WHEN regexp_matches(${given}, ${quotedString(WITH_OFFSET)})
      THEN epoch_us(TRY_CAST(${given} AS TIMESTAMPTZ)) ELSE epoch_us(TRY_CAST(${given} AS TIMESTAMP)) END`;
  const interval = `TRY_CAST(${given} AS INTERVAL)`;
  const start = `CASE WHEN ${interval} > INTERVAL 0 SECONDS THEN epoch_us(TRY(make_timestamp(epoch_us(now())) - ${interval})) END`;
  const rule = `${name} of ${functionName}() must be an INTERVAL greater than zero or a TIMESTAMP, got `;
  return `coalesce(CAST(coalesce(TRY(${time}), ${start}) AS VARCHAR), error(${quotedString(rule)} || coalesce(${given}, 'NULL') || ${quotedString(withCode('OTLP_ARGUMENT_INVALID', ''))}))`;
}

/** The time from which on rows count: a constant, so that DuckDB reads only the parts of a table that may have such rows. */
export function startSql(given: Readonly<Record<string, string | null>>): string {
  return `make_timestamp(${given['since']})`;
}

/** The time from which on rows no longer count. */
export function endSql(given: Readonly<Record<string, string | null>>): string {
  return given['until'] === null ? "TIMESTAMP 'infinity'" : `make_timestamp(${given['until']})`;
}
