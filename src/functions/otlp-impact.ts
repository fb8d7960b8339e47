import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { queryColumn, selectList } from '../schema/result-column.js';
import { tracesTable } from '../schema/traces.js';
import { serviceCallsCtes } from './service-calls.js';
import { serviceParameter, serviceText } from './service-parameter.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';
import { summaryFunction } from './summary-function.js';
import { wholeNumber, wholeNumberParameter } from './whole-number.js';

/** Calls between a service and the farthest one that is looked at. */
const MAX_DEPTH = 20;

const columns = [
  queryColumn('service', 'VARCHAR', 'A service that calls this one, directly or by others.', 'node'),
  queryColumn('depth', 'INTEGER', 'Fewest calls between the two.', 'depth'),
  queryColumn('traces', 'BIGINT', 'Traces of that service.', 'traces'),
  queryColumn('shared_traces', 'BIGINT', 'Those of them that reach this service.', 'shared_traces'),
  queryColumn('impact', 'DOUBLE', 'Share of its traces that reach this service, 0 to 1.', 'shared_traces / traces'),
];

/**
 * `otlp_impact(service, [since], [until := …], [depth := 5], [catalog := …], [schema := …], [tenant := …])`: who would notice if this service failed,
 * those first whose traces need it most.
 */
export function otlpImpact(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_impact';
  return summaryFunction(registry, {
    name,
    parameters: [
      serviceParameter,
      sinceParameter,
      untilParameter,
      wholeNumberParameter('depth', '5', 'How many calls away a service may be.'),
    ],
    columns,
    sql: (live, given) => {
      const service = quotedString(serviceText(name, given['service']));
      const depth = wholeNumber(name, 'depth', given['depth'], { min: 1, max: MAX_DEPTH });
      return `
        WITH RECURSIVE ${serviceCallsCtes({ spans: live(tracesTable), startSql: startSql(given), endSql: endSql(given) })},
        edges AS MATERIALIZED (SELECT DISTINCT client, server FROM calls),
        callers(node, depth) USING KEY (node) AS (
          SELECT ${service}, 0
          UNION
          SELECT edges.client, callers.depth + 1
          FROM callers JOIN edges ON edges.server = callers.node
          LEFT JOIN recurring.callers AS known ON known.node = edges.client
          WHERE known.node IS NULL AND callers.depth < ${depth}
        ),
        -- A peer without spans is in the calls to it alone.
        touched AS (
          SELECT trace_id, service_name AS node FROM spans UNION SELECT trace_id, server FROM calls
        ),
        reached AS (SELECT DISTINCT trace_id FROM touched WHERE node = ${service}),
        counted AS (
          SELECT callers.node, callers.depth, count(DISTINCT touched.trace_id) AS traces,
            count(DISTINCT reached.trace_id) AS shared_traces
          FROM callers JOIN touched ON touched.node = callers.node LEFT JOIN reached ON reached.trace_id = touched.trace_id
          WHERE callers.depth > 0
          GROUP BY callers.node, callers.depth
        )
        SELECT ${selectList(columns)} FROM counted ORDER BY impact DESC, shared_traces DESC, node`;
    },
  });
}
