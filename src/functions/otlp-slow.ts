import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { sinceParameter, startSql } from './since.js';
import { summaryFunction } from './summary-function.js';

const columns = [
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.', 'service_name'),
  queryColumn('operation', 'VARCHAR', 'Name of the spans.', 'name'),
  queryColumn('calls', 'BIGINT', 'Spans of this name, of all kinds.', 'calls'),
  queryColumn('p95_ms', 'DOUBLE', '95th percentile of the duration of the calls.', 'p95_ns / 1e6'),
  queryColumn('max_ms', 'DOUBLE', 'Duration of the longest call.', 'max_ns / 1e6'),
  queryColumn('example_trace_id', 'VARCHAR', 'Trace of the longest call, for `otlp_trace`.', 'slowest_trace_id'),
];

/** `otlp_slow([since], [catalog := …], [schema := …], [tenant := …])`: one row per service and operation, slowest first. */
export function otlpSlow(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_slow',
    parameters: [sinceParameter],
    columns,
    sql: (live, given) => `
      WITH operations AS (
        SELECT service_name, name,
          count(*) AS calls,
          quantile_disc(duration_time_unix_nano, 0.95) AS p95_ns,
          max(duration_time_unix_nano) AS max_ns,
          arg_max(trace_id, duration_time_unix_nano) AS slowest_trace_id
        FROM ${live(tracesTable)}
        WHERE start_time_unix_nano >= ${startSql(given)}
        GROUP BY service_name, name
      )
      SELECT ${selectList(columns)} FROM operations ORDER BY p95_ns DESC, max_ns DESC, service_name, name`,
  });
}
