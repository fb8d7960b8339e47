import { lineColumns } from '../query/logql/sql-shape.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import { commonParameters, lineParameters, logqlQuery, queryParameter, timeParameters } from './logql-parameters.js';

/** `logql(query, [since], [until], [max_rows], [direction])`: lines that a LogQL query gives, over the logs of a catalog and schema, committed and live, the newest first. */
export function logql(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'logql',
    parameters: [queryParameter, ...timeParameters, ...lineParameters, ...commonParameters],
    streamed: lineColumns,
    columns: [
      queryColumn('time', 'TIMESTAMP', 'Time of the line.', 'time'),
      queryColumn(
        'labels',
        'MAP(VARCHAR, VARCHAR)',
        'Labels of its stream, and those that stages of the query gave it.',
        'map(label_names, label_values)',
      ),
      queryColumn('line', 'VARCHAR', 'The line, as the last stage left it.', 'line'),
      queryColumn(
        'structured_metadata',
        'MAP(VARCHAR, VARCHAR)',
        'Everything else that the record came with: attributes, severity, ids.',
        'map(metadata_names, metadata_values)',
      ),
      queryColumn(
        'time_rest',
        'INTEGER',
        'Nanoseconds from 0 to 999 that `time`, in microseconds, leaves out.',
        'time_rest',
      ),
    ],
    query: (caller, given) => logqlQuery('lines', caller, given),
  });
}
