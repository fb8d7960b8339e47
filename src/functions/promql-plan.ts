import { planColumns } from '../query/promql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import { commonParameters, promqlQuery, queryParameter, rangeParameters, rangeTimes } from './promql-parameters.js';

/** `promql_plan(query, [since], [until], [step])`: what `promql_range` with the same arguments would read, a row for each statement, without reading samples. */
export function promqlPlan(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'promql_plan',
    parameters: [queryParameter, ...rangeParameters, ...commonParameters],
    streamed: planColumns,
    columns: [
      queryColumn('selector', 'VARCHAR', 'Matchers of the selector. Equal selectors are read once.', 'selector'),
      queryColumn('since', 'TIMESTAMP', 'Earliest time of samples that are read.', 'first_time'),
      queryColumn('until', 'TIMESTAMP', 'Latest time.', 'last_time'),
      queryColumn('table_name', 'VARCHAR', 'Table that is read, together with its rows in memory.', 'table_name'),
      queryColumn('metrics', 'VARCHAR[]', 'Metrics of the table that the selector can mean.', 'metrics'),
      queryColumn(
        'series',
        'BIGINT',
        'Series of the table that match, as far as is known; NULL for metrics that are made of spans.',
        'series',
      ),
      queryColumn('pushed', 'VARCHAR[]', 'Conditions that DuckDB checks.', 'pushed'),
      queryColumn('sql', 'VARCHAR', 'The statement, which can be run as it is.', 'sql'),
    ],
    query: (caller, given) => promqlQuery('plan', caller, given, rangeTimes(given)),
  });
}
