import type { QueryServer } from '../control/query-server.js';
import type { QueryServers } from '../control/query-servers.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column, type ResultColumn } from '../schema/result-column.js';

const columns = [
  column('listen_uri', 'VARCHAR', 'URI that the server listens on.', (server) => server.listenUri),
  column('listen_url', 'VARCHAR', 'The same as an `http://` base URL.', (server) => server.listenUrl),
  column('apis', 'VARCHAR', 'APIs that it answers, comma-separated.', (server) =>
    server.request.options.apis.join(','),
  ),
  column('catalog_name', 'VARCHAR', 'Catalog that holds the tables.', (server) => server.request.home.catalog),
  column('schema_name', 'VARCHAR', 'Schema that holds the tables.', (server) => server.request.home.schema),
  column('is_listening', 'BOOLEAN', 'False once an error has stopped the listener.', (server) => server.isListening),
  column('last_error', 'VARCHAR', 'The error that stopped the listener.', (server) => server.lastError ?? null),
  column('started_unix_ms', 'BIGINT', 'When the server was started.', (server) => server.startedMs),
  column('active_requests', 'UBIGINT', 'Requests in progress.', (server) => server.requests.active),
  column(
    'requests_total',
    'UBIGINT',
    'Requests since the start, including refused ones.',
    (server) => server.requests.total,
  ),
  column('connections', 'UBIGINT', 'Open connections.', (server) => server.connections.open),
  column(
    'refused_connections_total',
    'UBIGINT',
    'Connections refused since the start because `max_connections` were open.',
    (server) => server.connections.refusedTotal,
  ),
  column(
    'tls_not_after_unix_ms',
    'BIGINT',
    'When the certificate expires; NULL without TLS.',
    (server) => server.tls?.notAfterMs ?? null,
  ),
  column(
    'tls_last_error',
    'VARCHAR',
    'Why the certificate files that are there now are not used; NULL while they are.',
    (server) => server.tls?.lastError ?? null,
  ),
  column(
    'token_file_last_error',
    'VARCHAR',
    'Why the file of tokens that is there now is not used; NULL while it is.',
    (server) => server.tokenFile?.lastError ?? null,
  ),
] as const satisfies readonly ResultColumn<QueryServer>[];

/** `otlp_query_server_list()`: one row per running server of queries, true at the moment of the call. */
export function otlpQueryServerList(queries: QueryServers): ListFunction<QueryServer> {
  return { name: 'otlp_query_server_list', columns, rows: () => queries.servers };
}
