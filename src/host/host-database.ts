// Database path → an open DuckDB instance with all plugins attached, and an orderly shutdown of both.

import type { DuckDBConnection } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import { DuckDBInstance } from '../duckdb/node-api.js';
import type { AttachedPlugin, AttachOptions, ClosedWork, DuckDBPlugin } from '../plugin.js';

export interface DatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  readonly isReadOnly: boolean;
  /** A size as DuckDB writes it. It is global to the process, so only the command sets it. */
  readonly memoryLimit: string | undefined;
  /** Whether unsigned extensions may be loaded. */
  readonly isUnsigned?: boolean;
}

export class HostDatabase {
  readonly #instance: DuckDBInstance;
  readonly #plugins: AttachedPlugin[] = [];
  readonly #connections: DuckDBConnection[] = [];

  private constructor(instance: DuckDBInstance) {
    this.#instance = instance;
  }

  static async open(
    options: DatabaseOptions,
    plugins: readonly DuckDBPlugin[],
    attachOptions: AttachOptions = {},
  ): Promise<HostDatabase> {
    const database = new HostDatabase(await openInstance(options));
    try {
      for (const plugin of plugins) {
        database.#plugins.push(
          await plugin.attach(database.#instance, attachOptions).catch((error: unknown) => {
            throw new Error(`cannot attach plugin ${plugin.name}: ${messageOf(error)}`, { cause: error });
          }),
        );
      }
      return database;
    } catch (error) {
      await database.close();
      throw error;
    }
  }

  /** A connection with the functions of all plugins. It is closed with the database. */
  async connect(): Promise<DuckDBConnection> {
    const [first, ...others] = this.#plugins;
    const connection = await (first ?? this.#instance).connect();
    this.#connections.push(connection);
    for (const plugin of others) await plugin.register(connection);
    return connection;
  }

  /** Makes plugins reject new work. */
  refuseWork(reason: string): void {
    for (const plugin of this.#plugins) plugin.refuseWork?.(reason);
  }

  /**
   * Ends the plugins' work after committing accepted rows, then closes the database. No query may be running on its connections:
   * DuckDB would block the JavaScript thread until the query ends. If that query calls a function of ours, which needs the
   * thread, both would wait forever.
   */
  async close(): Promise<readonly ClosedWork[]> {
    const closed: ClosedWork[] = [];
    for (const plugin of this.#plugins.splice(0).reverse()) closed.push(...(await plugin.close()));
    for (const connection of this.#connections.splice(0)) connection.closeSync();
    this.#instance.closeSync();
    return closed;
  }
}

async function openInstance(options: DatabaseOptions): Promise<DuckDBInstance> {
  try {
    return await DuckDBInstance.fromCache(options.path, {
      // For new files. DuckDB's default is the oldest format, which stores text uncompressed.
      storage_compatibility_version: 'latest',
      ...(options.isReadOnly ? { access_mode: 'READ_ONLY' } : {}),
      ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
      ...(options.isUnsigned ? { allow_unsigned_extensions: 'true' } : {}),
    });
  } catch (error) {
    throw new Error(`cannot open database ${options.path}: ${messageOf(error)}`, { cause: error });
  }
}
