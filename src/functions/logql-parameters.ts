// What the functions over LogQL have in common: parameters, and the queries that calls of them are.

import { SqlError } from '../base/sql-error.js';
import type { Caller } from '../duckdb/pending-function.js';
import type { QueryParameter } from '../duckdb/query-function.js';
import { LOGQL_ENGINE, type LogqlRequest, type RangeQuestion } from '../query/logql/logql-request.js';
import { logqlSettings } from '../query/logql/logql-settings.js';
import type { EngineQuery } from '../query/run/query-runner.js';
import { lokiOptions } from '../schema/loki-options.js';
import { promqlOptions } from '../schema/promql-options.js';
import { homeOf, homeParameters } from './home-parameters.js';
import { optionParameters, readOptionTexts } from './option-parameters.js';
import { defaultStepMs, durationParameter, readDurationMs, readTimeMs, timeParameter } from './query-times.js';

type Given = Readonly<Record<string, string | null>>;

const DEFAULT_RANGE_MS = 3_600_000;
const NS_PER_MS = 1_000_000n;

export const queryParameter: QueryParameter = { name: 'query', sqlType: 'VARCHAR', doc: 'A LogQL query.' };

export const timeParameters: readonly QueryParameter[] = [
  timeParameter({
    name: 'since',
    defaultSql: "'1 hour'",
    defaultText: "`INTERVAL '1 hour'`",
    doc: 'First time: an INTERVAL before now, or a TIMESTAMP in UTC.',
  }),
  timeParameter({
    name: 'until',
    defaultSql: 'NULL',
    defaultText: 'now',
    doc: 'Last time: the same. Lines of that very time are not read, samples are.',
  }),
];

export const stepParameter = durationParameter({
  name: 'step',
  defaultSql: 'NULL',
  defaultText: 'a 240th of the range, whole seconds',
  doc: "Time between samples: an INTERVAL, a duration such as `'1m30s'`, or seconds.",
});

export const lineParameters: readonly QueryParameter[] = [
  {
    name: 'max_rows',
    sqlType: 'BIGINT',
    defaultSql: 'NULL',
    defaultText: 'all',
    doc: 'Maximum number of lines.',
  },
  {
    name: 'direction',
    sqlType: 'VARCHAR',
    defaultSql: "'backward'",
    defaultText: '`backward`',
    doc: 'Order of lines: `backward`, the newest first, or `forward`.',
  },
];

const { log_index_attributes, max_log_series } = lokiOptions;
const { max_samples, query_timeout_ms } = promqlOptions;
const options = { log_index_attributes, max_log_series, max_samples, query_timeout_ms };

export const commonParameters: readonly QueryParameter[] = [...homeParameters, ...optionParameters(options)];

/** The query of a call. */
export function logqlQuery(form: 'lines' | 'samples' | 'plan', caller: Caller, given: Given) {
  const values = readOptionTexts(options, given);
  const question = questionOf(given);
  const request: LogqlRequest = { form, settings: logqlSettings(values), question };
  return {
    engine: LOGQL_ENGINE,
    kind: 'logql',
    text: question.query,
    home: homeOf(caller, given),
    limits: { maxSamples: values.max_samples, timeoutMs: values.query_timeout_ms },
    request,
  } satisfies Partial<EngineQuery>;
}

function questionOf(given: Given): RangeQuestion {
  const nowMs = Date.now();
  const startMs = readTimeMs(given['since'], nowMs) ?? nowMs - DEFAULT_RANGE_MS;
  const endMs = readTimeMs(given['until'], nowMs) ?? nowMs;
  const stepMs = readDurationMs(given['step'], 'step') ?? defaultStepMs(startMs, endMs);
  return {
    kind: 'range',
    query: given['query'] ?? '',
    startNs: BigInt(startMs) * NS_PER_MS,
    endNs: BigInt(endMs) * NS_PER_MS,
    stepNs: BigInt(stepMs) * NS_PER_MS,
    intervalNs: 0n,
    limit: maxRows(given['max_rows']),
    direction: directionOf(given['direction']),
    encoding: 'categorized',
  };
}

function maxRows(given: string | null | undefined): number | undefined {
  if (given === null || given === undefined) return undefined;
  const rows = Number(given);
  if (rows >= 1) return rows;
  throw new SqlError('OTLP_ARGUMENT_INVALID', `max_rows of logql() must be at least 1, got ${given}`);
}

function directionOf(given: string | null | undefined): RangeQuestion['direction'] {
  const direction = (given ?? 'backward').toLowerCase();
  if (direction === 'backward' || direction === 'forward') return direction;
  throw new SqlError('OTLP_ARGUMENT_INVALID', `direction of logql() must be backward or forward, got ${given}`);
}
