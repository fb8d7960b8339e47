// Listen URI → server. Owns the servers of a DuckDB instance.

import { SqlError } from '../base/sql-error.js';
import { exportPlace } from '../catalog/parquet/export-place.js';
import type { Database } from '../duckdb/database.js';
import { LiveRows } from '../live/live-rows.js';
import type { ReplayResult } from '../seal/dead-letter.js';
import type { FlushResult } from '../seal/sealer.js';
import { canonicalUri, type ListenUri } from '../server/listen-uri.js';
import { JobScheduler } from '../upkeep/job-scheduler.js';
import { EventLoopDelay } from './event-loop-delay.js';
import type { IngestServer, StopResult } from './ingest-server.js';
import { urisOf } from './listeners.js';
import { metricFamilies } from './metric-families.js';
import type { MetricFamily } from './metrics-text.js';
import type { ServeRequest } from './serve-request.js';
import type { ServerEventLog } from './server-events.js';
import type { ObservedServer } from './server-status.js';

export class ServerRegistry {
  /** Delay of the thread that all servers share, measured from the start of the first one. */
  readonly eventLoopDelay = new EventLoopDelay();
  /** The servers' in-memory rows, for queries. */
  readonly live = new LiveRows();
  readonly #scheduler = new JobScheduler();
  readonly #database: Database;
  readonly #tell: ServerEventLog;
  /** In start order. */
  readonly #servers = new Set<IngestServer>();
  /** Requests whose servers are starting, so that a conflicting start is rejected at once. */
  readonly #starting = new Set<ServeRequest>();
  #measuredToo: () => readonly MetricFamily[] = () => [];
  #isClosed = false;
  #refusal: string | undefined;

  constructor(database: Database, tell: ServerEventLog) {
    this.#database = database;
    this.#tell = tell;
  }

  /** Running servers, in start order. */
  get servers(): readonly IngestServer[] {
    return [...this.#servers];
  }

  /** Input of serverStatus. */
  observed(nowMs: number): readonly ObservedServer[] {
    return this.servers.map((server) => ({ server, eventLoopDelay: this.eventLoopDelay, nowMs }));
  }

  /** What is known of the process and its servers at this moment. */
  metrics(): readonly MetricFamily[] {
    return [...metricFamilies(this.observed(Date.now())), ...this.#measuredToo()];
  }

  /** Adds metrics of what is no server of telemetry. */
  measureToo(metrics: () => readonly MetricFamily[]): void {
    this.#measuredToo = metrics;
  }

  async start(request: ServeRequest): Promise<IngestServer> {
    if (this.#isClosed) throw new SqlError('OTLP_CLOSED', 'otelduck has been closed on this DuckDB instance');
    if (this.#refusal !== undefined)
      throw new SqlError('OTLP_SERVING_FORBIDDEN', `servers cannot be started: ${this.#refusal}`);
    this.#checkUris(request);
    this.#checkExport(request);
    this.#starting.add(request);
    this.eventLoopDelay.start();
    try {
      // This is half of the program, and a shell that starts no server must not wait for it to load.
      const { IngestServer } = await import('./ingest-server.js');
      const server = await IngestServer.start(this.#database, request, {
        live: this.live,
        scheduler: this.#scheduler,
        tell: this.#tell,
        metrics: () => this.metrics(),
      });
      this.#servers.add(server);
      // The instance may have been closed while the server was coming up.
      if (this.#isClosed) await this.#remove(server);
      return server;
    } finally {
      this.#starting.delete(request);
    }
  }

  /** Rejects further starts. Running servers continue. */
  refuseStarts(reason: string): void {
    this.#refusal ??= reason;
  }

  /** Resolves with undefined when there is no server at `uri`. */
  async flush(uri: ListenUri): Promise<(FlushResult & { readonly sealsTotal: number }) | undefined> {
    const server = this.find(uri);
    if (server === undefined) return undefined;
    return { ...(await server.flush()), sealsTotal: server.sealer.sealsTotal };
  }

  /** Commits dead letters. Resolves with undefined when there is no server at `uri`. */
  async replay(uri: ListenUri): Promise<ReplayResult | undefined> {
    return this.find(uri)?.replay();
  }

  /** Stops the server at `uri`. Resolves with undefined when there is none. */
  async stop(uri: ListenUri): Promise<StopResult | undefined> {
    const server = this.find(uri);
    return server === undefined ? undefined : this.#remove(server);
  }

  /** Stops all servers, and refuses to start more. Safe to call twice. */
  async close(): Promise<readonly { server: IngestServer; result: StopResult }[]> {
    this.#isClosed = true;
    this.eventLoopDelay.stop();
    return Promise.all(this.servers.map(async (server) => ({ server, result: await this.#remove(server) })));
  }

  /** The server with a listener at `uri`. The URI of any of its listeners finds it. */
  find(uri: ListenUri): IngestServer | undefined {
    const asked = canonicalUri(uri);
    return this.servers.find(({ listeners }) => listeners.all.some((at) => urisOf(at).includes(asked)));
  }

  /** The same. Throws where there is none. */
  running(uri: ListenUri): IngestServer {
    const server = this.find(uri);
    if (server !== undefined) return server;
    throw new SqlError('OTLP_SERVER_NOT_FOUND', `no server found listening on ${canonicalUri(uri)}`);
  }

  #checkUris({ listeners }: ServeRequest): void {
    const taken = new Set(
      [...this.servers.map((server) => server.listeners.all), ...[...this.#starting].map((other) => other.listeners)]
        .flat()
        .flatMap(urisOf),
    );
    for (const asked of listeners.filter(({ uri }) => uri.port !== 0).flatMap(urisOf)) {
      if (taken.has(asked)) throw new SqlError('OTLP_SERVER_EXISTS', `OTLP server already exists at ${asked}`);
    }
  }

  /** A schema's views show one folder. A second folder would hide the rows of earlier servers. */
  #checkExport({ options }: ServeRequest): void {
    const asked = exportPlace(options);
    if (asked === undefined) return;
    for (const request of [...this.servers.map((server) => server.request), ...this.#starting]) {
      const other = exportPlace(request.options);
      // SQL names are case-insensitive.
      if (other?.schema.toLowerCase() !== asked.schema.toLowerCase() || other.root === asked.root) continue;
      throw new SqlError(
        'OTLP_EXPORT_CONFLICT',
        `parquet_export_path must be the same for all servers of schema ${asked.schema}, whose views show one folder: it is ${other.root}, got ${asked.root}`,
      );
    }
  }

  async #remove(server: IngestServer): Promise<StopResult> {
    const result = await server.stop();
    this.#servers.delete(server);
    return result;
  }
}
