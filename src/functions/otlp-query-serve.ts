import { queryServeRequest } from '../control/query-serve-request.js';
import type { QueryServer } from '../control/query-server.js';
import type { QueryServers } from '../control/query-servers.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { queryServeOptions } from '../schema/query-options.js';
import { column, type ResultColumn } from '../schema/result-column.js';

const DEFAULT_URI = 'query:localhost:4338';

export const queryServeColumns = [
  column('listen_uri', 'VARCHAR', 'URI that the server is bound to.', (server) => server.listenUri),
  column('listen_url', 'VARCHAR', 'The same as an `http://` base URL.', (server) => server.listenUrl),
  column(
    'read_token',
    'VARCHAR',
    'Token that clients must present; empty with `disable_auth`.',
    (server) => server.request.tokens.read ?? '',
  ),
  column('apis', 'VARCHAR', 'APIs that it answers, comma-separated.', (server) =>
    server.request.options.apis.join(','),
  ),
  column('catalog_name', 'VARCHAR', 'Catalog that holds the tables.', (server) => server.request.home.catalog),
  column('schema_name', 'VARCHAR', 'Schema that holds the tables.', (server) => server.request.home.schema),
] as const satisfies readonly ResultColumn<QueryServer>[];

/** `otlp_query_serve([uri], …)`: answers queries of other programs, such as Grafana, over HTTP, and returns one row for the server. */
export function otlpQueryServe(queries: QueryServers): PendingFunction {
  const options = Object.entries(queryServeOptions).map(([name, { sqlType, defaultText, doc }]) => {
    return { name, sqlType, defaultSql: 'NULL', defaultText, doc };
  });
  return {
    name: 'otlp_query_serve',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR', defaultSql: `'${DEFAULT_URI}'` }, ...options],
    columns: queryServeColumns,
    run: async (caller, { uri, ...given }) => {
      const server = await queries.start(queryServeRequest(String(uri ?? DEFAULT_URI), given, caller));
      return resultRows(queryServeColumns, [server]);
    },
  };
}
