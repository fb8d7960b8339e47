// Listen URI → the one server there. Owns the servers of a DuckDB instance.

import type { Database } from '../duckdb/database.js';
import type { FlushResult } from '../seal/sealer.js';
import { EventLoopDelay } from './event-loop-delay.js';
import { IngestServer, type StopResult } from './ingest-server.js';
import { canonicalUri, type ListenUri } from './listen-uri.js';
import { LiveRows } from './live-rows.js';
import type { ReplayResult } from './recovery.js';
import type { ServeRequest } from './serve-request.js';

export class ServerRegistry {
  /** Of the thread that all servers share, from the first one's start on. */
  readonly eventLoopDelay = new EventLoopDelay();
  /** What the servers hold in memory, for queries. */
  readonly live = new LiveRows();
  readonly #database: Database;
  readonly #servers = new Map<string, IngestServer>();
  /** URIs whose server is being started, so that a second start of the same is refused at once. */
  readonly #starting = new Set<string>();
  #isClosed = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Running servers, in the order in which they were started. */
  get servers(): readonly IngestServer[] {
    return [...this.#servers.values()];
  }

  async start(request: ServeRequest): Promise<IngestServer> {
    if (this.#isClosed) throw new Error('otelduck has been closed on this DuckDB instance');
    const asked = canonicalUri(request.uri);
    const isFreePort = request.uri.port === 0;
    if (!isFreePort) {
      if (this.#servers.has(asked) || this.#starting.has(asked)) {
        throw new Error(`OTLP server already exists at ${asked}`);
      }
      this.#starting.add(asked);
    }
    this.eventLoopDelay.start();
    try {
      const server = await IngestServer.start(this.#database, request, this.live);
      this.#servers.set(server.listenUri, server);
      // The instance may have been closed while the server was coming up.
      if (this.#isClosed) await this.#remove(server);
      return server;
    } finally {
      if (!isFreePort) this.#starting.delete(asked);
    }
  }

  /** Resolves with undefined when there is no server at `uri`. */
  async flush(uri: ListenUri): Promise<(FlushResult & { readonly sealsTotal: number }) | undefined> {
    const server = this.#servers.get(canonicalUri(uri));
    if (server === undefined) return undefined;
    return { ...(await server.flush()), sealsTotal: server.sealer.sealsTotal };
  }

  /** Commits dead letters. Resolves with undefined when there is no server at `uri`. */
  async replay(uri: ListenUri): Promise<ReplayResult | undefined> {
    const server = this.#servers.get(canonicalUri(uri));
    if (server === undefined) return undefined;
    return server.recovery?.replayDeadLetters() ?? { replayedRows: 0, error: undefined };
  }

  /** Stops the server at `uri`. Resolves with undefined when there is none. */
  async stop(uri: ListenUri): Promise<StopResult | undefined> {
    const server = this.#servers.get(canonicalUri(uri));
    return server === undefined ? undefined : this.#remove(server);
  }

  /** Stops all servers, and refuses to start more. Safe to call twice. */
  async close(): Promise<readonly { server: IngestServer; result: StopResult }[]> {
    this.#isClosed = true;
    this.eventLoopDelay.stop();
    return Promise.all(this.servers.map(async (server) => ({ server, result: await this.#remove(server) })));
  }

  async #remove(server: IngestServer): Promise<StopResult> {
    const result = await server.stop();
    this.#servers.delete(server.listenUri);
    return result;
  }
}
