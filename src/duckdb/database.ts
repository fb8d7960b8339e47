// The one DuckDB instance that otelduck is attached to, as the rest of the code sees it.

import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
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
      throw new Error('otelduck has been attached to this DuckDB instance already');
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

  /** Writes a message to DuckDB's own log, where users see it in `duckdb_logs` once they have enabled logging. */
  async writeLog(level: LogLevel, message: string): Promise<void> {
    await this.#control.run(
      `SELECT write_log(${quotedString(message)}, level := ${quotedString(level)}, log_type := 'otelduck')`,
    );
  }

  close(): void {
    this.#control.closeSync();
  }
}
