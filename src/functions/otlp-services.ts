import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { logsTable } from '../schema/logs.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { sinceParameter, startSql } from './since.js';
import { summaryFunction } from './summary-function.js';

const columns = [
  queryColumn('service', 'VARCHAR', 'Resource attribute `service.name`, or `unknown`.', 'service_name'),
  queryColumn(
    'requests',
    'BIGINT',
    'Server and consumer spans; where a service has none of these, its root spans. 0 for a service that only sent logs.',
    'coalesce(entry.spans, 0)',
  ),
  queryColumn('errors', 'BIGINT', 'Requests with status code 2 (error).', 'coalesce(entry.errors, 0)'),
  queryColumn(
    'error_rate',
    'DOUBLE',
    'Errors per request, 0 to 1; NULL without requests.',
    'entry.errors / entry.spans',
  ),
  queryColumn('p50_ms', 'DOUBLE', 'Median duration of the requests.', 'entry.quantiles_ns[1] / 1e6'),
  queryColumn('p95_ms', 'DOUBLE', '95th percentile of their duration.', 'entry.quantiles_ns[2] / 1e6'),
  queryColumn('last_seen', 'TIMESTAMP', 'Newest start of a span, or time of a log.', 'last_seen'),
];

/** `otlp_services([since], [catalog := …], [schema := …], [tenant := …])`: one row per service that sent spans or logs: its requests, errors and latency. */
export function otlpServices(registry: ServerRegistry): QueryFunction {
  return summaryFunction(registry, {
    name: 'otlp_services',
    parameters: [sinceParameter],
    columns,
    sql: (live, given) => {
      const start = startSql(given);
      // Of a service's spans, those count that are the way in: rank 1, or rank 2 where there are none of rank 1.
      return `
        WITH spans AS (
          SELECT *, CASE WHEN kind IN (2, 5) THEN 1 WHEN parent_span_id IS NULL THEN 2 ELSE 3 END AS rank
          FROM ${live(tracesTable)}
          WHERE start_time_unix_nano >= ${start}
        ),
        ranked AS (
          SELECT service_name, rank, max(start_time_unix_nano) AS last_seen, {
            spans: count(*),
            errors: count(*) FILTER (WHERE status_code = 2),
            quantiles_ns: quantile_disc(duration_time_unix_nano, [0.5, 0.95]) FILTER (WHERE rank < 3)
          } AS entry
          FROM spans GROUP BY service_name, rank
        ),
        logs AS (
          SELECT service_name, max(coalesce(time_unix_nano, observed_time_unix_nano)) AS last_seen
          FROM ${live(logsTable)}
          WHERE coalesce(time_unix_nano, observed_time_unix_nano) >= ${start}
          GROUP BY service_name
        ),
        services AS (
          SELECT service_name, arg_min(entry, rank) FILTER (WHERE rank < 3) AS entry, max(last_seen) AS last_seen
          FROM (FROM ranked UNION ALL BY NAME FROM logs)
          GROUP BY service_name
        )
        SELECT ${selectList(columns)} FROM services ORDER BY service_name`;
    },
  });
}
