import { sampleSeriesColumns } from '../query/logql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import { commonParameters, logqlQuery, queryParameter, stepParameter, timeParameters } from './logql-parameters.js';

/** A row for each sample of the streamed series. Labels are made once for a series. */
function sampleRowsSql(streamed: string): string {
  return `(SELECT labels, unnest(times) AS sample_time, unnest(samples) AS sample_value
    FROM (SELECT *, map(label_names, label_values) AS labels FROM ${streamed}))`;
}

/** `logql_range(query, [since], [until], [step])`: what a LogQL metric query evaluates to at times that are a step apart, as graphs show it. */
export function logqlRange(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'logql_range',
    parameters: [queryParameter, ...timeParameters, stepParameter, ...commonParameters],
    streamed: sampleSeriesColumns,
    rowsSql: sampleRowsSql,
    columns: [
      queryColumn('labels', 'MAP(VARCHAR, VARCHAR)', 'Labels of the series.', 'labels'),
      queryColumn('time', 'TIMESTAMP', 'When the query was evaluated.', 'sample_time'),
      queryColumn('value', 'DOUBLE', 'The value.', 'sample_value'),
    ],
    query: (caller, given) => logqlQuery('samples', caller, given),
  });
}
