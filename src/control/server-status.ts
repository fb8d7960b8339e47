// State of a running server, declared once: facts, gauges and counters. otlp_server_list() is generated from it, and so is
// everything else that shows or exports server state. Events are in server-events.ts.

import { LISTENERS, type ResultType, type ResultValue } from '../schema/result-column.js';
import { canonicalUri } from '../server/listen-uri.js';
import type { EventLoopDelay } from './event-loop-delay.js';
import type { IngestServer } from './ingest-server.js';

/** A server at one moment. */
export interface ObservedServer {
  readonly server: IngestServer;
  readonly eventLoopDelay: EventLoopDelay;
  readonly nowMs: number;
}

/** UCUM unit, as in OpenTelemetry. Braces name what is counted. */
export type Unit =
  | 'By'
  | 'ms'
  | '{column}'
  | '{commit}'
  | '{connection}'
  | '{record}'
  | '{request}'
  | '{row}'
  | '{run}'
  | '{sync}';

/** A property of a server rather than a measurement. */
export interface Fact {
  readonly kind: 'fact';
  readonly name: string;
  readonly type: ResultType;
  readonly doc: string;
  value(observed: ObservedServer): ResultValue;
}

export interface Measure {
  /** A counter only increases while the server runs. */
  readonly kind: 'counter' | 'gauge';
  /** Column name in SQL. */
  readonly name: string;
  /** Metric name without its prefix. Only counters end in `_total`. */
  readonly exportedAs: string;
  readonly type: 'UBIGINT' | 'BIGINT' | 'DOUBLE';
  readonly unit: Unit;
  readonly doc: string;
  /** Null if there is nothing to measure. */
  value(observed: ObservedServer): number | null;
}

