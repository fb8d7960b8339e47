import type { QueryServers } from '../control/query-servers.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import type { TokenFile } from '../server/identity/token-file.js';
import { parseListenUri } from '../server/listen-uri.js';

interface Reloaded {
  readonly status: string;
  readonly tokens: number | undefined;
  readonly error: string | undefined;
}

export const tokenReloadColumns: readonly ResultColumn<Reloaded>[] = [
  column(
    'status',
    'VARCHAR',
    '`reloaded`, `failed`, `no file of tokens`, or `No server found listening on <uri>`.',
    (row) => row.status,
  ),
  column('tokens', 'UBIGINT', 'Tokens that clients may present now.', (row) => row.tokens ?? null),
  column('error', 'VARCHAR', 'Why the file is not used; the tokens stay what they were.', (row) => row.error ?? null),
];

/** `otlp_token_reload(uri)`: reads the file of tokens of the server at `uri` now, as it is read within a second after a change. */
export function otlpTokenReload(registry: ServerRegistry, queries: QueryServers): PendingFunction {
  return {
    name: 'otlp_token_reload',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: tokenReloadColumns,
    run: async (_caller, { uri }) => {
      const asked = parseListenUri(String(uri));
      const found = asked.scheme === 'query' ? queries.find(asked) : registry.find(asked);
      return resultRows(tokenReloadColumns, [await reloaded(found, String(uri))]);
    },
  };
}

async function reloaded(found: { readonly tokenFile: TokenFile | undefined } | undefined, uri: string) {
  const without = { tokens: undefined, error: undefined };
  if (found === undefined) return { status: `No server found listening on ${uri}`, ...without };
  if (found.tokenFile === undefined) return { status: 'no file of tokens', ...without };
  const isUsed = await found.tokenFile.reload();
  const { size: tokens, lastError: error } = found.tokenFile;
  return { status: isUsed ? 'reloaded' : 'failed', tokens, error };
}
