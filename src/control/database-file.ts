import { askedHome } from '../catalog/table-home.js';
import type { Database } from '../duckdb/database.js';
import { quotedString } from '../duckdb/sql-text.js';
import type { ServeRequest } from './serve-request.js';

/** Path of the database file that a server commits to; undefined if it commits to something else. */
export async function databaseFile(
  database: Database,
  { options, caller }: Pick<ServeRequest, 'options' | 'caller'>,
): Promise<string | undefined> {
  if (options.parquet_export_path !== null) return undefined;
  const { catalog } = askedHome(options, caller);
  const [target] = await database.rows(
    `SELECT path FROM duckdb_databases()
     WHERE lower(database_name) = lower(${quotedString(catalog)}) AND type = 'duckdb' AND path IS NOT NULL`,
  );
  return target === undefined ? undefined : String(target['path']);
}
