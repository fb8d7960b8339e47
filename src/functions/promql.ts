import { seriesColumns } from '../query/promql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { engineFunction } from './engine-function.js';
import { sampleColumns, sampleRowsSql } from './promql-columns.js';
import { atParameter, commonParameters, instantTimes, promqlQuery, queryParameter } from './promql-parameters.js';

/** `promql(query, [at])`: what a PromQL expression evaluates to at a time, over the metrics of a catalog and schema, committed and live. */
export function promql(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'promql',
    parameters: [queryParameter, atParameter, ...commonParameters],
    streamed: seriesColumns,
    rowsSql: sampleRowsSql,
    columns: sampleColumns,
    query: (caller, given) => promqlQuery('blocks', caller, given, instantTimes(given)),
  });
}
