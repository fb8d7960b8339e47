// Administration over HTTP: the functions of SQL that pause, maintain and remove, and how servers are. Routes and names of fields are
// those of canardstack where what they mean is equal, so that its scripts go on.

import { Failure } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import { dayText, timeOf } from '../catalog/old-rows.js';
import type { Database } from '../duckdb/database.js';
import { qualifiedName, quotedString } from '../duckdb/sql-text.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { retentionDays } from '../schema/retention-options.js';
import { telemetryTables } from '../schema/tables.js';
import { parseListenUri } from '../server/listen-uri.js';
import type { ReadAnswer, ReadApi, ReadMethod, ReadRequest } from '../server/read/read-api.js';
import type { Job } from '../upkeep/job.js';
import type { PurgedTable } from '../upkeep/retention-job.js';
import type { IngestServer } from './ingest-server.js';
import { pausableNamed } from './pauses.js';
import { FAILURES_TO_WORRY, healthOf, type SubsystemHealth } from './server-health.js';
import type { ServerRegistry } from './server-registry.js';

export interface AdminParts {
  readonly database: Database;
  readonly registry: ServerRegistry;
  readonly runner: QueryRunner;
}

type Json = Readonly<Record<string, unknown>>;
/** How a server is, in one respect. */
type Health = Json & { readonly healthy: boolean };

export function adminApi({ database, registry, runner }: AdminParts): ReadApi {
  const health = (name: string, of: (server: IngestServer) => Health | Promise<Health>) =>
    route('GET', `health/${name}`, async (request) => {
      const servers = await Promise.all(
        asked(registry, request).map(async (server) => ({ listen_uri: server.listenUri, ...(await of(server)) })),
      );
      const healthy = servers.every((server) => server.healthy);
      return json(servers.length === 1 ? servers[0]! : { healthy, servers }, healthy ? 200 : 503);
    });
  const change = (name: string, of: (server: IngestServer, request: ReadRequest) => Promise<Json> | Json) =>
    route('POST', `maintenance/${name}`, async (request) => json(await of(theOne(registry, request), request)));
  return {
    routes: [
      health('storage', (server) => storageHealth(database, server)),
      health('ingest', ingestHealth),
      health('maintenance', maintenanceHealth),
      route('GET', 'health/queries', () => {
        const found = queriesHealth(runner);
        return json(found, found.healthy ? 200 : 503);
      }),
      change('pause', (server, request) => paused(server, request, 'pause')),
      change('resume', (server, request) => paused(server, request, 'resume')),
      change('seal', sealed),
      change('retention/dry-run', (server, request) => retained(server, request, 'preview')),
      change('retention/run', (server, request) => retained(server, request, 'remove')),
    ],
  };
}

function route(
  method: ReadMethod,
  path: string,
  handle: (request: ReadRequest) => ReadAnswer | Promise<ReadAnswer>,
): ReadApi['routes'][number] {
  return {
    method,
    path: `/api/admin/${path}`,
    permission: 'admin',
    handle: async (request) => {
      try {
        return await handle(request);
      } catch (error) {
        // What a user of SQL is told about an argument, a client is told, too.
        if (error instanceof SqlError) throw new Failure('malformed', error.message, { cause: error });
        throw error;
      }
    },
  };
}

/** The servers that a request is about: the one that it names, or all. */
function asked(registry: ServerRegistry, { query }: ReadRequest): readonly IngestServer[] {
  const uri = query.get('uri');
  if (uri === null) return registry.servers;
  const server = registry.find(parseListenUri(uri));
  if (server === undefined) throw new Failure('notFound', `no server found listening on ${uri}`);
  return [server];
}

/** The server that a request changes. */
function theOne(registry: ServerRegistry, request: ReadRequest): IngestServer {
  const [server, ...others] = asked(registry, request);
  if (server === undefined) throw new Failure('notFound', 'no server is running');
  if (others.length === 0) return server;
  const uris = [server, ...others].map(({ listenUri }) => listenUri).join(', ');
  throw new Failure('conflict', `several servers run: name one with ?uri=, of ${uris}`);
}

async function storageHealth(database: Database, server: IngestServer): Promise<Health> {
  const { target } = server;
  const { isHealthy, lastError } = partOf(server, 'target');
  const { rows, watermarks } = await contents(database, server);
  return {
    healthy: isHealthy,
    mode: target.kindName,
    ducklake_catalog: target.kindName === 'ducklake' ? target.catalogName : null,
    last_error: lastError ?? null,
    capabilities: {
      insert: true,
      query: true,
      snapshot_expiration: target.kindName === 'ducklake',
      cleanup_old_files: target.kindName === 'ducklake',
      whole_day_retention: target.retention !== undefined,
    },
    freshness_watermarks: watermarks,
    logical_rows: rows,
  };
}

/** Rows of each table, and the time of its newest one. */
async function contents(database: Database, { target }: IngestServer) {
  const { catalog, schema } = target.live.home;
  const counts = telemetryTables.map(
    (table) =>
      `SELECT json_object('table', ${quotedString(table.name)}, 'rows', count(*), 'newest', epoch_ms(max(${timeOf(table)})))::VARCHAR
       FROM ${qualifiedName(catalog, schema, table.name)}`,
  );
  const found = (await database.texts(counts.join(' UNION ALL '), [])).map(
    (text) => JSON.parse(text) as { table: string; rows: number; newest: number | null },
  );
  const nowMs = Date.now();
  const watermark = (newestMs: number | null) =>
    newestMs === null
      ? null
      : {
          timestamp: rfc3339(newestMs),
          epoch_seconds: newestMs / 1000,
          event_lag_seconds: (nowMs - newestMs) / 1000,
        };
  return {
    rows: Object.fromEntries(found.map(({ table, rows }) => [table, rows])),
    watermarks: Object.fromEntries(found.map(({ table, newest }) => [table, watermark(newest)])),
  };
}

