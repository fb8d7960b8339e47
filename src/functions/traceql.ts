import type { QueryRunner } from '../query/run/query-runner.js';
import { spanColumns } from '../query/traceql/sql-shape.js';
import { queryColumn } from '../schema/result-column.js';
import { engineFunction } from './engine-function.js';
import {
  commonParameters,
  queryParameter,
  questionOf,
  spanTimeParameters,
  traceqlQuery,
} from './traceql-parameters.js';

const columns = [
  queryColumn('trace_id', 'VARCHAR', 'Trace, 32 hex digits.', 'trace_id'),
  queryColumn(
    'spanset',
    'BIGINT',
    'Number of the spanset in its trace, from 1: more than one behind `by()`.',
    'spanset',
  ),
  queryColumn('span_id', 'VARCHAR', 'Matched span, 16 hex digits.', 'span_id'),
  queryColumn('parent_span_id', 'VARCHAR', 'Span that this one is a child of; NULL for a root span.', 'parent_span_id'),
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`.', 'service'),
  queryColumn('name', 'VARCHAR', 'Name of the operation.', 'name'),
  queryColumn('kind', 'VARCHAR', '`unspecified`, `internal`, `server`, `client`, `producer` or `consumer`.', 'kind'),
  queryColumn('status', 'VARCHAR', '`ok`, `error` or `unset`.', 'status'),
  queryColumn('start_time', 'TIMESTAMP', 'When the span started.', 'start_time'),
  queryColumn('duration_ms', 'DOUBLE', 'End minus start.', 'duration_ns / 1e6'),
  queryColumn(
    'attributes',
    'MAP(VARCHAR, VARCHAR)',
    'What the query reads of the span, `select()` included, under the names of TraceQL; not what has a column of its own.',
    'map(attribute_names, attribute_values)',
  ),
  queryColumn(
    'spanset_attributes',
    'MAP(VARCHAR, VARCHAR)',
    'Values of the groupings and aggregates that the spanset has passed.',
    'map(spanset_names, spanset_values)',
  ),
  queryColumn('root_service', 'VARCHAR', 'Service of the root span; NULL while that has not arrived.', 'root_service'),
  queryColumn('root_name', 'VARCHAR', 'Name of the root span.', 'root_name'),
  queryColumn('trace_start', 'TIMESTAMP', 'When the first span of the trace started.', 'trace_start'),
  queryColumn('trace_duration_ms', 'DOUBLE', 'From the first start to the last end.', 'trace_duration_ns / 1e6'),
];

/** `traceql(query, [since], [until])`: the spans that a TraceQL query finds, in traces of a catalog and schema, committed and live; newest traces first. */
export function traceql(runner: QueryRunner) {
  return engineFunction(runner, {
    name: 'traceql',
    parameters: [queryParameter, ...spanTimeParameters, ...commonParameters],
    streamed: spanColumns,
    columns,
    query: (caller, given) => {
      const { query, startUnixNs, endUnixNs } = questionOf(given);
      const all = { limit: Number.POSITIVE_INFINITY, spansPerSpanset: Number.POSITIVE_INFINITY };
      return traceqlQuery({ form: 'spans', question: { query, startUnixNs, endUnixNs, ...all } }, caller, given);
    },
  });
}
