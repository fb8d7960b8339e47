import type { QueryServers } from '../control/query-servers.js';
import { healthOfAll, type SubsystemHealth } from '../control/server-health.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column, type ResultColumn } from '../schema/result-column.js';

export const healthColumns: readonly ResultColumn<SubsystemHealth>[] = [
  column('listen_uri', 'VARCHAR', 'Server.', (row) => row.listenUri),
  column(
    'subsystem',
    'VARCHAR',
    '`listener`, `seals`, `journal`, `target`, `maintenance`, `retention` and `tls` of servers; `listener`, `queries` and `tls` of query servers.',
    (row) => row.subsystem,
  ),
  column('healthy', 'BOOLEAN', 'Whether it does what it is for.', (row) => row.isHealthy),
  column(
    'since_unix_ms',
    'BIGINT',
    'Since when it fails or is paused; NULL while it does neither, or where that is not known.',
    (row) => row.sinceMs ?? null,
  ),
  column('consecutive_failures', 'UBIGINT', 'Failures since the last success.', (row) => row.consecutiveFailures),
  column('last_error', 'VARCHAR', 'Why it last failed; NULL after a success.', (row) => row.lastError ?? null),
  column('detail', 'VARCHAR', 'What else is known of it, as JSON.', ({ detail }) => JSON.stringify(detail)),
];

/** `otlp_health()`: how each part of each running server is. */
export function otlpHealth(registry: ServerRegistry, queries: QueryServers): ListFunction<SubsystemHealth> {
  return { name: 'otlp_health', columns: healthColumns, rows: () => healthOfAll(registry, queries) };
}
