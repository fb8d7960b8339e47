// Old rows → DELETE, in the way that suits the kind of catalog.

import type { DuckDBConnection } from '@duckdb/node-api';
import { type RetryPolicy, retried } from '../base/retry.js';
import type { Database } from '../duckdb/database.js';
import { quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import type { CatalogKind } from './catalog-kind.js';
import { dayOfRowSql, MS_PER_DAY, oldRowsSql } from './old-rows.js';
import type { DayPartition, Lease, Pace, Purged, Retention } from './retention.js';
import type { TableHome } from './table-home.js';
import { inTransaction, tableName } from './tables.js';

/**
 * A DELETE conflicts with each insert into the same table that is committed while it runs. Other hosts seal every few seconds, so
 * that some attempt has the table to itself.
 */
const CONFLICT_ATTEMPTS = 30;
const LONGEST_CONFLICT_PAUSE_MS = 2000;
/** CHECKPOINT is refused while a seal has a transaction open. DuckDB makes one by itself later. */
const CHECKPOINT_RETRY: RetryPolicy = { attempts: 3, longestPauseMs: () => 200 };

interface Removed {
  readonly rows: number;
  readonly files: number | undefined;
  readonly bytes: number | undefined;
}

const NOTHING: Removed = { rows: 0, files: undefined, bytes: undefined };

export class CatalogRetention implements Retention {
  readonly lease: Lease | undefined;
  readonly #database: Database;
  readonly #home: TableHome;
  readonly #kind: CatalogKind;
  readonly #conflictRetry: RetryPolicy;
  /** A dry run may be made while rows are removed. */
  readonly #running = new Set<DuckDBConnection>();
  #isInterrupted = false;

  constructor(database: Database, home: TableHome, kind: CatalogKind, lease: Lease | undefined) {
    this.#database = database;
    this.#home = home;
    this.#kind = kind;
    this.lease = lease;
    this.#conflictRetry = {
      attempts: CONFLICT_ATTEMPTS,
      longestPauseMs: (attempt) => Math.min(LONGEST_CONFLICT_PAUSE_MS, 50 * 2 ** attempt),
      isWorthwhile: (error) => !this.#isInterrupted && (kind.isConflict?.(error) ?? false),
    };
  }

  count(table: TelemetryTable, cutoffMs: number): Promise<Purged> {
    return this.#connected(async (connection) => {
      let matchingRows = 0;
      for (const condition of oldRowsSql(table, cutoffMs)) {
        matchingRows += await this.#countOf(connection, table, condition);
      }
      return { matchingRows, deletedRows: 0, filesDropped: undefined, bytesFreed: undefined };
    });
  }

  remove(table: TelemetryTable, cutoffMs: number, pace: Pace): Promise<Purged> {
    return this.#connected(async (connection) => {
      const { rows, files, bytes } = await this.#removeBy(connection, table, cutoffMs, pace);
      return { matchingRows: rows, deletedRows: rows, filesDropped: files, bytesFreed: bytes };
    });
  }

  partitions(table: TelemetryTable): Promise<readonly DayPartition[]> {
    return this.#connected(async (connection) => {
      const found = await connection.runAndReadAll(
        `SELECT strftime(day, '%Y-%m-%d'), count(*) FROM (SELECT ${dayOfRowSql(table)} AS day FROM ${this.#nameOf(table)})
         GROUP BY day ORDER BY day NULLS FIRST`,
      );
      const files = await this.#kind.filesByDay?.(connection, this.#home, table);
      return found.getRows().map(([given, rows]) => {
        const day = given === null ? undefined : String(given);
        const ofDay = day === undefined ? undefined : files?.get(day);
        return { day, rows: Number(rows), files: ofDay?.files, bytes: ofDay?.bytes };
      });
    });
  }

  interrupt(): void {
    this.#isInterrupted = true;
    for (const connection of this.#running) connection.interrupt();
    this.lease?.interrupt();
  }

  #removeBy(connection: DuckDBConnection, table: TelemetryTable, cutoffMs: number, pace: Pace): Promise<Removed> {
    switch (this.#kind.removal) {
      case 'in batches':
        return this.#removeInBatches(connection, table, cutoffMs, pace);
      case 'at once':
        return this.#removeAtOnce(connection, table, oldRowsSql(table, cutoffMs), pace);
      case 'by day':
        return this.#removeByDay(connection, table, cutoffMs, pace);
    }
  }

  /** One transaction for each range of row ids, so that none holds much memory or keeps others waiting. */
  async #removeInBatches(
    connection: DuckDBConnection,
    table: TelemetryTable,
    cutoffMs: number,
    pace: Pace,
  ): Promise<Removed> {
    let rows = 0;
    for (const condition of oldRowsSql(table, cutoffMs)) {
      let lastMs = 0;
      // A CHECKPOINT renumbers the rows behind those that are gone. What a pass has missed is found by the next one.
      for (let range = await this.#rangeOf(connection, table, condition); range !== undefined; ) {
        for (let from = range.first; from <= range.last; from += pace.batchRows) {
          await pace.turn(lastMs);
          const startedMs = performance.now();
          const batch = `rowid >= ${from} AND rowid < ${from + pace.batchRows}`;
          rows += await this.#delete(connection, table, `${batch} AND ${condition}`);
          lastMs = performance.now() - startedMs;
        }
        range = await this.#rangeOf(connection, table, condition);
      }
    }
    return rows === 0 ? NOTHING : { rows, files: undefined, bytes: await this.#checkpoint(connection) };
  }

  /** One transaction: files all of whose rows are old are dropped, and not written again. */
  async #removeAtOnce(
    connection: DuckDBConnection,
    table: TelemetryTable,
    conditions: readonly string[],
    pace: Pace,
  ): Promise<Removed> {
    return retried(this.#conflictRetry, async () => {
      await pace.turn(0);
      let rows = 0;
      await inTransaction(connection, async () => {
        rows = 0;
        for (const condition of conditions) rows += await this.#delete(connection, table, condition);
      });
      if (rows === 0) return NOTHING;
      const dropped = await this.#kind.droppedFiles?.(connection, this.#home, table);
      return { rows, files: dropped?.files, bytes: dropped?.bytes };
    });
  }

  /** One transaction for each day: others may commit in between, and a conflict undoes little. */
  async #removeByDay(
    connection: DuckDBConnection,
    table: TelemetryTable,
    cutoffMs: number,
    pace: Pace,
  ): Promise<Removed> {
    const found = await connection.runAndReadAll(
      `SELECT DISTINCT epoch_ms(${dayOfRowSql(table)}::TIMESTAMP) AS day FROM ${this.#nameOf(table)}
       WHERE ${oldRowsSql(table, cutoffMs)
         .map((condition) => `(${condition})`)
         .join(' OR ')} ORDER BY day`,
    );
    let rows = 0;
    for (const [day] of found.getRows()) {
      const fromMs = Number(day);
      const conditions = oldRowsSql(table, fromMs + MS_PER_DAY, fromMs);
      rows += (await this.#removeAtOnce(connection, table, conditions, pace)).rows;
    }
    return rows === 0 ? NOTHING : { rows, files: undefined, bytes: undefined };
  }

  async #delete(connection: DuckDBConnection, table: TelemetryTable, condition: string): Promise<number> {
    this.#checkInterrupt();
    return (await connection.run(`DELETE FROM ${this.#nameOf(table)} WHERE ${condition}`)).rowsChanged;
  }

  async #countOf(connection: DuckDBConnection, table: TelemetryTable, condition: string): Promise<number> {
    const found = await connection.runAndReadAll(`SELECT count(*) FROM ${this.#nameOf(table)} WHERE ${condition}`);
    return Number(found.getRows()[0]![0]);
  }

  async #rangeOf(connection: DuckDBConnection, table: TelemetryTable, condition: string) {
    this.#checkInterrupt();
    const found = await connection.runAndReadAll(
      `SELECT min(rowid), max(rowid) FROM ${this.#nameOf(table)} WHERE ${condition}`,
    );
    const [first, last] = found.getRows()[0]!;
    return first === null ? undefined : { first: Number(first), last: Number(last) };
  }

  /** Makes the room of removed rows usable. Resolves with how much it is; with undefined if DuckDB makes it later. */
  async #checkpoint(connection: DuckDBConnection): Promise<number | undefined> {
    const before = await this.#freeBytes(connection);
    try {
      await retried(CHECKPOINT_RETRY, () => connection.run(`CHECKPOINT ${quotedIdentifier(this.#home.catalog)}`));
    } catch (error) {
      if (this.#isInterrupted) throw error;
      return undefined;
    }
    return Math.max(0, (await this.#freeBytes(connection)) - before);
  }

  async #freeBytes(connection: DuckDBConnection): Promise<number> {
    const found = await connection.runAndReadAll(
      `SELECT free_blocks * block_size FROM pragma_database_size() WHERE database_name = ${quotedString(this.#home.catalog)}`,
    );
    return Number(found.getRows()[0]?.[0] ?? 0);
  }

  #nameOf(table: TelemetryTable): string {
    return tableName(this.#home, table);
  }

  #checkInterrupt(): void {
    if (this.#isInterrupted) throw new Error('interrupted');
  }

  /** Works on a connection of its own: the writer goes on sealing meanwhile. */
  async #connected<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await this.#database.connect();
    this.#running.add(connection);
    try {
      await this.#kind.prepareWriter?.(connection, this.#home);
      return await work(connection);
    } finally {
      this.#running.delete(connection);
      connection.closeSync();
    }
  }
}