function ingestHealth(server: IngestServer): Health {
  const { journal, ingest, sealer } = server;
  const parts = (['listener', 'seals', 'journal'] as const).map((name) => partOf(server, name));
  const { max_buffered_bytes, max_decoded_bytes, journal_max_bytes, durability } = server.request.options;
  return {
    healthy: parts.every(({ isHealthy }) => isHealthy),
    last_error: parts.find(({ isHealthy }) => !isHealthy)?.lastError ?? null,
    paused: server.pauses.since('ingest') !== undefined,
    seals_paused: server.pauses.since('seals') !== undefined,
    raw_spool_healthy: journal?.failure === undefined,
    inflight: ingest.activeRequests,
    admission: {
      admitted_bytes: ingest.admission.admittedBytes,
      max_buffered_bytes,
      buffered_rows: sealer.bufferedRows,
      buffered_bytes: sealer.bufferedBytes,
      max_decoded_bytes,
    },
    raw_spool:
      journal === undefined
        ? null
        : {
            segment_bytes: journal.bytes,
            pending_records: journal.lastSequence - journal.releasedSequence,
            healthy: journal.failure === undefined,
            error: journal.failure ?? null,
          },
    raw_spool_config: { durability, journal_max_bytes },
  };
}

function maintenanceHealth(server: IngestServer): Health {
  const jobs = [server.maintenance.job, server.retention.job].filter((job) => job !== undefined);
  const { options } = server.request;
  const failing = jobs.filter(({ consecutiveFailures }) => consecutiveFailures > 0);
  return {
    healthy: jobs.every(({ consecutiveFailures }) => consecutiveFailures < FAILURES_TO_WORRY),
    paused: server.pauses.since('maintenance') !== undefined,
    last_runs: Object.fromEntries(
      jobs.flatMap(({ name, lastRunAtMs }) => (lastRunAtMs === undefined ? [] : [[name, rfc3339(lastRunAtMs)]])),
    ),
    last_failures: Object.fromEntries(failing.map((job) => [job.name, failureOf(job)])),
    retention_days: {
      logs: retentionDays(options, 'logs'),
      spans: retentionDays(options, 'traces'),
      metrics: retentionDays(options, 'metrics'),
    },
    scheduler_jobs: jobs.map(({ name }) => name),
  };
}

function failureOf({ failingSinceMs, lastError, consecutiveFailures }: Job): Json {
  return {
    at: failingSinceMs === undefined ? null : rfc3339(failingSinceMs),
    reason: lastError ?? null,
    consecutive: consecutiveFailures,
  };
}

/** Of all queries of the process: servers share their limits. */
function queriesHealth({ running, limits, reservedBytes }: QueryRunner): Health {
  const inState = (state: string) => running.filter((query) => query.state === state).length;
  const waiting = inState('waiting');
  return {
    healthy: waiting < limits.maxWaitingQueries,
    memory_limit_interactive: limits.memoryBytes,
    admission: {
      running: inState('running'),
      waiting,
      max_concurrent_queries: limits.maxQueries,
      max_waiting_queries: limits.maxWaitingQueries,
      reserved_bytes: reservedBytes,
    },
  };
}

function paused({ pauses }: IngestServer, { query }: ReadRequest, verb: 'pause' | 'resume'): Json {
  const what = pausableNamed(query.get('what') ?? 'maintenance');
  pauses[verb](what);
  return { paused: pauses.since(what) !== undefined, what };
}

async function sealed(server: IngestServer): Promise<Json> {
  const startedMs = performance.now();
  const { sealedRows, error } = await server.flush();
  return {
    status: error === undefined ? 'ok' : 'failed',
    sealed_rows: sealedRows,
    error: error ?? null,
    ...since(startedMs),
  };
}

async function retained(
  { retention }: IngestServer,
  { query }: ReadRequest,
  verb: 'preview' | 'remove',
): Promise<Json> {
  const startedMs = performance.now();
  const tables = await retention[verb](query.get('before') ?? undefined);
  const dryRun = verb === 'preview';
  return {
    status: tables.every(({ error }) => error === undefined) ? 'ok' : 'failed',
    dry_run: dryRun,
    retention: { dry_run: dryRun, tables: tables.map(purgedTable) },
    ...since(startedMs),
  };
}

function purgedTable(purged: PurgedTable): Json {
  return {
    table: purged.table.name,
    retention_days: purged.retentionDays,
    cutoff_date: purged.cutoffMs === undefined ? null : dayText(purged.cutoffMs),
    matching_rows: purged.matchingRows,
    deleted_rows: purged.deletedRows,
    files_dropped: purged.filesDropped ?? null,
    bytes_freed: purged.bytesFreed ?? null,
    error: purged.error ?? null,
  };
}

function partOf(server: IngestServer, name: SubsystemHealth['subsystem']): SubsystemHealth {
  return healthOf(server).find(({ subsystem }) => subsystem === name)!;
}

function json(body: Json, status = 200): ReadAnswer {
  return { status, type: 'application/json', body: JSON.stringify(body) };
}

function since(startedMs: number): Json {
  return { duration_ms: Math.round(performance.now() - startedMs) };
}

function rfc3339(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
