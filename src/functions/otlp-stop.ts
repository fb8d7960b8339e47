import type { QueryServers } from '../control/query-servers.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { canonicalUri, parseListenUri } from '../server/listen-uri.js';

interface Stopped {
  readonly status: string;
  readonly droppedRows: number;
}

export const stopColumns = [
  column(
    'status',
    'VARCHAR',
    '`Stopped listening on <uri>`, or `No server found listening on <uri>`.',
    (row) => row.status,
  ),
  column('dropped_rows', 'UBIGINT', 'Rows that could not be committed.', (row) => row.droppedRows),
] as const satisfies readonly ResultColumn<Stopped>[];

/** `otlp_stop(uri)`: closes the listener, commits what is buffered, and returns one row for the stopped server. Stops servers of queries too. */
export function otlpStop(registry: ServerRegistry, queries: QueryServers): PendingFunction {
  return {
    name: 'otlp_stop',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: stopColumns,
    run: async (_caller, { uri: text }) => {
      const uri = parseListenUri(String(text));
      if (uri.scheme === 'query' && (await queries.stop(uri))) {
        return resultRows(stopColumns, [{ status: `Stopped listening on ${canonicalUri(uri)}`, droppedRows: 0 }]);
      }
      const stopped = await registry.stop(uri);
      if (stopped === undefined) {
        return resultRows(stopColumns, [{ status: `No server found listening on ${text}`, droppedRows: 0 }]);
      }
      const { droppedRows, journaledRows, error } = stopped;
      const dropped =
        droppedRows > 0
          ? `; ${droppedRows} rows were dropped: ${error}`
          : journaledRows > 0
            ? `; ${journaledRows} rows stay in the journal: ${error}`
            : '';
      return resultRows(stopColumns, [{ status: `Stopped listening on ${canonicalUri(uri)}${dropped}`, droppedRows }]);
    },
  };
}
