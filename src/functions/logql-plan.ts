import { logPlanColumns } from '../query/logql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import { commonParameters, logqlQuery, queryParameter, stepParameter, timeParameters } from './logql-parameters.js';

/** `logql_plan(query, [since], [until], [step])`: what `logql` or `logql_range` with the same arguments would read, a row for each selector, without reading lines. */
export function logqlPlan(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'logql_plan',
    parameters: [queryParameter, ...timeParameters, stepParameter, ...commonParameters],
    streamed: logPlanColumns,
    columns: [
      queryColumn('selector', 'VARCHAR', 'Matchers of streams.', 'selector'),
      queryColumn('since', 'TIMESTAMP', 'Earliest time of lines that are read.', 'first_time'),
      queryColumn('until', 'TIMESTAMP', 'Latest time.', 'last_time'),
      queryColumn('reads', 'VARCHAR', '`lines`, or `counts` where DuckDB may count the lines itself.', 'reads'),
      queryColumn('pushed', 'VARCHAR[]', 'Conditions that DuckDB may check.', 'pushed'),
      queryColumn('stages', 'VARCHAR[]', 'What the lines that are read go through, in this order.', 'stages'),
    ],
    query: (caller, given) => logqlQuery('plan', caller, given),
  });
}
