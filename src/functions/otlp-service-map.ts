import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { serviceCallsCtes } from './service-calls.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';
import { summaryFunction } from './summary-function.js';
import { wholeNumber, wholeNumberParameter } from './whole-number.js';

/** Calls between a service and the farthest one on a map. */
const MAX_DEPTH = 20;

const columns = [
  queryColumn('client', 'VARCHAR', 'Service that calls.', 'client'),
  queryColumn(
    'server',
    'VARCHAR',
    'Service that is called, or what a span says of a peer that sends no spans.',
    'server',
  ),
  queryColumn(
    'connection_type',
    'VARCHAR',
    '`rpc` or `messaging` between services; `database`, `messaging` or `virtual` where the peer sends no spans.',
    'connection_type',
  ),
  queryColumn('calls', 'BIGINT', 'Calls.', 'calls'),
  queryColumn('errors', 'BIGINT', 'Calls with status code 2 (error).', 'errors'),
  queryColumn('error_rate', 'DOUBLE', 'Errors per call, 0 to 1.', 'errors / calls'),
  queryColumn(
    'p50_ms',
    'DOUBLE',
    'Median duration of the calls, as the called service measures it.',
    'quantiles_ns[1] / 1e6',
  ),
  queryColumn('p99_ms', 'DOUBLE', '99th percentile of their duration.', 'quantiles_ns[2] / 1e6'),
];

/**
 * `otlp_service_map([since], [until := …], [service := …], [depth := 3], [catalog := …], [schema := …], [tenant := …])`: one row per pair of services of
 * which one calls the other.
 */
export function otlpServiceMap(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_service_map';
  return summaryFunction(registry, {
    name,
    parameters: [
      sinceParameter,
      untilParameter,
      {
        name: 'service',
        sqlType: 'VARCHAR',
        defaultSql: 'NULL',
        defaultText: 'all services',
        doc: 'Only calls from or to services around this one.',
      },
      wholeNumberParameter('depth', '3', 'With `service`: how many calls away from it a service may be.'),
    ],
    columns,
    sql: (live, given) => {
      const depth = wholeNumber(name, 'depth', given['depth'], { min: 1, max: MAX_DEPTH });
      const service = given['service'];
      const nearby =
        service === null || service === undefined
          ? ''
          : `WHERE client IN (SELECT node FROM near WHERE steps < ${depth}) OR server IN (SELECT node FROM near WHERE steps < ${depth})`;
      return `
        WITH RECURSIVE ${serviceCallsCtes({ spans: live(tracesTable), startSql: startSql(given), endSql: endSql(given) })},
        edges AS MATERIALIZED (
          SELECT client, server, connection_type, count(*) AS calls, count(*) FILTER (WHERE is_error) AS errors,
            quantile_disc(duration_ns, [0.5, 0.99]) AS quantiles_ns
          FROM calls GROUP BY client, server, connection_type
        ),
        -- Each service once, with the fewest steps to it.
        near(node, steps) USING KEY (node) AS (
          SELECT ${quotedString(service ?? '')}, 0
          UNION
          SELECT CASE WHEN edges.client = near.node THEN edges.server ELSE edges.client END, near.steps + 1
          FROM near JOIN edges ON edges.client = near.node OR edges.server = near.node
          LEFT JOIN recurring.near AS known
            ON known.node = CASE WHEN edges.client = near.node THEN edges.server ELSE edges.client END
          WHERE known.node IS NULL AND near.steps < ${depth}
        )
        SELECT ${selectList(columns)} FROM edges ${nearby} ORDER BY calls DESC, client, server, connection_type`;
    },
  });
}
