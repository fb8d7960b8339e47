// The DuckDB instance of one test file, its connections, and what the file required of it. One instance is open at a
// time: two on one file in one process silently lose tables, so everything is closed before the next one opens.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { AttachedTestPlugin, TestPlugin } from './test-plugin.js';

export interface SessionOptions {
  /** Where DuckDB spills to. */
  readonly spillDirectory: string;
  /** Relative paths in SQL are looked up here. */
  readonly workingDirectory: string;
  /** Run on every connection that opens. */
  readonly connectionSql: readonly string[];
}

export interface DatabaseFile {
  /** Empty for an in-memory database. */
  readonly path: string;
  readonly readonly: boolean;
  /** Empty for DuckDB's default. */
  readonly storageVersion: string;
}

const IN_MEMORY: DatabaseFile = { path: '', readonly: false, storageVersion: '' };

export class DatabaseSession {
  readonly #options: SessionOptions;
  readonly #plugins: TestPlugin[] = [];
  readonly #extensions = new Set<string>();
  readonly #attached: AttachedTestPlugin[] = [];
  readonly #named = new Map<string, DuckDBConnection>();
  readonly #temporary = new Set<DuckDBConnection>();
  #file = IN_MEMORY;
  #instance: DuckDBInstance | undefined;
  #main: DuckDBConnection | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** Closes what is open and opens `file` with the plugins and extensions that were required so far. */
  async open(file: DatabaseFile = IN_MEMORY, { reloadExtensions = true } = {}): Promise<void> {
    await this.close();
    this.#file = file;
    const instance = await DuckDBInstance.create(file.path === '' ? ':memory:' : file.path, this.#configuration(file));
    this.#instance = instance;
    for (const plugin of this.#plugins) this.#attached.push(await plugin.attach(instance));
    this.#main = await this.#connect();
    if (reloadExtensions) for (const extension of this.#extensions) await this.#loadExtension(extension);
  }

  /** Reopens the database file with the settings that the main connection had. */
  async restart(options: { readonly reloadExtensions: boolean }): Promise<void> {
    if (this.#file.path === '') throw new Error('cannot restart an in-memory database; load a file first');
    const settings = await readSettings(this.main);
    await this.open({ ...this.#file, storageVersion: '' }, options);
    const fresh = await readSettings(this.main);
    for (const [name, value] of settings) {
      if (fresh.get(name) !== value) await restoreSetting(this.main, name, value);
    }
  }

  async reconnect(): Promise<void> {
    const previous = this.main;
    this.#main = undefined;
    previous.closeSync();
    this.#main = await this.#connect();
  }

  get main(): DuckDBConnection {
    if (this.#main === undefined) throw new Error('no database is open, because the last load failed');
    return this.#main;
  }

  /** The connection of that name, opened when it is first asked for; the main one for an empty name. */
  async connection(name: string): Promise<DuckDBConnection> {
    if (name === '') return this.main;
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const connection = await this.#connect();
    this.#named.set(name, connection);
    return connection;
  }

  /** Runs `use` on a connection of its own. */
  async withConnection<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#connect();
    this.#temporary.add(connection);
    try {
      return await use(connection);
    } finally {
      this.#temporary.delete(connection);
      connection.closeSync();
    }
  }

  /** Attaches the plugin to the open instance, all its connections, and every instance opened later. */
  async attach(plugin: TestPlugin): Promise<void> {
    if (this.#plugins.includes(plugin)) return;
    const attached = await plugin.attach(this.#openInstance());
    this.#plugins.push(plugin);
    this.#attached.push(attached);
    for (const connection of this.#connections()) await attached.register(connection);
  }

  /** Loads an extension that is built in or installed, now and after each restart. Rejects with DuckDB's reason. */
  async loadExtension(name: string): Promise<void> {
    await this.#loadExtension(name);
    this.#extensions.add(name);
  }

  async forbidAutoloading(): Promise<void> {
    await this.main.run('SET autoload_known_extensions = false');
  }

  /** Closes plugins, then connections, then the instance; rejects after all of that if a plugin did. Safe twice. */
  async close(): Promise<void> {
    const ends: PromiseSettledResult<unknown>[] = [];
    for (const attached of this.#attached.splice(0).reverse()) {
      ends.push(...(await Promise.allSettled([attached.close()])));
    }
    for (const connection of this.#connections()) connection.closeSync();
    this.#named.clear();
    this.#temporary.clear();
    this.#main = undefined;
    this.#instance?.closeSync();
    this.#instance = undefined;
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  #connections(): DuckDBConnection[] {
    const main = this.#main === undefined ? [] : [this.#main];
    return [...main, ...this.#named.values(), ...this.#temporary];
  }

  #openInstance(): DuckDBInstance {
    if (this.#instance === undefined) throw new Error('no database is open, because the last load failed');
    return this.#instance;
  }

  async #connect(): Promise<DuckDBConnection> {
    const connection = await this.#openInstance().connect();
    try {
      for (const attached of this.#attached) await attached.register(connection);
      for (const sql of this.#options.connectionSql) await connection.run(sql);
      return connection;
    } catch (error) {
      connection.closeSync();
      throw error;
    }
  }

  async #loadExtension(name: string): Promise<void> {
    await this.main.run(`LOAD "${name.replaceAll('"', '""')}"`);
  }

  #configuration(file: DatabaseFile): Record<string, string> {
    const { spillDirectory, workingDirectory } = this.#options;
    return {
      // As in DuckDB's runner: a test neither downloads extensions nor meets redacted secrets.
      autoinstall_known_extensions: 'false',
      allow_unredacted_secrets: 'true',
      temp_directory: spillDirectory,
      ...(workingDirectory === process.cwd() ? {} : { file_search_path: workingDirectory }),
      ...(file.readonly ? { access_mode: 'READ_ONLY' } : {}),
      ...(file.storageVersion === '' ? {} : { storage_compatibility_version: file.storageVersion }),
    };
  }
}

async function readSettings(connection: DuckDBConnection): Promise<Map<string, string>> {
  const reader = await connection.runAndReadAll('SELECT name, value FROM duckdb_settings() WHERE value IS NOT NULL');
  return new Map(reader.getRows().map(([name, value]) => [String(name), String(value)]));
}

async function restoreSetting(connection: DuckDBConnection, name: string, value: string): Promise<void> {
  try {
    await connection.run(`SET "${name}" = '${value.replaceAll("'", "''")}'`);
  } catch {
    // Settings that DuckDB lets nobody set on a running database were given when it was opened.
  }
}
