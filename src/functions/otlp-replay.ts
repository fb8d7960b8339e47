import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';

interface Replayed {
  readonly status: string;
  readonly replayedRows: number;
  readonly error: string | undefined;
}

export const replayColumns: readonly ResultColumn<Replayed>[] = [
  column('status', 'VARCHAR', '`replayed`, `failed`, or `No server found listening on <uri>`.', (row) => row.status),
  column('replayed_rows', 'UBIGINT', 'Rows that this call committed.', (row) => row.replayedRows),
  column('error', 'VARCHAR', 'Why dead letters were refused again; they are kept.', (row) => row.error ?? null),
];

/** `otlp_replay(uri)`: commits the dead letters of the server at `uri`, oldest first, and ends at the first that is refused again. */
export function otlpReplay(registry: ServerRegistry): PendingFunction {
  return {
    name: 'otlp_replay',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: replayColumns,
    run: async (_caller, { uri }) => {
      const replayed = await registry.replay(parseListenUri(String(uri)));
      const row =
        replayed === undefined
          ? { status: `No server found listening on ${uri}`, replayedRows: 0, error: undefined }
          : { status: replayed.error === undefined ? 'replayed' : 'failed', ...replayed };
      return resultRows(replayColumns, [row]);
    },
  };
}
