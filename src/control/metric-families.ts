// What is known of the process and its servers, as metrics. /metrics and otlp_metrics() show the same.

import { packageVersion } from '../base/package-version.js';
import type { TenantCount } from '../ingest/tenant-counts.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import { signals } from '../schema/column-declaration.js';
import type { MetricFamily, MetricSeries } from './metrics-text.js';
import { type Measure, type ObservedServer, serverStatus } from './server-status.js';

/** What the scheduler of queries tells. */
export type ObservedQueries = Pick<QueryRunner, 'running' | 'reservedBytes' | 'limits' | 'counts'>;

const PREFIX = 'otelduck_';

/** What a server's status counts as a whole, and a family below by label. */
const COUNTED_BY_LABEL = new Set(['total_requests']);

export function metricFamilies(servers: readonly ObservedServer[]): readonly MetricFamily[] {
  const measures = serverStatus.filter(
    (entry): entry is Measure => entry.kind !== 'fact' && !COUNTED_BY_LABEL.has(entry.name),
  );
  return [...processFamilies(), ...measures.map((measure) => measured(measure, servers)), ...serverFamilies(servers)];
}

function measured({ kind, exportedAs, unit, doc, value }: Measure, servers: readonly ObservedServer[]): MetricFamily {
  // Prometheus has seconds everywhere.
  const inSeconds = unit === 'ms';
  return {
    name: PREFIX + (inSeconds ? exportedAs.replace(/_ms$/, '_seconds') : exportedAs),
    type: kind,
    doc,
    series: servers.flatMap((observed) => {
      const measured = value(observed);
      return measured === null ? [] : [seriesOf(observed, inSeconds ? measured / 1000 : measured)];
    }),
  };
}

/** What has labels besides the server's, or is a fact that can be told by 0 and 1. */
function serverFamilies(servers: readonly ObservedServer[]): readonly MetricFamily[] {
  const gauge = (name: string, doc: string, value: (observed: ObservedServer) => number): MetricFamily => ({
    name: PREFIX + name,
    type: 'gauge',
    doc,
    series: servers.map((observed) => seriesOf(observed, value(observed))),
  });
  return [
    gauge('listening', '1 while all listeners of the server listen, else 0.', ({ server }) =>
      Number(server.listeners.isListening),
    ),
    gauge('target_up', '0 from a failed commit on, until one succeeds.', ({ server }) =>
      Number(server.sealer.lastError === undefined),
    ),
    gauge('journal_up', '0 once the journal accepts no more writes. 1 without a journal.', ({ server }) =>
      Number(server.journal?.failure === undefined),
    ),
    gauge(
      'dead_letters',
      'Generations that the target refused for good, and that wait for a replay.',
      ({ server }) => server.deadLetters.waiting.length,
    ),
    {
      name: `${PREFIX}requests_total`,
      type: 'counter',
      doc: 'Requests that have ended, by signal and outcome: accepted, or the reason that clients are told.',
      series: servers.flatMap((observed) =>
        signals.flatMap((signal) =>
          [...observed.server.ingest.requestCounts[signal].byOutcome].map(([outcome, count]) =>
            seriesOf(observed, count, { signal, outcome }),
          ),
        ),
      ),
    },
    tenantCounter(servers, 'tenant_rows_total', 'Rows accepted, by tenant.', ({ rows }) => rows),
    tenantCounter(servers, 'tenant_bytes_total', 'Bytes of accepted requests, by tenant.', ({ bytes }) => bytes),
    {
      name: `${PREFIX}ack_seconds`,
      type: 'histogram',
      doc: 'Time from the head of a request to its answer, whatever the answer is.',
      series: servers.flatMap((observed) =>
        signals.map((signal) =>
          seriesOf(observed, observed.server.ingest.requestCounts[signal].answerSeconds, { signal }),
        ),
      ),
    },
    {
      name: `${PREFIX}body_bytes`,
      type: 'histogram',
      doc: 'Size of request bodies as they were sent.',
      series: servers.flatMap((observed) =>
        signals.map((signal) => seriesOf(observed, observed.server.ingest.requestCounts[signal].bodyBytes, { signal })),
      ),
    },
    {
      name: `${PREFIX}seal_seconds`,
      type: 'histogram',
      doc: 'Time of attempts to commit: `total`, and in it those of inserting rows (`append`) and of COMMIT (`commit`).',
      series: servers.flatMap((observed) =>
        Object.entries(observed.server.sealer.log.seconds).map(([phase, seconds]) =>
          seriesOf(observed, seconds, { phase }),
        ),
      ),
    },
  ];
}

