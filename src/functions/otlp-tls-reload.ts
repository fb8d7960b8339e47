import type { QueryServers } from '../control/query-servers.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';
import type { TlsIdentity } from '../server/tls/tls-identity.js';

interface Reloaded {
  readonly status: string;
  readonly subject: string | undefined;
  readonly notAfterMs: number | undefined;
  readonly error: string | undefined;
}

export const tlsReloadColumns: readonly ResultColumn<Reloaded>[] = [
  column(
    'status',
    'VARCHAR',
    '`reloaded`, `failed`, `no TLS`, or `No server found listening on <uri>`.',
    (row) => row.status,
  ),
  column('subject', 'VARCHAR', 'Subject of the certificate that new connections get.', (row) => row.subject ?? null),
  column('not_after_unix_ms', 'BIGINT', 'When it expires.', (row) => row.notAfterMs ?? null),
  column('error', 'VARCHAR', 'Why the files are not used; those read before stay in use.', (row) => row.error ?? null),
];

/** `otlp_tls_reload(uri)`: reads the certificate files of the server at `uri` now. Open connections go on. */
export function otlpTlsReload(registry: ServerRegistry, queries: QueryServers): PendingFunction {
  return {
    name: 'otlp_tls_reload',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: tlsReloadColumns,
    run: async (_caller, { uri }) => {
      const asked = parseListenUri(String(uri));
      const found = asked.scheme === 'query' ? queries.find(asked) : registry.find(asked);
      return resultRows(tlsReloadColumns, [await reloaded(found, String(uri))]);
    },
  };
}

async function reloaded(found: { readonly tls: TlsIdentity | undefined } | undefined, uri: string): Promise<Reloaded> {
  const without = { subject: undefined, notAfterMs: undefined, error: undefined };
  if (found === undefined) return { status: `No server found listening on ${uri}`, ...without };
  if (found.tls === undefined) return { status: 'no TLS', ...without };
  const { tls } = found;
  const isUsed = await tls.reload();
  return {
    status: isUsed ? 'reloaded' : 'failed',
    subject: tls.subject,
    notAfterMs: tls.notAfterMs,
    error: tls.lastError,
  };
}
