import type { IngestServer } from '../control/ingest-server.js';
import { type ServeFunction, serveRequest } from '../control/serve-request.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction, PendingParameter } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { logsTable } from '../schema/logs.js';
import { expHistogramTable, gaugeTable, histogramTable, summaryTable, sumTable } from '../schema/metrics.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { serveOptions } from '../schema/serve-options.js';
import { tracesTable } from '../schema/traces.js';

const tableColumn = <const Name extends string>(name: Name, table: TelemetryTable) =>
  column(name, 'VARCHAR', `\`${table.name}\``, (_server: IngestServer) => table.name);

export const serveColumns = [
  column('listen_uri', 'VARCHAR', 'URI that the server is bound to.', (server) => server.listenUri),
  column('listen_url', 'VARCHAR', 'The same as an `http://` base URL.', (server) => server.listenUrl),
  column('auth_token', 'VARCHAR', 'Token that clients must present.', (server) => server.request.token ?? ''),
  column('schema_name', 'VARCHAR', 'Schema that holds the tables.', (server) => server.target.schemaName),
  tableColumn('logs_table', logsTable),
  tableColumn('traces_table', tracesTable),
  tableColumn('metrics_gauge_table', gaugeTable),
  tableColumn('metrics_sum_table', sumTable),
  tableColumn('metrics_histogram_table', histogramTable),
  tableColumn('metrics_exp_histogram_table', expHistogramTable),
  column(
    'catalog_name',
    'VARCHAR',
    'Target catalog; empty for the database that was opened.',
    (server) => server.target.catalogName,
  ),
  tableColumn('metrics_summary_table', summaryTable),
] as const satisfies readonly ResultColumn<IngestServer>[];

/** `otlp_serve([uri], …)`: makes or verifies the tables, listens, and returns one row for the server. */
export function otlpServe(registry: ServerRegistry): PendingFunction {
  return serveFunction('otlp_serve', 'otlp:localhost:4318', registry);
}

/** What the serve functions have in common: all but name and default. */
export function serveFunction(name: ServeFunction, defaultUri: string, registry: ServerRegistry): PendingFunction {
  return {
    name,
    parameters: serveParameters(defaultUri),
    columns: serveColumns,
    run: async (caller, { uri, ...given }) =>
      resultRows(serveColumns, [await registry.start(serveRequest(name, String(uri ?? defaultUri), given, caller))]),
  };
}

function serveParameters(defaultUri: string): PendingParameter[] {
  const options = Object.entries(serveOptions).map(([name, { sqlType }]) => ({ name, sqlType, defaultSql: 'NULL' }));
  return [{ name: 'uri', sqlType: 'VARCHAR', defaultSql: `'${defaultUri}'` }, ...options];
}
