// Times and durations as functions over query engines take them. "Now" is when the query runs: DuckDB reads the arguments of a
// prepared statement once, so times before now are told as such.

import { parseDuration } from '#promql/syntax/duration';
import { SqlError } from '../base/sql-error.js';
import type { QueryParameter } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';

/** A time that says how far it is from UTC, as TIMESTAMPTZ is written. A cast to TIMESTAMP would ignore that. */
const WITH_OFFSET = ':\\d\\d(\\.\\d+)?([+-]\\d\\d(:\\d\\d)*|Z)$';
/** In front of microseconds: since 1970, or before now. */
const AT = 'at ';
const AGO = 'ago ';

/** Steps of a range that has no step: about as many as a graph has pixels for. */
const DEFAULT_STEPS = 240;

type Given = string | null | undefined;

/** Time between evaluations of a range for which nobody says it. */
export function defaultStepMs(startMs: number, endMs: number): number {
  return Math.max(1, Math.ceil((endMs - startMs) / DEFAULT_STEPS / 1000)) * 1000;
}

/** A TIMESTAMP in UTC, or an INTERVAL before now. */
export function timeParameter(
  declared: Pick<QueryParameter, 'name' | 'doc' | 'defaultSql' | 'defaultText'>,
): QueryParameter {
  return {
    ...declared,
    sqlType: 'VARCHAR',
    readSql: (given, functionName) => {
      const time = `CASE WHEN regexp_matches(${given}, ${quotedString(WITH_OFFSET)})
        THEN epoch_us(TRY_CAST(${given} AS TIMESTAMPTZ)) ELSE epoch_us(TRY_CAST(${given} AS TIMESTAMP)) END`;
      const interval = `CAST(epoch(TRY_CAST(${given} AS INTERVAL)) * 1000000 AS BIGINT)`;
      const rule = `${declared.name} of ${functionName}() must be a TIMESTAMP or an INTERVAL before now, got `;
      return `CASE WHEN ${given} IS NULL THEN NULL ELSE coalesce(${quotedString(AT)} || TRY(${time}), ${quotedString(AGO)} || TRY(${interval}),
        error(${quotedString(rule)} || ${given} || ' [OTLP_ARGUMENT_INVALID]')) END`;
    },
  };
}

/** Milliseconds of a time that was read as above; undefined where none was given. */
export function readTimeMs(given: Given, nowMs: number): number | undefined {
  if (given === null || given === undefined) return undefined;
  const milliseconds = Number(given.slice(given.indexOf(' '))) / 1000;
  return Math.floor(given.startsWith(AGO) ? nowMs - milliseconds : milliseconds);
}

/** An INTERVAL, a duration such as '1m30s', or a number of seconds. */
export function durationParameter(
  declared: Pick<QueryParameter, 'name' | 'doc' | 'defaultSql' | 'defaultText'>,
): QueryParameter {
  return {
    ...declared,
    sqlType: 'VARCHAR',
    // What DuckDB makes of it stands behind the text, for the forms that we do not read ourselves.
    readSql: (given) => `${given} || ' = ' || coalesce(CAST(epoch(TRY_CAST(${given} AS INTERVAL)) AS VARCHAR), '')`,
  };
}

/** Milliseconds of a duration that was read as above; undefined where none was given. Throws unless it is positive. */
export function readDurationMs(given: Given, name: string): number | undefined {
  if (given === null || given === undefined) return undefined;
  const end = given.lastIndexOf(' = ');
  const text = given.slice(0, end);
  const milliseconds = Math.round(durationMs(text) ?? Number(given.slice(end + 3)) * 1000);
  if (milliseconds > 0) return milliseconds;
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `${name} must be an INTERVAL, a duration such as '1m30s' or a number of seconds, and at least a millisecond, got ${text}`,
  );
}

function durationMs(text: string): number | undefined {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1000;
  try {
    return parseDuration(text);
  } catch {
    return undefined;
  }
}
