// A server → how each of its parts is. otlp_health() and the admin API show the same.

import type { Job } from '../upkeep/job.js';
import type { IngestServer } from './ingest-server.js';
import type { QueryServer } from './query-server.js';
import type { QueryServers } from './query-servers.js';
import type { ServerRegistry } from './server-registry.js';

/** From so many failures in a row on, a job is not healthy: one may have met a catalog that was away for a moment. */
export const FAILURES_TO_WORRY = 3;

export interface SubsystemHealth {
  readonly listenUri: string;
  readonly subsystem: 'listener' | 'seals' | 'journal' | 'target' | 'maintenance' | 'retention' | 'tls' | 'queries';
  readonly isHealthy: boolean;
  /** Since when it fails or is paused, where that is known. */
  readonly sinceMs: number | undefined;
  readonly consecutiveFailures: number;
  readonly lastError: string | undefined;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** Of all servers, in the order in which they were started. */
export function healthOfAll(registry: ServerRegistry, queries: QueryServers): readonly SubsystemHealth[] {
  return [
    ...registry.servers.flatMap(healthOf),
    ...queries.servers.flatMap((server) => healthOfQueries(server, queries)),
  ];
}

export function healthOf(server: IngestServer): readonly SubsystemHealth[] {
  const { listenUri, listeners, ingest, sealer, journal, target, maintenance, retention, pauses, deadLetters } = server;
  const sealsPausedMs = pauses.since('seals');
  const ingestPausedMs = pauses.since('ingest');
  return [
    {
      listenUri,
      subsystem: 'listener',
      isHealthy: listeners.isListening && ingestPausedMs === undefined,
      sinceMs: ingestPausedMs,
      consecutiveFailures: 0,
      lastError: listeners.lastError,
      detail: {
        is_listening: listeners.isListening,
        paused_since_unix_ms: ingestPausedMs ?? null,
        connections: listeners.connections.open,
        active_requests: ingest.activeRequests,
        admitted_bytes: ingest.admission.admittedBytes,
        max_buffered_bytes: server.request.options.max_buffered_bytes,
      },
    },
    {
      listenUri,
      subsystem: 'seals',
      isHealthy: server.sealsCheck === 'ok',
      sinceMs: sealer.failingSinceMs ?? sealsPausedMs,
      consecutiveFailures: sealer.consecutiveFailures,
      lastError: sealer.lastError,
      detail: {
        paused_since_unix_ms: sealsPausedMs ?? null,
        buffered_rows: sealer.bufferedRows,
        buffered_bytes: sealer.bufferedBytes,
        max_decoded_bytes: server.request.options.max_decoded_bytes,
        last_seal_unix_ms: sealer.lastSealAtMs ?? null,
        seals_total: sealer.sealsTotal,
        seal_failures_total: sealer.failuresTotal,
      },
    },
    {
      listenUri,
      subsystem: 'journal',
      isHealthy: journal?.failure === undefined,
      sinceMs: undefined,
      consecutiveFailures: journal?.failure === undefined ? 0 : 1,
      lastError: journal?.failure,
      detail: {
        durability: server.request.options.durability,
        bytes: journal?.bytes ?? 0,
        pending_records: journal === undefined ? 0 : journal.lastSequence - journal.releasedSequence,
      },
    },
    {
      listenUri,
      subsystem: 'target',
      isHealthy: sealer.lastError === undefined && deadLetters.waiting.length === 0,
      sinceMs: sealer.failingSinceMs ?? deadLetters.waiting[0]?.setAsideUnixMs,
      consecutiveFailures: sealer.consecutiveFailures,
      lastError: sealer.lastError ?? deadLetters.waiting.at(-1)?.error,
      detail: {
        kind: target.kindName,
        catalog: target.catalogName,
        schema: target.schemaName,
        dead_letters: deadLetters.waiting.length,
        dead_letter_bytes: deadLetters.waiting.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    },
    healthOfJob(listenUri, 'maintenance', maintenance.job),
    healthOfJob(listenUri, 'retention', retention.job),
    healthOfTls(listenUri, server),
  ];
}

function healthOfQueries(server: QueryServer, { runner }: QueryServers): readonly SubsystemHealth[] {
  const { listenUri } = server;
  const inState = (state: string) => runner.running.filter((query) => query.state === state).length;
  const { maxQueries, maxWaitingQueries, memoryBytes } = runner.limits;
  const [running, waiting] = [inState('running'), inState('waiting')];
  return [
    {
      listenUri,
      subsystem: 'listener',
      isHealthy: server.isListening,
      sinceMs: undefined,
      consecutiveFailures: 0,
      lastError: server.lastError,
      detail: {
        is_listening: server.isListening,
        connections: server.connections.open,
        active_requests: server.requests.active,
      },
    },
    {
      listenUri,
      subsystem: 'queries',
      isHealthy: waiting < maxWaitingQueries,
      sinceMs: undefined,
      consecutiveFailures: 0,
      lastError: undefined,
      detail: {
        running,
        waiting,
        max_concurrent_queries: maxQueries,
        max_waiting_queries: maxWaitingQueries,
        reserved_bytes: runner.reservedBytes,
        query_memory_bytes: memoryBytes,
      },
    },
    healthOfTls(listenUri, server),
  ];
}

/** A job that a server does not have is healthy: there is nothing to do. */
function healthOfJob(listenUri: string, subsystem: 'maintenance' | 'retention', job: Job | undefined): SubsystemHealth {
  const failures = job?.consecutiveFailures ?? 0;
  return {
    listenUri,
    subsystem,
    isHealthy: failures < FAILURES_TO_WORRY,
    sinceMs: job?.failingSinceMs ?? job?.pausedAtMs,
    consecutiveFailures: failures,
    lastError: job?.lastError,
    detail: {
      is_needed: job !== undefined && !job.isRetired,
      is_running: job?.isRunning ?? false,
      paused_since_unix_ms: job?.pausedAtMs ?? null,
      runs_total: job?.runsTotal ?? 0,
      failures_total: job?.failuresTotal ?? 0,
      last_run_unix_ms: job?.lastRunAtMs ?? null,
    },
  };
}

function healthOfTls(listenUri: string, { tls }: Pick<IngestServer, 'tls'>): SubsystemHealth {
  const isValid = tls === undefined || tls.notAfterMs > Date.now();
  return {
    listenUri,
    subsystem: 'tls',
    isHealthy: isValid && tls?.lastError === undefined,
    sinceMs: undefined,
    consecutiveFailures: 0,
    lastError: tls?.lastError ?? (isValid ? undefined : 'the certificate has expired'),
    detail: { is_on: tls !== undefined, not_after_unix_ms: tls?.notAfterMs ?? null },
  };
}
