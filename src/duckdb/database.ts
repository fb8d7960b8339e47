// The one DuckDB instance that otelduck is attached to, as the rest of the code sees it.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { SqlError } from '../base/sql-error.js';
import { BatchScans } from './batch-scan.js';
import { quotedString } from './sql-text.js';

export type LogLevel = 'INFO' | 'WARNING' | 'ERROR';

export class Database {
  /** Rows that queries of this instance can read from memory. */
  readonly scans = new BatchScans();
  /** Catalog of the database that the host opened. */
  readonly hostCatalog: string;
  readonly #instance: DuckDBInstance;
  /** Held open for as long as this object is used: the last connection keeps a closed instance's database alive. */
  readonly #control: DuckDBConnection;
  /** Lines of log that are being written. Nobody waits for them but close(). */
  readonly #logWrites = new Set<Promise<unknown>>();

  private constructor(instance: DuckDBInstance, control: DuckDBConnection, hostCatalog: string) {
    this.#instance = instance;
    this.#control = control;
    this.hostCatalog = hostCatalog;
    this.scans.register(control);
  }

  /** Rejects if another Database has been opened on the instance: its functions would be replaced. */
  static async open(instance: DuckDBInstance): Promise<Database> {
    const control = await instance.connect();
    if (await BatchScans.isRegistered(control)) {
      control.closeSync();
      throw new SqlError('OTLP_ALREADY_ATTACHED', 'otelduck has been attached to this DuckDB instance already');
    }
    const catalog = await control.runAndReadAll('SELECT current_database()');
    return new Database(instance, control, String(catalog.getRows()[0]![0]));
  }

  /** A connection for functions that are visible on the whole instance to be registered on, and for short queries. */
  get control(): DuckDBConnection {
    return this.#control;
  }

  connect(): Promise<DuckDBConnection> {
    return this.#instance.connect();
  }

  /** Rows of a query as objects by column name, 64-bit integers as text. */
  async rows(sql: string): Promise<Record<string, unknown>[]> {
    const result = await this.#control.runAndReadAll(sql);
    return result.getRowObjectsJson();
  }

  /** What DuckDB may take of memory; infinity where that cannot be told. */
  async memoryLimitBytes(): Promise<number> {
    const [setting] = await this.rows("SELECT value FROM duckdb_settings() WHERE name = 'memory_limit'");
    const [, amount, unit] = /^([\d.]+) (bytes|KiB|MiB|GiB|TiB)$/.exec(String(setting?.['value'])) ?? [];
    const exponent = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'].indexOf(unit ?? '');
    return exponent === -1 ? Number.POSITIVE_INFINITY : Number(amount) * 1024 ** exponent;
  }

  /** First column of a query's result, on a connection of its own: it may take long. */
  async texts(sql: string, values: readonly string[]): Promise<string[]> {
    const connection = await this.connect();
    try {
      const result = await connection.runAndReadAll(sql, [...values]);
      return result.getRows().map(([text]) => String(text));
    } finally {
      connection.closeSync();
    }
  }

  /** Writes a message to DuckDB's own log, where users see it in `duckdb_logs` once they have enabled logging. */
  async writeLog(level: LogLevel, message: string): Promise<void> {
    const written = this.#control.run(
      `SELECT write_log(${quotedString(message)}, level := ${quotedString(level)}, log_type := 'otelduck')`,
    );
    this.#logWrites.add(written);
    try {
      await written;
    } finally {
      this.#logWrites.delete(written);
    }
  }

  async close(): Promise<void> {
    // A query that starts on a connection which has been closed reads freed memory.
    await Promise.allSettled(this.#logWrites);
    this.#control.closeSync();
  }
}
