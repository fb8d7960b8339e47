// Listen URI → the one server of queries there, and the scheduler that they share with SQL functions.

import { availableParallelism } from 'node:os';
import { systemClock } from '../base/clock.js';
import { SqlError } from '../base/sql-error.js';
import type { Database } from '../duckdb/database.js';
import { libuvPoolThreads } from '../duckdb/pending-calls.js';
import type { QueryText } from '../duckdb/query-function.js';
import type { EngineModules } from '../query/run/engine-pool.js';
import { QueryRunner, type SharedLimits } from '../query/run/query-runner.js';
import { readOptions } from '../schema/option-declaration.js';
import { type SharedQueryOptions, sharedQueryOptions } from '../schema/query-options.js';
import { canonicalUri, type ListenUri } from '../server/listen-uri.js';
import { engineModules } from './engine-modules.js';
import { queryFamilies } from './metric-families.js';
import type { QueryServeRequest } from './query-serve-request.js';
import type { QueryServer } from './query-server.js';
import type { ServerEventLog } from './server-events.js';
import type { ServerRegistry } from './server-registry.js';

export class QueryServers {
  readonly runner: QueryRunner;
  readonly #database: Database;
  readonly #registry: ServerRegistry;
  readonly #tell: ServerEventLog;
  /** What may be asked of telemetry, by the names of functions. */
  readonly #questions: ReadonlyMap<string, QueryText>;
  /** What queries of SQL share while no server runs. */
  readonly #defaults: SharedLimits;
  readonly #servers = new Set<QueryServer>();
  /** What servers are being started for, so that another start which gets in their way is refused at once. */
  readonly #starting = new Set<QueryServeRequest>();
  #isClosed = false;
  #refusal: string | undefined;

  constructor(
    database: Database,
    registry: ServerRegistry,
    tell: ServerEventLog,
    questions: ReadonlyMap<string, QueryText>,
    engines: EngineModules = engineModules,
  ) {
    this.#questions = questions;
    this.#database = database;
    this.#registry = registry;
    this.#defaults = sharedLimits(readOptions(sharedQueryOptions, {}));
    this.runner = new QueryRunner(database, registry.live, engines, this.#defaults, systemClock);
    this.#tell = tell;
    registry.measureToo(() => queryFamilies(this.runner));
  }

  /** Running servers, in the order in which they were started. */
  get servers(): readonly QueryServer[] {
    return [...this.#servers];
  }

  async start(request: QueryServeRequest): Promise<QueryServer> {
    if (this.#isClosed) throw new SqlError('OTLP_CLOSED', 'otelduck has been closed on this DuckDB instance');
    if (this.#refusal !== undefined) {
      throw new SqlError('OTLP_SERVING_FORBIDDEN', `servers cannot be started: ${this.#refusal}`);
    }
    this.#checkUri(request.uri);
    this.#checkShared(request);
    this.#starting.add(request);
    try {
      await this.#checkCatalog(request);
      // A shell that starts no server is not to wait for it to load.
      const { QueryServer } = await import('./query-server.js');
      this.runner.limits = sharedLimits(request.options);
      const parts = {
        database: this.#database,
        registry: this.#registry,
        runner: this.runner,
        questions: this.#questions,
        tell: this.#tell,
      };
      const server = await QueryServer.start(request, parts);
      this.#servers.add(server);
      // Closed while it was starting: nobody else will stop it.
      if (this.#isClosed) await this.#remove(server);
      return server;
    } catch (error) {
      if (this.#servers.size === 0) this.runner.limits = this.#defaults;
      throw error;
    } finally {
      this.#starting.delete(request);
    }
  }

  /** Starts no more servers. Those that run go on. */
  refuseStarts(reason: string): void {
    this.#refusal ??= reason;
  }

  find(uri: ListenUri): QueryServer | undefined {
    const asked = canonicalUri(uri);
    return this.servers.find(({ listenUri }) => listenUri === asked);
  }

  /** Stops the server at `uri`. Resolves with false when there is none. */
  async stop(uri: ListenUri): Promise<boolean> {
    const server = this.find(uri);
    if (server === undefined) return false;
    await this.#remove(server);
    return true;
  }

  /** Stops all servers, ends all queries, and refuses to start more. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.servers.map((server) => this.#remove(server)));
    await this.runner.close();
  }

  #checkUri(uri: ListenUri): void {
    const asked = canonicalUri(uri);
    const taken = [
      ...this.servers.map(({ listenUri }) => listenUri),
      ...[...this.#starting].map((other) => canonicalUri(other.uri)),
    ];
    if (uri.port === 0 || !taken.includes(asked)) return;
    throw new SqlError('OTLP_SERVER_EXISTS', `query server already exists at ${asked}`);
  }

  #checkShared({ options }: QueryServeRequest): void {
    const others = [
      ...this.servers.map(({ listenUri, request }) => ({ at: listenUri, has: request.options })),
      ...[...this.#starting].map((request) => ({ at: canonicalUri(request.uri), has: request.options })),
    ];
    for (const name of Object.keys(sharedQueryOptions) as (keyof SharedQueryOptions)[]) {
      const other = others.find(({ has }) => has[name] !== options[name]);
      if (other === undefined) continue;
      throw new SqlError(
        'OTLP_ARGUMENT_CONFLICT',
        `${name} must be the same for all query servers of the process: it is ${other.has[name] ?? 'the default'} at ${other.at}, got ${options[name] ?? 'the default'}`,
      );
    }
  }

  /** Tables may come later; a catalog that is not attached is a mistake. */
  async #checkCatalog({ home: { catalog } }: QueryServeRequest): Promise<void> {
    const attached = await this.#database.rows('SELECT database_name AS name FROM duckdb_databases()');
    if (attached.some(({ name }) => String(name).toLowerCase() === catalog.toLowerCase())) return;
    throw new SqlError(
      'OTLP_CATALOG_NOT_AVAILABLE',
      `catalog ${catalog} is not available: no attached database has that name`,
    );
  }

  async #remove(server: QueryServer): Promise<void> {
    await server.stop();
    this.#servers.delete(server);
    if (this.#servers.size === 0 && this.#starting.size === 0) this.runner.limits = this.#defaults;
  }
}

function sharedLimits(options: SharedQueryOptions): SharedLimits {
  const cores = availableParallelism();
  // The others are for seals, fsyncs, calls that wait, and queries of users.
  const poolShare = Math.floor(libuvPoolThreads(process.env) / 4);
  return {
    maxQueries: options.max_concurrent_queries,
    maxWaitingQueries: options.max_waiting_queries,
    maxStatements: options.max_concurrent_statements ?? Math.max(1, Math.min(cores, poolShare)),
    memoryBytes: options.query_memory_bytes,
    threads: options.query_threads ?? cores,
  };
}
