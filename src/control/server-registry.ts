// Listen URI → the one server there. Owns the servers of a DuckDB instance.

import { SqlError } from '../base/sql-error.js';
import { exportPlace } from '../catalog/parquet/export-place.js';
import type { Database } from '../duckdb/database.js';
import { LiveRows } from '../live/live-rows.js';
import type { ReplayResult } from '../seal/dead-letter.js';
import type { FlushResult } from '../seal/sealer.js';
import { canonicalUri, type ListenUri } from '../server/listen-uri.js';
import { EventLoopDelay } from './event-loop-delay.js';
import type { IngestServer, StopResult } from './ingest-server.js';
import { urisOf } from './listeners.js';
import type { ServeRequest } from './serve-request.js';
import type { ServerEventLog } from './server-events.js';
import type { ObservedServer } from './server-status.js';

export class ServerRegistry {
  /** Of the thread that all servers share, from the first one's start on. */
  readonly eventLoopDelay = new EventLoopDelay();
  /** What the servers hold in memory, for queries. */
  readonly live = new LiveRows();
  readonly #database: Database;
  readonly #tell: ServerEventLog;
  /** In the order in which they were started. */
  readonly #servers = new Set<IngestServer>();
  /** What servers are being started for, so that another start which gets in their way is refused at once. */
  readonly #starting = new Set<ServeRequest>();
  #isClosed = false;
  #refusal: string | undefined;

  constructor(database: Database, tell: ServerEventLog) {
    this.#database = database;
    this.#tell = tell;
  }

  /** Running servers, in the order in which they were started. */
  get servers(): readonly IngestServer[] {
    return [...this.#servers];
  }

  /** What serverStatus speaks of. */
  observed(nowMs: number): readonly ObservedServer[] {
    return this.servers.map((server) => ({ server, eventLoopDelay: this.eventLoopDelay, nowMs }));
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
      // The half of the program that is for servers alone: a shell that starts none is not to wait for it.
      const { IngestServer } = await import('./ingest-server.js');
      const server = await IngestServer.start(this.#database, request, this.live, this.#tell);
      this.#servers.add(server);
      // The instance may have been closed while the server was coming up.
      if (this.#isClosed) await this.#remove(server);
      return server;
    } finally {
      this.#starting.delete(request);
    }
  }

  /** Starts no more servers. Those that run go on. */
  refuseStarts(reason: string): void {
    this.#refusal ??= reason;
  }

  /** Resolves with undefined when there is no server at `uri`. */
  async flush(uri: ListenUri): Promise<(FlushResult & { readonly sealsTotal: number }) | undefined> {
    const server = this.#serverAt(uri);
    if (server === undefined) return undefined;
    return { ...(await server.flush()), sealsTotal: server.sealer.sealsTotal };
  }

  /** Commits dead letters. Resolves with undefined when there is no server at `uri`. */
  async replay(uri: ListenUri): Promise<ReplayResult | undefined> {
    return this.#serverAt(uri)?.replay();
  }

  /** Stops the server at `uri`. Resolves with undefined when there is none. */
  async stop(uri: ListenUri): Promise<StopResult | undefined> {
    const server = this.#serverAt(uri);
    return server === undefined ? undefined : this.#remove(server);
  }

  /** Stops all servers, and refuses to start more. Safe to call twice. */
  async close(): Promise<readonly { server: IngestServer; result: StopResult }[]> {
    this.#isClosed = true;
    this.eventLoopDelay.stop();
    return Promise.all(this.servers.map(async (server) => ({ server, result: await this.#remove(server) })));
  }

  /** The server that has a listener there. Any of its listeners' URIs finds it. */
  #serverAt(uri: ListenUri): IngestServer | undefined {
    const asked = canonicalUri(uri);
    return this.servers.find(({ listeners }) => listeners.all.some((at) => urisOf(at).includes(asked)));
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

  /** A schema's views show one folder: another one would hide what the servers before write. */
  #checkExport({ options }: ServeRequest): void {
    const asked = exportPlace(options);
    if (asked === undefined) return;
    for (const request of [...this.servers.map((server) => server.request), ...this.#starting]) {
      const other = exportPlace(request.options);
      // SQL does not mind the case of names.
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
