// The DuckDB instance of one test file, its connections, and what the file required of it. One instance is open at a
// time: two on one file in one process silently lose tables, so everything is closed before the next one opens.

import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { AttachedTestPlugin, TestPlugin } from './test-plugin.js';

export interface SessionOptions {
  /** Where persistent secrets go, instead of the user's own. */
  readonly secretDirectory: string;
  /** Where a database in memory spills to. */
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

const ICU = 'icu';

/** Statements that change settings; a pragma with arguments is a function. */
const SETTING = /^\s*(?:SET|RESET|USE|PRAGMA\s+(?!(?:\w+_)?checkpoint\b)\w+\s*(?:=|;|$))/i;
const GLOBAL_SETTING = /^\s*(?:SET|RESET)\s+GLOBAL\b/i;

const SET_STORAGE_VERSION = /^\s*SET\s+(?:GLOBAL\s+)?storage_compatibility_version\s*=\s*'?([\w.]+)/i;

const IN_MEMORY: DatabaseFile = { path: '', readonly: false, storageVersion: '' };

export class DatabaseSession {
  readonly #options: SessionOptions;
  readonly #plugins: TestPlugin[] = [];
  readonly #extensions = new Set<string>();
  readonly #attached: AttachedTestPlugin[] = [];
  readonly #named = new Map<string, DuckDBConnection>();
  readonly #temporary = new Set<DuckDBConnection>();
  #file = IN_MEMORY;
  /** Statements that set something since the file was loaded. They are run again, because `duckdb_settings` shows many
   * values in a form that SET does not take, and nothing at all once the database is invalidated. */
  #settings = new Set<string>();
  /** Those that hold for the instance since the last restart, across later loads, as in DuckDB's runner. */
  #inheritedSettings: readonly string[] = [];
  #settingsBeforeLoad: readonly string[] = [];
  #instance: DuckDBInstance | undefined;
  #main: DuckDBConnection | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /**
   * Closes what is open and opens `file`. What was required stays, and so do settings of the instance as of the last
   * restart, and the storage version unless `file` names one.
   */
  async open(file: DatabaseFile = IN_MEMORY): Promise<void> {
    const storageVersion = file.storageVersion === '' ? this.#storageVersion() : file.storageVersion;
    this.#settings = new Set();
    this.#settingsBeforeLoad = this.#inheritedSettings;
    await this.#reopen({ ...file, storageVersion });
  }

  /** Closes and opens the database again with the settings that the main connection had. */
  async restart(options: { readonly reloadExtensions: boolean }): Promise<void> {
    this.#inheritedSettings = [...this.#settingsBeforeLoad, ...this.#settings];
    await this.#reopen(this.#file, options);
    for (const sql of this.#settings) await runSetting(this.main, sql);
  }

  /** What the open database would give a database that it creates, as far as it was told. */
  #storageVersion(): string {
    const statements = [...this.#settingsBeforeLoad, ...this.#settings].reverse();
    const set = statements.map((sql) => SET_STORAGE_VERSION.exec(sql)?.[1]).find((version) => version !== undefined);
    return set ?? this.#file.storageVersion;
  }

  async #reopen(file: DatabaseFile, { reloadExtensions = true } = {}): Promise<void> {
    await this.close();
    this.#file = file;
    const instance = await DuckDBInstance.create(file.path === '' ? ':memory:' : file.path, this.#configuration(file));
    this.#instance = instance;
    for (const plugin of this.#plugins) this.#attached.push(await plugin.attach(instance));
    this.#main = await this.#connect();
    // DuckDB for Node comes with ICU loaded, DuckDB's runner only if a file requires it: TIMESTAMPTZ read in UTC then.
    if (!this.#extensions.has(ICU)) await this.#main.run("SET GLOBAL TimeZone = 'UTC'");
    if (reloadExtensions) for (const extension of this.#extensions) await this.#loadExtension(extension);
    if (this.#inheritedSettings.length === 0) return;
    // On a connection of its own, which takes settings of a connection with it when it is closed.
    await this.withConnection(async (connection) => {
      for (const sql of this.#inheritedSettings) await runSetting(connection, sql);
    });
  }

  /** Remembers `sql`, which has run on `connection`, if a restart must run it again. */
  rememberSettings(sql: string, connection: DuckDBConnection): void {
    const pattern = connection === this.#main ? SETTING : GLOBAL_SETTING;
    for (const statement of sql.split(';').filter((text) => pattern.test(text))) {
      // Again at the end, so that a loop does not make the list grow.
      this.#settings.delete(statement);
      this.#settings.add(statement);
    }
  }

  async reconnect(): Promise<void> {
    const previous = this.main;
    this.#main = undefined;
    await closeConnection(previous);
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
      await closeConnection(connection);
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
    if (name === ICU) await this.main.run('RESET GLOBAL "TimeZone"');
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
    for (const connection of this.#connections()) await closeConnection(connection);
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
    const { secretDirectory, spillDirectory, workingDirectory } = this.#options;
    return {
      // As in DuckDB's runner: a test neither downloads extensions nor meets redacted secrets, or the user's.
      autoinstall_known_extensions: 'false',
      allow_unredacted_secrets: 'true',
      secret_directory: secretDirectory,
      // A database file spills beside itself.
      ...(file.path === '' ? { temp_directory: spillDirectory } : {}),
      ...(workingDirectory === process.cwd() ? {} : { file_search_path: workingDirectory }),
      ...(file.readonly ? { access_mode: 'READ_ONLY' } : {}),
      ...(file.storageVersion === '' ? {} : { storage_compatibility_version: file.storageVersion }),
    };
  }
}

/** DuckDB ends the process when it closes a connection whose transaction is open on an invalidated database. */
async function closeConnection(connection: DuckDBConnection): Promise<void> {
  await connection.run('ROLLBACK').catch(() => {});
  connection.closeSync();
}

async function runSetting(connection: DuckDBConnection, sql: string): Promise<void> {
  // What DuckDB lets nobody set on a running database was given when it was opened.
  await connection.run(sql).catch(() => {});
}