/** In the column order of SQL. */
export const serverStatus: readonly (Fact | Measure)[] = [
  fact('listen_uri', 'VARCHAR', 'URI that the server listens on.', ({ server }) => server.listenUri),
  fact('listen_url', 'VARCHAR', 'The same as an `http://` base URL.', ({ server }) => server.listenUrl),
  fact('host', 'VARCHAR', 'Bound host.', ({ server }) => server.uri.host),
  fact('port', 'USMALLINT', 'Bound port.', ({ server }) => server.uri.port),
  fact(
    'catalog_name',
    'VARCHAR',
    'Target catalog; empty for the opened database.',
    ({ server }) => server.target.catalogName,
  ),
  fact('schema_name', 'VARCHAR', 'Schema that holds the tables.', ({ server }) => server.target.schemaName),
  gauge(
    'active_requests',
    'UBIGINT',
    '{request}',
    'Requests in progress.',
    ({ server }) => server.ingest.activeRequests,
  ),
  counter(
    'total_requests',
    '{request}',
    'Requests since the start, including failed ones.',
    ({ server }) => server.ingest.totalRequests,
  ),
  counter('total_rows', '{row}', 'Rows accepted since the start.', ({ server }) => server.ingest.totalRows),
  gauge('buffered_rows', 'UBIGINT', '{row}', 'Uncommitted rows.', ({ server }) => server.sealer.bufferedRows),
  gauge(
    'admitted_bytes',
    'UBIGINT',
    'By',
    'Request bytes admitted and not yet released by a commit.',
    ({ server }) => server.ingest.admission.admittedBytes,
  ),
  gauge('buffered_bytes', 'UBIGINT', 'By', 'Memory of uncommitted rows.', ({ server }) => server.sealer.bufferedBytes),
  gauge(
    'seal_target_bytes',
    'UBIGINT',
    'By',
    'Admitted bytes that trigger a seal.',
    ({ server }) => server.request.options.seal_target_bytes,
  ),
  gauge(
    'seal_max_age_ms',
    'BIGINT',
    'ms',
    'Age of the oldest row that triggers a seal.',
    ({ server }) => server.request.options.seal_max_age_ms,
  ),
  gauge(
    'oldest_buffered_age_ms',
    'BIGINT',
    'ms',
    'Age of the oldest buffered row; NULL without one.',
    ({ server, nowMs }) => ageMs(server.sealer.oldestBufferedAtMs, nowMs),
  ),
  gauge(
    'last_seal_age_ms',
    'BIGINT',
    'ms',
    'Time since the last successful commit; NULL before the first.',
    ({ server, nowMs }) => ageMs(server.sealer.lastSealAtMs, nowMs),
  ),
  counter('seals_total', '{commit}', 'Commits since the start.', ({ server }) => server.sealer.sealsTotal),
  counter(
    'committed_rows_total',
    '{row}',
    'Rows committed since the start.',
    ({ server }) => server.sealer.committedRowsTotal,
  ),
  counter(
    'seal_failures_total',
    '{commit}',
    'Failed commits since the start.',
    ({ server }) => server.sealer.failuresTotal,
  ),
  fact(
    'is_listening',
    'BOOLEAN',
    'False once an error has stopped a listener.',
    ({ server }) => server.listeners.isListening,
  ),
  fact(
    'last_error',
    'VARCHAR',
    'The error that stopped a listener.',
    ({ server }) => server.listeners.lastError ?? null,
  ),
  fact('seal_last_error', 'VARCHAR', 'Why the last commit failed.', ({ server }) => server.sealer.lastError ?? null),
  counter(
    'maintenance_runs_total',
    '{run}',
    'Successful maintenance runs of the catalog.',
    ({ server }) => server.maintenance.job?.runsTotal ?? 0,
  ),
  counter(
    'maintenance_failures_total',
    '{run}',
    'Failed maintenance runs of the catalog.',
    ({ server }) => server.maintenance.job?.failuresTotal ?? 0,
  ),
  gauge(
    'last_maintenance_age_ms',
    'BIGINT',
    'ms',
    'Time since the last successful maintenance run.',
    ({ server, nowMs }) => ageMs(server.maintenance.job?.lastRunAtMs, nowMs),
  ),
  fact(
    'maintenance_last_error',
    'VARCHAR',
    'Why the last maintenance run failed.',
    ({ server }) => server.maintenance.job?.lastError ?? null,
  ),
  gauge(
    'promoted_columns_total',
    'UBIGINT',
    '{column}',
    'Columns of promoted attributes, over all tables.',
    ({ server }) => server.target.promotedColumns,
  ),
  gauge(
    'event_loop_delay_p99_ms',
    'DOUBLE',
    'ms',
    '99th percentile of the delay of the JavaScript event loop since the first server started. The same for all servers.',
    ({ eventLoopDelay }) => eventLoopDelay.p99Ms,
  ),
  gauge(
    'event_loop_delay_max_ms',
    'DOUBLE',
    'ms',
    'Longest delay of the JavaScript event loop since the first server started. The same for all servers.',
    ({ eventLoopDelay }) => eventLoopDelay.maxMs,
  ),
  fact(
    'durability',
    'VARCHAR',
    'What a 202 means: the rows are in `memory`, or the request is in a `journal` on disk.',
    ({ server }) => server.request.options.durability,
  ),
  gauge(
    'journal_bytes',
    'UBIGINT',
    'By',
    'Size of the journal; 0 without one.',
    ({ server }) => server.journal?.bytes ?? 0,
  ),
  fact(
    'journal_last_sequence',
    'BIGINT',
    'Sequence of the newest journal record; NULL without a journal.',
    ({ server }) => server.journal?.lastSequence ?? null,
  ),
  counter(
    'journal_syncs_total',
    '{sync}',
    'Syncs of the journal since the start. Requests that wait share one.',
    ({ server }) => server.journal?.syncsTotal ?? 0,
  ),
  counter(
    'journal_records_total',
    '{record}',
    'Records written to the journal since the start.',
    ({ server }) => server.journal?.recordsTotal ?? 0,
  ),
  counter(
    'replayed_rows_total',
    '{row}',
    'Rows replayed from the journal at the start, or from dead letters since.',
    ({ server }) => server.replayedRowsTotal,
  ),
  counter(
    'dead_letter_rows_total',
    '{row}',
    'Rows set aside as dead letters since the start.',
    ({ server }) => server.deadLetters.rowsTotal,
  ),
  fact(
    'journal_error',
    'VARCHAR',
    'Why the journal accepts no more writes; NULL while it does.',
    ({ server }) => server.journal?.failure ?? null,
  ),
  gauge(
    'connections',
    'UBIGINT',
    '{connection}',
    'Open connections.',
    ({ server }) => server.listeners.connections.open,
  ),
  counter(
    'refused_connections_total',
    '{connection}',
    'Connections refused since the start because `max_connections` were open.',
    ({ server }) => server.listeners.connections.refusedTotal,
  ),
  fact('listeners', LISTENERS, 'Where the server listens; the first is that of `listen_uri`.', ({ server }) =>
    server.listeners.all.map(({ uri, transport }) => ({ uri: canonicalUri(uri), url: server.urlOf(uri), transport })),
  ),
  fact(
    'dead_letter_error',
    'VARCHAR',
    'Why rows last became dead letters; NULL once `otlp_replay` has committed all of them.',
    ({ server }) => server.deadLetters.waiting.at(-1)?.error ?? null,
  ),
  fact(
    'tls_not_after_unix_ms',
    'BIGINT',
    'When the certificate expires; NULL without TLS.',
    ({ server }) => server.tls?.notAfterMs ?? null,
  ),
  fact(
    'tls_last_error',
    'VARCHAR',
    'Why the certificate files that are there now are not used; NULL while they are.',
    ({ server }) => server.tls?.lastError ?? null,
  ),
  fact(
    'token_file_last_error',
    'VARCHAR',
    'Why the file of tokens that is there now is not used; NULL while it is.',
    ({ server }) => server.tokenFile?.lastError ?? null,
  ),
  counter(
    'retention_runs_total',
    '{run}',
    'Successful removals of old rows.',
    ({ server }) => server.retention.job?.runsTotal ?? 0,
  ),
  counter(
    'retention_failures_total',
    '{run}',
    'Failed removals of old rows.',
    ({ server }) => server.retention.job?.failuresTotal ?? 0,
  ),
  gauge(
    'retention_consecutive_failures',
    'UBIGINT',
    '{run}',
    'Removals of old rows that have failed since the last successful one.',
    ({ server }) => server.retention.job?.consecutiveFailures ?? 0,
  ),
  gauge(
    'last_retention_age_ms',
    'BIGINT',
    'ms',
    'Time since the last successful removal of old rows.',
    ({ server, nowMs }) => ageMs(server.retention.job?.lastRunAtMs, nowMs),
  ),
  counter(
    'retention_rows_total',
    '{row}',
    'Rows removed because of their age.',
    ({ server }) => server.retention.deletedRowsTotal,
  ),
  fact(
    'retention_last_error',
    'VARCHAR',
    'Why the last removal of old rows failed.',
    ({ server }) => server.retention.job?.lastError ?? null,
  ),
  gauge('dead_letter_bytes', 'UBIGINT', 'By', 'Size of dead letters that wait for a replay.', ({ server }) =>
    server.deadLetters.waiting.reduce((sum, { bytes }) => sum + bytes, 0),
  ),
  gauge(
    'dead_letter_max_bytes',
    'UBIGINT',
    'By',
    'Room for dead letters, as `dead_letter_max_bytes` says.',
    ({ server }) => server.request.options.dead_letter_max_bytes,
  ),
  counter(
    'dead_letters_evicted_total',
    '{record}',
    'Dead letters deleted to make room for others since the start.',
    ({ server }) => server.deadLetters.evictedTotal,
  ),
  counter(
    'dead_letter_replay_failures_total',
    '{run}',
    'Replays of dead letters by schedule that were refused again.',
    ({ server }) => server.replays?.failuresTotal ?? 0,
  ),
];

function fact(name: string, type: ResultType, doc: string, value: Fact['value']): Fact {
  return { kind: 'fact', name, type, doc, value };
}

function gauge(name: string, type: Measure['type'], unit: Unit, doc: string, value: Measure['value']): Measure {
  return { kind: 'gauge', name, exportedAs: stemOf(name), type, unit, doc, value };
}

function counter(name: string, unit: Unit, doc: string, value: Measure['value']): Measure {
  return { kind: 'counter', name, exportedAs: `${stemOf(name)}_total`, type: 'UBIGINT', unit, doc, value };
}

function stemOf(name: string): string {
  return name.replace(/^total_|_total$/, '');
}

function ageMs(sinceMs: number | undefined, nowMs: number): number | null {
  return sinceMs === undefined ? null : Math.max(0, nowMs - sinceMs);
}
