// A DuckLake whose catalog is SQLite can be written to beside readers and maintenance only with SQLite's write-ahead log.

import type { DuckDBConnection } from '@duckdb/node-api';
import { SqlError } from '../../base/sql-error.js';
import { quotedString } from '../../duckdb/sql-text.js';

/**
 * Rejects when the lake's catalog is SQLite with another journal mode. A COMMIT that meets a reader then fails with
 * `database is locked`, and DuckLake 1.5.5 keeps the lock of the transaction that failed: nothing commits any more until
 * the process ends, whose buffered rows are lost.
 */
export async function checkSqliteJournal(writer: DuckDBConnection, catalog: string): Promise<void> {
  const settings = await writer.runAndReadAll(`SELECT catalog_type FROM ducklake_settings(${quotedString(catalog)})`);
  if (settings.getRows()[0]?.[0] !== 'sqlite') return;
  const metadata = quotedString(`__ducklake_metadata_${catalog}`);
  const found = await writer.runAndReadAll(`SELECT journal_mode FROM sqlite_query(${metadata}, 'PRAGMA journal_mode')`);
  const mode = String(found.getRows()[0]?.[0]);
  if (mode === 'wal') return;
  throw new SqlError(
    'OTLP_CATALOG_NOT_AVAILABLE',
    `catalog ${catalog} is not available: its SQLite file must have journal mode wal, got ${mode}: attach it with META_JOURNAL_MODE 'WAL'`,
  );
}
