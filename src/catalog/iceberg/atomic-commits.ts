// Does a transaction over two tables of this catalog commit both or neither? Tried, not asked: DuckDB commits Iceberg
// tables together only where the server says that it can, does not tell whether it did, and what the server does with
// such a request is its own affair.

import { randomUUID } from 'node:crypto';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../../duckdb/database.js';
import { qualifiedName } from '../../duckdb/sql-text.js';
import type { TableHome } from '../table-home.js';

/**
 * Makes a commit to two scratch tables fail on one, then on the other, and checks what it left in the table without
 * conflict. One of the two tries shows it, whatever the order of commits. Removes the tables.
 */
export async function commitsAllOrNothing(
  database: Database,
  writer: DuckDBConnection,
  home: TableHome,
): Promise<boolean> {
  const id = randomUUID().replaceAll('-', '');
  const tables = ['a', 'b'].map((letter) =>
    qualifiedName(home.catalog, home.schema, `otlp_commit_probe_${id}_${letter}`),
  );
  const rival = await database.connect();
  try {
    for (const table of tables) await writer.run(`CREATE TABLE ${table} (n INTEGER)`);
    for (const table of tables) await writer.run(`INSERT INTO ${table} VALUES (0)`);
    for (const contested of tables) {
      if (await leavesPart(writer, rival, tables, contested)) return false;
    }
    return true;
  } finally {
    for (const table of tables) await writer.run(`DROP TABLE IF EXISTS ${table}`);
    rival.closeSync();
  }
}

/** Whether a commit that conflicts on one table leaves anything in the other. */
async function leavesPart(
  writer: DuckDBConnection,
  rival: DuckDBConnection,
  tables: readonly string[],
  contested: string,
): Promise<boolean> {
  await writer.run('BEGIN TRANSACTION');
  for (const table of tables) await writer.run(`INSERT INTO ${table} VALUES (1)`);
  await rival.run(`INSERT INTO ${contested} VALUES (2)`);
  try {
    await writer.run('COMMIT');
    // Nothing was in its way after all, so that nothing is shown.
    return true;
  } catch {
    // As intended.
  }
  for (const table of tables) {
    const found = await rival.runAndReadAll(`SELECT n FROM ${table} WHERE n = 1`);
    if (found.currentRowCount > 0) return true;
  }
  return false;
}
