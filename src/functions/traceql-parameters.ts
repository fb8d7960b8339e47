// What the functions over TraceQL have in common: parameters, and the queries that calls of them are.

import type { Caller } from '../duckdb/pending-function.js';
import type { QueryParameter } from '../duckdb/query-function.js';
import type { EngineQuery } from '../query/run/query-runner.js';
import type { MetricsQuestion } from '../query/traceql/traceql-question.js';
import type { TraceqlRequest } from '../query/traceql/traceql-request.js';
import { traceqlOptions } from '../schema/traceql-options.js';
import { homeOf, homeParameters } from './home-parameters.js';
import { optionParameters, readOptionTexts } from './option-parameters.js';
import { rangeTimes } from './promql-parameters.js';
import { durationParameter, timeParameter } from './query-times.js';

type Given = Readonly<Record<string, string | null>>;

export const queryParameter: QueryParameter = { name: 'query', sqlType: 'VARCHAR', doc: 'A TraceQL query.' };

export const spanTimeParameters: readonly QueryParameter[] = [
  timeParameter({
    name: 'since',
    defaultSql: "'1 hour'",
    defaultText: "`INTERVAL '1 hour'`",
    doc: 'Earliest start of a span: an INTERVAL before now, or a TIMESTAMP in UTC.',
  }),
  timeParameter({
    name: 'until',
    defaultSql: 'NULL',
    defaultText: 'now',
    doc: 'Spans that start at this time or later do not count: the same.',
  }),
];

export const stepParameter = durationParameter({
  name: 'step',
  defaultSql: 'NULL',
  defaultText: 'a 240th of the range, whole seconds',
  doc: "Time between values: an INTERVAL, a duration such as `'1m30s'`, or seconds.",
});

export const commonParameters: readonly QueryParameter[] = [...homeParameters, ...optionParameters(traceqlOptions)];

const NS_PER_MS = 1_000_000n;

/** What a call asks, whatever form the answer has. */
export function questionOf(given: Given): MetricsQuestion {
  const { startMs, endMs, stepMs } = rangeTimes(given);
  return {
    query: given['query'] ?? '',
    startUnixNs: BigInt(startMs) * NS_PER_MS,
    endUnixNs: BigInt(endMs) * NS_PER_MS,
    stepNs: BigInt(stepMs) * NS_PER_MS,
    exemplars: 0,
    maxSeries: readOptionTexts(traceqlOptions, given).max_series,
  };
}

export function traceqlQuery(request: TraceqlRequest, caller: Caller, given: Given) {
  const options = readOptionTexts(traceqlOptions, given);
  return {
    engine: 'traceql',
    kind: 'traceql',
    text: request.question.query,
    home: homeOf(caller, given),
    limits: { maxSamples: options.max_samples, timeoutMs: options.query_timeout_ms },
    request,
  } satisfies Partial<EngineQuery>;
}
