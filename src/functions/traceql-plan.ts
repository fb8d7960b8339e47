import type { QueryRunner } from '../query/run/query-runner.js';
import { planColumns } from '../query/traceql/sql-shape.js';
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

/** `traceql_plan(query, [since], [until], [step])`: what `traceql` or `traceql_range` with the same arguments would read, without reading it; a row for the search or for each metrics function. */
export function traceqlPlan(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'traceql_plan',
    parameters: [queryParameter, ...spanTimeParameters, stepParameter, ...commonParameters],
    streamed: planColumns,
    columns: [
      queryColumn('pipeline', 'VARCHAR', 'The part of the query that reads.', 'pipeline'),
      queryColumn('since', 'TIMESTAMP', 'Earliest start of spans that are looked at.', 'first_time'),
      queryColumn('until', 'TIMESTAMP', 'Latest start.', 'last_time'),
      queryColumn(
        'answered_by',
        'VARCHAR',
        '`statement` where SQL groups the spans; `spans` where whole traces are read and evaluated.',
        'answered_by',
      ),
      queryColumn('condition', 'VARCHAR', 'What DuckDB is asked to test, as TraceQL.', 'condition'),
      queryColumn('attributes', 'VARCHAR[]', 'Attributes that are read; `all` for `compare()`.', 'attributes'),
      queryColumn('sql', 'VARCHAR', 'The first statement, which can be run as it is.', 'sql'),
    ],
    query: (caller, given) => traceqlQuery({ form: 'plan', question: questionOf(given) }, caller, given),
  });
}
