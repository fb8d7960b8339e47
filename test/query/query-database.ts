// A DuckDB instance with the functions of SQL on it, whose parts tests can hand to parts of the read side.

import { type DuckDBConnection, DuckDBInstance, type Json } from '@duckdb/node-api';
import { engineModules } from '../../src/control/engine-modules.js';
import { QueryServers } from '../../src/control/query-servers.js';
import { ServerRegistry } from '../../src/control/server-registry.js';
import { Database } from '../../src/duckdb/database.js';
import { DuckDBFiles } from '../../src/files/file-source.js';
import { ReadErrorLog } from '../../src/files/read-error-log.js';
import { ReadPool } from '../../src/files/read-pool.js';
import { questionsOf } from '../../src/functions/questions.js';
import { SqlFunctions } from '../../src/functions/register.js';
import type { QueryRunner } from '../../src/query/run/query-runner.js';

export const MAIN = { catalog: 'memory', schema: 'main' };

export class QueryDatabase {
  readonly instance: DuckDBInstance;
  readonly database: Database;
  readonly registry: ServerRegistry;
  /** What functions over query engines run by. */
  readonly runner: QueryRunner;
  readonly connection: DuckDBConnection;
  readonly #queries: QueryServers;
  readonly #functions: SqlFunctions;

  private constructor(
    instance: DuckDBInstance,
    database: Database,
    registry: ServerRegistry,
    queries: QueryServers,
    functions: SqlFunctions,
    connection: DuckDBConnection,
  ) {
    this.instance = instance;
    this.database = database;
    this.registry = registry;
    this.runner = queries.runner;
    this.connection = connection;
    this.#queries = queries;
    this.#functions = functions;
  }

  static async open(engines = engineModules): Promise<QueryDatabase> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
    const database = await Database.open(instance);
    const registry = new ServerRegistry(database, () => {});
    const files = { source: new DuckDBFiles(database), pool: new ReadPool(), errors: new ReadErrorLog() };
    const queries = newQueries(database, registry, engines);
    const functions = new SqlFunctions(registry, files, queries);
    await functions.registerInstance(database, registry, 32);
    const connection = await database.connect();
    await functions.registerConnection(connection);
    return new QueryDatabase(instance, database, registry, queries, functions, connection);
  }

  /** Rows of a query as objects, 64-bit integers as text. */
  async rows(sql: string, connection = this.connection): Promise<Record<string, Json>[]> {
    const result = await connection.runAndReadAll(sql);
    return result.getRowObjectsJson();
  }

  /** A connection that has the functions. The caller closes it. */
  async connect(): Promise<DuckDBConnection> {
    const connection = await this.database.connect();
    await this.#functions.registerConnection(connection);
    return connection;
  }

  async close(): Promise<void> {
    await this.#queries.close();
    await this.registry.close();
    await this.database.close();
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/** What runs queries, which has no threads until it is asked. */
export function newQueries(database: Database, registry: ServerRegistry, engines = engineModules): QueryServers {
  return new QueryServers(database, registry, () => {}, questionsOf(registry), engines);
}