/** Of servers with tenants: the first hundred that came, and `(other)`. */
function tenantCounter(
  servers: readonly ObservedServer[],
  name: string,
  doc: string,
  value: (count: TenantCount) => number,
): MetricFamily {
  return {
    name: PREFIX + name,
    type: 'counter',
    doc,
    series: servers.flatMap((observed) =>
      [...observed.server.ingest.tenantCounts.byTenant].map(([tenant, count]) =>
        seriesOf(observed, value(count), { tenant }),
      ),
    ),
  };
}

/** Of all queries of the process: servers share their limits. */
export function queryFamilies({ running, reservedBytes, limits, counts }: ObservedQueries): readonly MetricFamily[] {
  const inState = (state: string) => running.filter((query) => query.state === state).length;
  return [
    {
      name: `${PREFIX}queries`,
      type: 'gauge',
      doc: 'Queries that are `running` or `waiting`, by state.',
      series: ['running', 'waiting'].map((state) => ({ labels: { state }, value: inState(state) })),
    },
    single(`${PREFIX}queries_max`, 'gauge', '`max_concurrent_queries`.', limits.maxQueries),
    single(`${PREFIX}query_reserved_bytes`, 'gauge', 'What queries hold of `query_memory_bytes`.', reservedBytes),
    single(`${PREFIX}query_max_bytes`, 'gauge', '`query_memory_bytes`.', limits.memoryBytes),
    {
      name: `${PREFIX}queries_total`,
      type: 'counter',
      doc: 'Queries that have ended, by outcome: answered, or the reason that clients are told.',
      series: [...counts.byOutcome].map(([outcome, value]) => ({ labels: { outcome }, value })),
    },
    {
      name: `${PREFIX}query_seconds`,
      type: 'histogram',
      doc: 'Time of queries from the moment that they are asked, waiting included.',
      series: [{ labels: {}, value: counts.seconds }],
    },
  ];
}

/** Under the names that client libraries of Prometheus give them. */
function processFamilies(): readonly MetricFamily[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    {
      name: `${PREFIX}info`,
      type: 'gauge',
      doc: 'Always 1. The labels say what runs.',
      series: [{ labels: { version: packageVersion, node: process.versions.node }, value: 1 }],
    },
    single('process_cpu_seconds_total', 'counter', 'CPU time of the process.', (user + system) / 1e6),
    single('process_resident_memory_bytes', 'gauge', 'Resident memory of the process, DuckDB included.', rss),
    single('process_start_time_seconds', 'gauge', 'When the process started, since 1970.', startTimeSeconds()),
    single('nodejs_heap_size_used_bytes', 'gauge', 'Memory of JavaScript objects.', heapUsed),
  ];
}

function single(name: string, type: 'counter' | 'gauge', doc: string, value: number): MetricFamily {
  return { name, type, doc, series: [{ labels: {}, value }] };
}

function seriesOf(
  { server }: ObservedServer,
  value: MetricSeries['value'],
  labels: Readonly<Record<string, string>> = {},
): MetricSeries {
  return { labels: { listen_uri: server.listenUri, ...labels }, value };
}

function startTimeSeconds(): number {
  return Math.round(performance.timeOrigin) / 1000;
}
