import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';
import type { Maintained } from '../upkeep/maintenance-schedule.js';

export const maintainColumns: readonly ResultColumn<Maintained>[] = [
  column(
    'status',
    'VARCHAR',
    '`done`, `failed`, or `nothing to do` where the catalog needs no upkeep.',
    (row) => row.status,
  ),
  column('duration_ms', 'BIGINT', 'How long the call took, waiting for other upkeep included.', (row) =>
    Math.round(row.durationMs),
  ),
  column('error', 'VARCHAR', 'Why it failed.', (row) => row.error ?? null),
];

/** `otlp_maintain(uri)`: compacts and cleans up the catalog of the server at `uri` now (`CHECKPOINT`), paused or not. */
export function otlpMaintain(registry: ServerRegistry): PendingFunction {
  return {
    name: 'otlp_maintain',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: maintainColumns,
    run: async (_caller, { uri }) => {
      const { maintenance } = registry.running(parseListenUri(String(uri)));
      return resultRows(maintainColumns, [await maintenance.runNow()]);
    },
  };
}
