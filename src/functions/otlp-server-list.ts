import type { EventLoopDelay } from '../control/event-loop-delay.js';
import type { IngestServer } from '../control/ingest-server.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { ListFunction } from '../duckdb/list-function.js';
import { column, LISTENERS, type ResultColumn } from '../schema/result-column.js';
import { canonicalUri, httpUrl } from '../server/listen-uri.js';

interface ListedServer {
  readonly server: IngestServer;
  readonly eventLoopDelay: EventLoopDelay;
}

export const serverColumns: readonly ResultColumn<ListedServer>[] = [
  column('listen_uri', 'VARCHAR', 'URI that the server listens on.', ({ server }) => server.listenUri),
  column('listen_url', 'VARCHAR', 'The same as an `http://` base URL.', ({ server }) => server.listenUrl),
  column('host', 'VARCHAR', 'Bound host.', ({ server }) => server.uri.host),
  column('port', 'USMALLINT', 'Bound port.', ({ server }) => server.uri.port),
  column(
    'catalog_name',
    'VARCHAR',
    'Target catalog; empty for the database that was opened.',
    ({ server }) => server.target.catalogName,
  ),
  column('schema_name', 'VARCHAR', 'Schema that holds the tables.', ({ server }) => server.target.schemaName),
  column('active_requests', 'UBIGINT', 'Requests in progress.', ({ server }) => server.ingest.activeRequests),
  column(
    'total_requests',
    'UBIGINT',
    'Requests since the start, failed ones included.',
    ({ server }) => server.ingest.totalRequests,
  ),
  column('total_rows', 'UBIGINT', 'Rows accepted since the start.', ({ server }) => server.ingest.totalRows),
  column(
    'buffered_rows',
    'UBIGINT',
    'Rows accepted and not yet committed.',
    ({ server }) => server.sealer.bufferedRows,
  ),
  column(
    'admitted_bytes',
    'UBIGINT',
    'Request bytes admitted and not yet released by a commit.',
    ({ server }) => server.ingest.admission.admittedBytes,
  ),
  column(
    'buffered_bytes',
    'UBIGINT',
    'Memory behind the rows that are not yet committed.',
    ({ server }) => server.sealer.bufferedBytes,
  ),
  column(
    'seal_target_bytes',
    'UBIGINT',
    'Admitted bytes that request a seal.',
    ({ server }) => server.request.options.seal_target_bytes,
  ),
  column(
    'seal_max_age_ms',
    'BIGINT',
    'Age of the oldest row that requests a seal.',
    ({ server }) => server.request.options.seal_max_age_ms,
  ),
  column('oldest_buffered_age_ms', 'BIGINT', 'Age of the oldest buffered row; NULL without one.', ({ server }) =>
    ageMs(server.sealer.oldestBufferedAtMs),
  ),
  column('last_seal_age_ms', 'BIGINT', 'Time since the last successful commit; NULL before the first.', ({ server }) =>
    ageMs(server.sealer.lastSealAtMs),
  ),
  column('seals_total', 'UBIGINT', 'Commits since the start.', ({ server }) => server.sealer.sealsTotal),
  column(
    'committed_rows_total',
    'UBIGINT',
    'Rows committed since the start.',
    ({ server }) => server.sealer.committedRowsTotal,
  ),
  column(
    'seal_failures_total',
    'UBIGINT',
    'Failed commits since the start.',
    ({ server }) => server.sealer.failuresTotal,
  ),
  column(
    'is_listening',
    'BOOLEAN',
    'False once a listener has stopped by an error.',
    ({ server }) => server.listeners.isListening,
  ),
  column(
    'last_error',
    'VARCHAR',
    'The error that stopped a listener.',
    ({ server }) => server.listeners.lastError ?? null,
  ),
  column('seal_last_error', 'VARCHAR', 'Why the last commit failed.', ({ server }) => server.sealer.lastError ?? null),
  column(
    'maintenance_runs_total',
    'UBIGINT',
    'Successful maintenance runs of the catalog.',
    ({ server }) => server.maintenance.runsTotal,
  ),
  column(
    'maintenance_failures_total',
    'UBIGINT',
    'Failed maintenance runs of the catalog.',
    ({ server }) => server.maintenance.failuresTotal,
  ),
  column('last_maintenance_age_ms', 'BIGINT', 'Time since the last successful maintenance run.', ({ server }) =>
    ageMs(server.maintenance.lastRunAtMs),
  ),
  column(
    'maintenance_last_error',
    'VARCHAR',
    'Why the last maintenance run failed.',
    ({ server }) => server.maintenance.lastError ?? null,
  ),
  column(
    'promoted_columns_total',
    'UBIGINT',
    'Columns of promoted attributes, over all tables.',
    ({ server }) => server.target.promotedColumns,
  ),
  column(
    'event_loop_delay_p99_ms',
    'DOUBLE',
    'How late the JavaScript thread was in 99 of 100 cases, since the first server started. The same for all servers.',
    ({ eventLoopDelay }) => eventLoopDelay.p99Ms,
  ),
  column(
    'event_loop_delay_max_ms',
    'DOUBLE',
    'The longest that anything kept the JavaScript thread, since the first server started. The same for all servers.',
    ({ eventLoopDelay }) => eventLoopDelay.maxMs,
  ),
  column(
    'durability',
    'VARCHAR',
    'What a receipt promises: rows in `memory`, or a request in a `journal` on disk.',
    ({ server }) => server.request.options.durability,
  ),
  column('journal_bytes', 'UBIGINT', 'Size of the journal; 0 without one.', ({ server }) => server.journal?.bytes ?? 0),
  column(
    'journal_last_sequence',
    'BIGINT',
    'Sequence of the newest journal record; NULL without a journal.',
    ({ server }) => server.journal?.lastSequence ?? null,
  ),
  column(
    'journal_syncs_total',
    'UBIGINT',
    'Times that the journal was made durable, each for all requests that waited.',
    ({ server }) => server.journal?.syncsTotal ?? 0,
  ),
  column(
    'journal_records_total',
    'UBIGINT',
    'Records written to the journal since the start.',
    ({ server }) => server.journal?.recordsTotal ?? 0,
  ),
  column(
    'replayed_rows_total',
    'UBIGINT',
    'Rows that came from the journal at the start, or from dead letters since.',
    ({ server }) => server.replayedRowsTotal,
  ),
  column(
    'dead_letter_rows_total',
    'UBIGINT',
    'Rows set aside since the start, because the target refuses them for good.',
    ({ server }) => server.deadLetters.rowsTotal,
  ),
  column(
    'journal_error',
    'VARCHAR',
    'Why the journal takes nothing more; NULL while all is well.',
    ({ server }) => server.journal?.failure ?? null,
  ),
  column('connections', 'UBIGINT', 'Open connections.', ({ server }) => server.listeners.connections.open),
  column(
    'refused_connections_total',
    'UBIGINT',
    'Connections closed at once since the start, because `max_connections` were open.',
    ({ server }) => server.listeners.connections.refusedTotal,
  ),
  column('listeners', LISTENERS, 'Where the server listens; the first is that of `listen_uri`.', ({ server }) =>
    server.listeners.all.map(({ uri, transport }) => ({ uri: canonicalUri(uri), url: httpUrl(uri), transport })),
  ),
  column(
    'dead_letter_error',
    'VARCHAR',
    'Why rows were set aside last, of those that `otlp_replay` has not committed since; NULL without any.',
    ({ server }) => server.deadLetters.waiting.at(-1)?.error ?? null,
  ),
];

/** `otlp_server_list()`: one row per running server, true at the moment of the call. */
export function otlpServerList(registry: ServerRegistry): ListFunction<ListedServer> {
  return {
    name: 'otlp_server_list',
    columns: serverColumns,
    rows: () => registry.servers.map((server) => ({ server, eventLoopDelay: registry.eventLoopDelay })),
  };
}

function ageMs(sinceMs: number | undefined): number | null {
  return sinceMs === undefined ? null : Math.max(0, Date.now() - sinceMs);
}
