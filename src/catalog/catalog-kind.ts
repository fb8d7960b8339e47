// What differs between the kinds of catalog that DuckDB attaches, as data: everything else about a commit is the same.

import { hostname } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../duckdb/database.js';
import { quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { commitsAllOrNothing } from './atomic-commits.js';
import { settleDuckLake, settleEarlierDuckLake } from './ducklake/settlement.js';
import { checkSqliteJournal } from './ducklake/sqlite-journal.js';
import type { SealIdentity } from './seal-target.js';
import type { TableHome } from './table-home.js';
import { tableName } from './tables.js';

export interface DescribedSeal extends SealIdentity {
  /** Names the rows, over all attempts to commit them. */
  readonly id: string;
  readonly rows: number;
  /** Sequence of the oldest journal record whose rows are in it; 0 without a journal. */
  readonly firstRecord: number;
}

export interface CatalogKind {
  /** Prepares a connection that will write. Rejects when the catalog cannot be written to safely. */
  prepareWriter?(writer: DuckDBConnection, home: TableHome): Promise<void>;
  /** Sets what the catalog does with data files. */
  configure?(writer: DuckDBConnection, home: TableHome, options: ServeOptions): Promise<void>;
  /** Gives a table that was just created its layout, in the transaction that creates it. */
  layOut?(writer: DuckDBConnection, home: TableHome, table: TelemetryTable, options: ServeOptions): Promise<void>;
  /** Says in the open transaction what it is. */
  describeCommit?(writer: DuckDBConnection, home: TableHome, seal: DescribedSeal): Promise<void>;
  /**
   * Finds out what became of a transaction whose COMMIT failed, by the id that `describeCommit` wrote. Resolves with
   * whether its rows are durable; when they are not, nothing of it is.
   */
  settle?(writer: DuckDBConnection, home: TableHome, id: string, rows: ReadonlyMap<string, number>): Promise<boolean>;
  /**
   * Finds out what became of the last COMMIT of a server whose process has ended, and takes it back if its rows are lost
   * and a journal, which goes back to the record `heldFrom`, has them.
   */
  settleEarlier?(writer: DuckDBConnection, home: TableHome, serverId: string, heldFrom: number): Promise<void>;
  /** How long after BEGIN a transaction's files are safe from the catalog's own maintenance, on any host. */
  longestAppendMs?(options: ServeOptions): number;
  /** Whether a transaction over several tables commits all of them or none, where that is not certain. */
  commitsAllOrNothing?(database: Database, writer: DuckDBConnection, home: TableHome): Promise<boolean>;
  /** Whether a query sees each table as it was when that table was first read, so that two may not fit together. */
  readonly readsTablesApart?: boolean;
  /** Matches errors after which the same transaction may succeed. */
  readonly conflicts?: RegExp;
  /**
   * Upkeep by `CHECKPOINT <catalog>`: done now and then; or accepted by DuckDB, which then does nothing; or not wanted.
   */
  readonly checkpoint: 'compacts' | 'does nothing' | 'not wanted';
}

/**
 * Ages below which DuckLake must not delete files. Files of a transaction that is still open look unused: with an age
 * of zero, CHECKPOINT removed them, the COMMIT then succeeded, and its rows were lost.
 */
export const SAFE_RETENTION_MS = 300_000;

function retentionMs(options: ServeOptions): number {
  return Math.max(SAFE_RETENTION_MS, options.maintenance_retention_ms);
}

/**
 * Of Parquet files, where the lake has none of its own. DuckLake's default, Snappy, makes files of logs twice as large, for a
 * tenth less CPU time of a seal at most.
 */
const FILE_FORMAT = { parquet_compression: 'zstd', parquet_compression_level: '2' } as const;

async function hasFileFormat(writer: DuckDBConnection, home: TableHome): Promise<boolean> {
  const found = await writer.runAndReadAll(
    `SELECT 1 FROM ${quotedIdentifier(home.catalog)}.options()
     WHERE scope = 'GLOBAL' AND starts_with(option_name, 'parquet_compression')`,
  );
  return found.currentRowCount > 0;
}

const ducklake: CatalogKind = {
  checkpoint: 'compacts',
  // Raced by many hosts, a catalog's own retries are cheap; the defaults give up after about a second.
  async prepareWriter(writer, home) {
    await checkSqliteJournal(writer, home.catalog);
    await writer.run('SET SESSION ducklake_max_retry_count = 100');
    await writer.run('SET SESSION ducklake_retry_wait_ms = 20');
    await writer.run('SET SESSION ducklake_retry_backoff = 1.05');
  },
  async configure(writer, home, options) {
    const retention = `${retentionMs(options)} milliseconds`;
    const wanted: Record<string, string> = {
      target_file_size: `${Math.max(1, Math.round(options.target_file_size / 1024))}KiB`,
      expire_older_than: retention,
      delete_older_than: retention,
      ...((await hasFileFormat(writer, home)) ? {} : FILE_FORMAT),
    };
    for (const [name, value] of Object.entries(wanted)) {
      await writer.run(
        `CALL ${quotedIdentifier(home.catalog)}.set_option(${quotedString(name)}, ${quotedString(value)})`,
      );
    }
  },
  async layOut(writer, home, table, options) {
    const time = table.columns.find(({ type }) => type === 'TIMESTAMP')!.name;
    if (options.lake_partition === 'day') {
      const parts = ['year', 'month', 'day'].map((part) => `${part}(${quotedIdentifier(time)})`);
      await writer.run(`ALTER TABLE ${tableName(home, table)} SET PARTITIONED BY (${parts.join(', ')})`);
    }
    if (options.lake_sort === 'service_time') {
      await writer.run(
        `ALTER TABLE ${tableName(home, table)} SET SORTED BY (service_name ASC, ${quotedIdentifier(time)} ASC)`,
      );
    }
  },
  async describeCommit(writer, home, { server, serverId, sequence, rows, firstRecord, id }) {
    const extra = JSON.stringify({
      ...{ host: hostname(), pid: process.pid, server, server_id: serverId, seal: sequence, rows },
      ...{ first_record: firstRecord, id },
    });
    await writer.run(
      `CALL ${quotedIdentifier(home.catalog)}.set_commit_message('otelduck', ${quotedString(`${server} seal ${sequence}: ${rows} rows`)}, extra_info => ${quotedString(extra)})`,
    );
  },
  settle: settleDuckLake,
  settleEarlier: settleEarlierDuckLake,
  // The other half is for the COMMIT.
  longestAppendMs: (options) => retentionMs(options) / 2,
  // The last is SQLite's: another writer committed first.
  conflicts:
    /Transaction conflict|could not serialize access|Failed to commit DuckLake transaction[\s\S]*(?:conflict|duplicate key|serializ|Failed to flush changes into DuckLake: database is locked)/i,
};

const iceberg: CatalogKind = {
  commitsAllOrNothing,
  readsTablesApart: true,
  checkpoint: 'does nothing',
  conflicts: /Conflict_409|CommitFailedException|was created concurrently|Version token mismatch/,
};

const duckdb: CatalogKind = { checkpoint: 'not wanted' };
/** Another database behind DuckDB's interface, such as PostgreSQL: maintenance is tried once, and found unsupported. */
const other: CatalogKind = { checkpoint: 'compacts' };

/** The kind with the name that `duckdb_databases()` gives it. */
export function catalogKind(type: string): CatalogKind {
  switch (type) {
    case 'duckdb':
      return duckdb;
    case 'ducklake':
      return ducklake;
    case 'iceberg':
      return iceberg;
    default:
      return other;
  }
}
