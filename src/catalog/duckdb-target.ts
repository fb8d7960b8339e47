// Generations → BEGIN, INSERT for each table with rows, COMMIT, in an attached DuckDB database.

import type { DuckDBConnection } from '@duckdb/node-api';
import type { Generation } from '../buffer/generation.js';
import { PinnedBatches } from '../duckdb/batch-scan.js';
import type { Database } from '../duckdb/database.js';
import { quotedIdentifier } from '../duckdb/sql-text.js';
import { tablesBySignal } from '../schema/tables.js';
import type { CommitTiming, SealTarget } from './seal-target.js';
import { type TableHome, tableName } from './tables.js';

export class DuckDBTarget implements SealTarget {
  readonly catalogName: string;
  readonly schemaName: string;
  readonly #database: Database;
  readonly #writer: DuckDBConnection;
  readonly #home: TableHome;

  /** `writer` is this target's own connection, on which nothing else runs. */
  constructor(database: Database, writer: DuckDBConnection, home: TableHome, catalogName: string) {
    this.#database = database;
    this.#writer = writer;
    this.#home = home;
    this.catalogName = catalogName;
    this.schemaName = home.schema;
  }

  async commit(generation: Generation): Promise<CommitTiming> {
    const startedMs = performance.now();
    await this.#writer.run('BEGIN TRANSACTION');
    try {
      await this.#insert(generation);
      const appendedMs = performance.now();
      await this.#writer.run('COMMIT');
      return { appendMs: appendedMs - startedMs, commitMs: performance.now() - appendedMs };
    } catch (error) {
      await this.#rollback();
      throw error;
    }
  }

  close(): void {
    this.#writer.closeSync();
  }

  async #insert(generation: Generation): Promise<void> {
    for (const [signal, batches] of generation.segments) {
      const pinned = new PinnedBatches(batches);
      for (const [index, table] of tablesBySignal[signal].entries()) {
        if (batches.every((batch) => batch.tables[index]!.rows === 0)) continue;
        const columns = table.columns.map(({ name }) => quotedIdentifier(name)).join(', ');
        await this.#database.scans.read(pinned, table, (relation) =>
          this.#writer.run(`INSERT INTO ${tableName(this.#home, table)} (${columns}) SELECT * FROM ${relation}`),
        );
      }
    }
  }

  async #rollback(): Promise<void> {
    try {
      await this.#writer.run('ROLLBACK');
    } catch {
      // A failed COMMIT has ended the transaction already, and then there is nothing to roll back. The error that
      // led here is the one to report.
    }
  }
}
