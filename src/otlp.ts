// The plugin: OpenTelemetry ingest for any program that has a DuckDB instance.

import type { DuckDBInstance } from '@duckdb/node-api';
import { messageOf } from './base/failure.js';
import { SqlError } from './base/sql-error.js';
import { QueryServers } from './control/query-servers.js';
import { ServerRegistry } from './control/server-registry.js';
import { Database } from './duckdb/database.js';
import { FEWEST_POOL_THREADS, libuvPoolThreads, SMALLEST_POOL_THREADS } from './duckdb/pending-calls.js';
import { DuckDBFiles } from './files/file-source.js';
import { ReadErrorLog } from './files/read-error-log.js';
import { ReadPool } from './files/read-pool.js';
import { otlpArrivals } from './functions/arrivals.js';
import { otlpDisplay } from './functions/display.js';
import { questionsOf } from './functions/questions.js';
import { SqlFunctions } from './functions/register.js';
import { otlpService } from './otlp-service.js';
import type { AttachedPlugin, AttachOptions, ClosedWork, DuckDBPlugin, PluginEvent } from './plugin.js';
import { type ServeArguments, type Served, serve } from './serve.js';

export type { AttachedPlugin, AttachOptions, ClosedWork, DuckDBPlugin, PluginEvent } from './plugin.js';
export type { Flushed, ServeArguments, Served, Stopped } from './serve.js';

/** The plugin at work on one DuckDB instance. */
export interface AttachedOtlp extends AttachedPlugin {
  /** Starts a server, as `otlp_serve` does, with the same options and errors. */
  serve(options?: ServeArguments): Promise<Served>;
}

/**
 * Registers `otlp_serve` and the other functions with a DuckDB instance. Rejects when libuv's thread pool is too small for
 * any call to return. Warns when it is too small for queries and servers side by side, and when the process exits with rows
 * that were accepted and not committed.
 */
export const otlp = {
  name: 'otlp',
  display: otlpDisplay,
  service: otlpService,
  arrivals: otlpArrivals,
  attach,
} satisfies DuckDBPlugin;

async function attach(instance: DuckDBInstance, { log = () => {} }: AttachOptions = {}): Promise<AttachedOtlp> {
  const poolThreads = libuvPoolThreads(process.env);
  if (poolThreads < SMALLEST_POOL_THREADS) {
    throw new SqlError(
      'OTLP_POOL_TOO_SMALL',
      `UV_THREADPOOL_SIZE must be at least ${SMALLEST_POOL_THREADS}, got ${process.env['UV_THREADPOOL_SIZE']}: each running query holds a thread of libuv's pool; start the process with UV_THREADPOOL_SIZE=32`,
    );
  }
  const database = await Database.open(instance);
  const registry = new ServerRegistry(database, harmless(log));
  const readPool = new ReadPool();
  const queries = new QueryServers(database, registry, harmless(log), questionsOf(registry));
  const files = {
    source: new DuckDBFiles(database),
    pool: readPool,
    errors: new ReadErrorLog(),
  };
  const functions = new SqlFunctions(registry, files, queries);
  if (poolThreads < FEWEST_POOL_THREADS) {
    process.emitWarning(
      `libuv's thread pool has ${poolThreads} threads, of which each running query holds one: start the process with UV_THREADPOOL_SIZE=32`,
    );
  }
  try {
    await functions.registerInstance(database, registry, poolThreads);
  } catch (error) {
    await database.close();
    throw error;
  }
  const warnOfLoss = () => {
    for (const { listenUri, sealer } of registry.servers) {
      if (sealer.bufferedRows === 0) continue;
      process.stderr.write(
        `otelduck: ${sealer.bufferedRows} rows of ${listenUri} were not committed: call close() before the process ends\n`,
      );
    }
  };
  process.on('exit', warnOfLoss);
  let closed: Promise<readonly ClosedWork[]> | undefined;
  const connect = async () => {
    const connection = await database.connect();
    await functions.registerConnection(connection);
    return connection;
  };
  return {
    connect,
    serve: (options = {}) => serve(connect, options),
    register: (connection) => functions.registerConnection(connection),
    refuseWork: (reason) => {
      registry.refuseStarts(reason);
      queries.refuseStarts(reason);
    },
    close() {
      closed ??= closeAll(registry, database, readPool, queries).finally(() => process.off('exit', warnOfLoss));
      return closed;
    },
  };
}

/** A log that throws must not fail the commit that it is told of. */
function harmless(log: (event: PluginEvent) => void): (event: PluginEvent) => void {
  return (event) => {
    try {
      log(event);
    } catch (error) {
      process.emitWarning(`otelduck: the log that was given to attach() failed at ${event.event}: ${messageOf(error)}`);
    }
  };
}

async function closeAll(
  registry: ServerRegistry,
  database: Database,
  readPool: ReadPool,
  queries: QueryServers,
): Promise<readonly ClosedWork[]> {
  // Side by side: a thread that the system keeps in a call must not keep servers from sealing.
  const [, stopped] = await Promise.all([readPool.end(), registry.close(), queries.close()]);
  await database.close();
  return stopped.map(({ server, result: { droppedRows, journaledRows, error } }) => ({
    name: server.listenUri,
    committedRows: server.sealer.committedRowsTotal,
    droppedRows,
    ...(journaledRows === 0 ? {} : { journaledRows }),
    ...(error === undefined ? {} : { error }),
  }));
}
