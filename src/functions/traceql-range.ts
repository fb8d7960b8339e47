import type { QueryRunner } from '../query/run/query-runner.js';
import { seriesColumns } from '../query/traceql/sql-shape.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import {
  commonParameters,
  queryParameter,
  questionOf,
  spanTimeParameters,
  stepParameter,
  traceqlQuery,
} from './traceql-parameters.js';

/** `traceql_range(query, [since], [until], [step])`: values of a TraceQL metrics query at times that are a step apart, as graphs show them. */
export function traceqlRange(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'traceql_range',
    parameters: [queryParameter, ...spanTimeParameters, stepParameter, ...commonParameters],
    streamed: seriesColumns,
    rowsSql: (streamed) => `(SELECT map(label_names, label_values) AS labels, unnest(times) AS step_time,
      unnest(series_values) AS step_value FROM ${streamed})`,
    columns: [
      queryColumn('labels', 'MAP(VARCHAR, VARCHAR)', 'Labels of the series, under the names of TraceQL.', 'labels'),
      queryColumn('time', 'TIMESTAMP', 'End of the step, a multiple of it.', 'step_time'),
      queryColumn('value', 'DOUBLE', 'The value; durations in seconds. Steps without one have no row.', 'step_value'),
    ],
    query: (caller, given) => traceqlQuery({ form: 'series', question: questionOf(given) }, caller, given),
  });
}
