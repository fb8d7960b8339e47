import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { serviceCallsCtes } from './service-calls.js';
import { serviceParameter, serviceText } from './service-parameter.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';
import { summaryFunction } from './summary-function.js';

const columns = [
  queryColumn('service', 'VARCHAR', 'The service.', 'service'),
  queryColumn('requests', 'BIGINT', 'As `otlp_services` counts them.', 'requests'),
  queryColumn('errors', 'BIGINT', 'Requests with status code 2 (error).', 'errors'),
  queryColumn(
    'error_rate',
    'DOUBLE',
    'Errors per request, 0 to 1; NULL without requests.',
    'errors / nullif(requests, 0)',
  ),
  queryColumn('avg_ms', 'DOUBLE', 'Mean duration of the requests.', 'avg_ns / 1e6'),
  queryColumn('p50_ms', 'DOUBLE', 'Median duration of the requests.', 'quantiles_ns[1] / 1e6'),
  queryColumn('p99_ms', 'DOUBLE', '99th percentile of their duration.', 'quantiles_ns[3] / 1e6'),
  queryColumn(
    'health',
    'DOUBLE',
    'Share of requests without an error, times how much slower the slow ones (95th percentile) are than the 24 hours before: 1 is as good as then. NULL without requests.',
    '(1 - errors / nullif(requests, 0)) * least(1, coalesce(baseline_ns / nullif(quantiles_ns[2], 0), 1))',
  ),
  queryColumn('upstream', 'VARCHAR[]', 'Services that call it.', 'upstream'),
  queryColumn('downstream', 'VARCHAR[]', 'Services and peers that it calls.', 'downstream'),
];

/** `otlp_service_health(service, [since], [until := …], [catalog := …], [schema := …], [tenant := …])`: how one service does, in one row. */
export function otlpServiceHealth(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_service_health';
  return summaryFunction(registry, {
    name,
    parameters: [serviceParameter, sinceParameter, untilParameter],
    columns,
    sql: (live, given) => {
      const service = quotedString(serviceText(name, given['service']));
      const start = startSql(given);
      return `
        WITH ${serviceCallsCtes({ spans: live(tracesTable), startSql: start, endSql: endSql(given) })},
        ranked AS (
          SELECT *, CASE WHEN kind IN (2, 5) THEN 1 WHEN parent_span_id IS NULL THEN 2 END AS rank
          FROM spans WHERE service_name = ${service}
        ),
        requests AS (SELECT * FROM ranked WHERE rank = (SELECT min(rank) FROM ranked)),
        before AS (
          SELECT quantile_disc(duration_time_unix_nano, 0.95) AS baseline_ns
          FROM ${live(tracesTable)}
          WHERE start_time_unix_nano >= ${start} - INTERVAL 24 HOURS AND start_time_unix_nano < ${start}
            AND service_name = ${service} AND (kind IN (2, 5) OR parent_span_id IS NULL)
        ),
        summed AS (
          SELECT ${service} AS service, count(*) AS requests, count(*) FILTER (WHERE is_error) AS errors,
            avg(duration_ns) AS avg_ns, quantile_disc(duration_ns, [0.5, 0.95, 0.99]) AS quantiles_ns,
            (SELECT baseline_ns FROM before) AS baseline_ns,
            (SELECT coalesce(list(DISTINCT client ORDER BY client), []) FROM calls WHERE server = ${service}) AS upstream,
            (SELECT coalesce(list(DISTINCT server ORDER BY server), []) FROM calls WHERE client = ${service}) AS downstream
          FROM requests
        )
        SELECT ${selectList(columns)} FROM summed`;
    },
  });
}
