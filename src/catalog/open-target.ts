// Options → the target that they name, with its tables made or verified.

import type { Database } from '../duckdb/database.js';
import type { Caller } from '../duckdb/pending-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { telemetryTables } from '../schema/tables.js';
import { DuckDBTarget } from './duckdb-target.js';
import type { SealTarget } from './seal-target.js';
import { createTables, type TableHome, verifyTables } from './tables.js';

/** Opens a connection of its own to the catalog that `options` name, or that `caller` uses. */
export async function openTarget(database: Database, options: ServeOptions, caller: Caller): Promise<SealTarget> {
  const catalog = options.catalog === null || options.catalog === '' ? undefined : options.catalog;
  const home: TableHome = {
    catalog: catalog ?? caller.catalog,
    schema: options.schema ?? (catalog === undefined ? caller.schema : 'main'),
  };
  const attached = await database.rows(
    `SELECT type, readonly FROM duckdb_databases() WHERE database_name = ${quotedString(home.catalog)} AND NOT internal`,
  );
  const type = attached[0]?.['type'];
  if (type === undefined)
    throw new Error(`catalog ${home.catalog} is not available: no attached database has that name`);
  if (attached[0]!['readonly'] === true) throw new Error(`catalog ${home.catalog} is not available: it is read-only`);
  const writer = await database.connect();
  try {
    // Rows of a batch have no order worth waiting for; unordered inserts compress on all threads, before COMMIT.
    await writer.run('SET SESSION preserve_insertion_order = false');
    if (options.create_tables) await createTables(writer, home, telemetryTables);
    await verifyTables(writer, home, telemetryTables);
  } catch (error) {
    writer.closeSync();
    throw error;
  }
  return new DuckDBTarget(database, writer, home, home.catalog === database.hostCatalog ? '' : home.catalog);
}
