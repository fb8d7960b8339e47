import { seriesColumns } from '../query/promql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { engineFunction } from './engine-function.js';
import { sampleColumns, sampleRowsSql } from './promql-columns.js';
import { commonParameters, promqlQuery, queryParameter, rangeParameters, rangeTimes } from './promql-parameters.js';

/** `promql_range(query, [since], [until], [step])`: what a PromQL expression evaluates to at times that are a step apart, as graphs show it. */
export function promqlRange(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'promql_range',
    parameters: [queryParameter, ...rangeParameters, ...commonParameters],
    streamed: seriesColumns,
    rowsSql: sampleRowsSql,
    columns: sampleColumns,
    query: (caller, given) => promqlQuery('blocks', caller, given, rangeTimes(given)),
  });
}
