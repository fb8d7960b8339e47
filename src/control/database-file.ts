import type { Database } from '../duckdb/database.js';
import { quotedString } from '../duckdb/sql-text.js';

/** Path of the file of a catalog that is a DuckDB database; undefined for other catalogs, and in memory. */
export async function databaseFile(database: Database, catalog: string): Promise<string | undefined> {
  const [target] = await database.rows(
    `SELECT path FROM duckdb_databases()
     WHERE lower(database_name) = lower(${quotedString(catalog)}) AND type = 'duckdb' AND path IS NOT NULL`,
  );
  return target === undefined ? undefined : String(target['path']);
}
