import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';

interface Flushed {
  readonly status: string;
  readonly sealedRows: number;
  readonly sealsTotal: number;
  readonly error: string | undefined;
}

export const flushColumns = [
  column('status', 'VARCHAR', '`sealed`, `failed`, or `No server found listening on <uri>`.', (row) => row.status),
  column('sealed_rows', 'UBIGINT', 'Rows that this call committed.', (row) => row.sealedRows),
  column('seals_total', 'UBIGINT', 'Commits of this server since it started.', (row) => row.sealsTotal),
  column('error', 'VARCHAR', 'Why the commit failed; its rows are kept.', (row) => row.error ?? null),
] as const satisfies readonly ResultColumn<Flushed>[];

/** `otlp_flush(uri)`: commits every buffered row of the server at `uri` and returns one row once they are durable. */
export function otlpFlush(registry: ServerRegistry): PendingFunction {
  return {
    name: 'otlp_flush',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: flushColumns,
    run: async (_caller, { uri }) => {
      const flushed = await registry.flush(parseListenUri(String(uri)));
      const row =
        flushed === undefined
          ? { status: `No server found listening on ${uri}`, sealedRows: 0, sealsTotal: 0, error: undefined }
          : { status: flushed.error === undefined ? 'sealed' : 'failed', ...flushed };
      return resultRows(flushColumns, [row]);
    },
  };
}
