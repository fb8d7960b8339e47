// What the functions over PromQL have in common: parameters, and the queries that calls of them are.

import type { Caller } from '../duckdb/pending-function.js';
import type { QueryParameter } from '../duckdb/query-function.js';
import type { EvaluationTimes, PromqlRequest, RangeTimes } from '../query/promql/promql-request.js';
import { promqlSettings, runnerLimits } from '../query/promql/promql-settings.js';
import type { EngineQuery } from '../query/run/query-runner.js';
import { promqlOptions } from '../schema/promql-options.js';
import { homeOf, homeParameters } from './home-parameters.js';
import { optionParameters, readOptionTexts } from './option-parameters.js';
import { defaultStepMs, durationParameter, readDurationMs, readTimeMs, timeParameter } from './query-times.js';

type Given = Readonly<Record<string, string | null>>;

const DEFAULT_RANGE_MS = 3_600_000;

export const queryParameter: QueryParameter = { name: 'query', sqlType: 'VARCHAR', doc: 'A PromQL expression.' };

export const atParameter = timeParameter({
  name: 'at',
  defaultSql: 'NULL',
  defaultText: 'now',
  doc: 'When to evaluate: a TIMESTAMP in UTC, or an INTERVAL before now.',
});

export const rangeParameters: readonly QueryParameter[] = [
  timeParameter({
    name: 'since',
    defaultSql: "'1 hour'",
    defaultText: "`INTERVAL '1 hour'`",
    doc: 'First time of evaluation: an INTERVAL before now, or a TIMESTAMP in UTC.',
  }),
  timeParameter({
    name: 'until',
    defaultSql: 'NULL',
    defaultText: 'now',
    doc: 'Last time of evaluation, at most: the same.',
  }),
  durationParameter({
    name: 'step',
    defaultSql: 'NULL',
    defaultText: 'a 240th of the range, whole seconds',
    doc: "Time between evaluations: an INTERVAL, a duration such as `'1m30s'`, or seconds.",
  }),
];

export const commonParameters: readonly QueryParameter[] = [
  durationParameter({
    name: 'lookback',
    defaultSql: 'NULL',
    defaultText: "`INTERVAL '5 minutes'`",
    doc: 'Age up to which a sample stands for a time.',
  }),
  ...homeParameters,
  ...optionParameters(promqlOptions),
];

/** The one time of a call with `at`. */
export function instantTimes(given: Given): EvaluationTimes {
  const nowMs = Date.now();
  return { timeMs: readTimeMs(given['at'], nowMs) ?? nowMs };
}

/** The times of a call with `since`, `until` and `step`. */
export function rangeTimes(given: Given): RangeTimes {
  const nowMs = Date.now();
  const startMs = readTimeMs(given['since'], nowMs) ?? nowMs - DEFAULT_RANGE_MS;
  const endMs = readTimeMs(given['until'], nowMs) ?? nowMs;
  const stepMs = readDurationMs(given['step'], 'step') ?? defaultStepMs(startMs, endMs);
  return { startMs, endMs, stepMs };
}

/** The query of a call: series for `blocks`, how they would be read for `plan`. */
export function promqlQuery(form: 'blocks' | 'plan', caller: Caller, given: Given, times: EvaluationTimes) {
  const options = readOptionTexts(promqlOptions, given);
  const query = given['query'] ?? '';
  const request: PromqlRequest = {
    form,
    settings: promqlSettings(options),
    evaluation: { query, times, lookbackMs: readDurationMs(given['lookback'], 'lookback') },
  };
  return {
    engine: 'promql',
    kind: 'promql',
    text: query,
    home: homeOf(caller, given),
    limits: runnerLimits(options),
    request,
  } satisfies Partial<EngineQuery>;
}
