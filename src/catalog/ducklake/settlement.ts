// A COMMIT whose answer was lost → known to have happened, or undone. When the connection to the catalog breaks during
// COMMIT, DuckLake takes the transaction for failed and removes its data files, although the catalog may have it. The
// lake then refers to files that are gone, and every reader of the table fails. The rows are still in memory, so what
// the catalog has of that transaction is taken out of it, and the rows are committed again. When the process dies before it
// comes to that, the next one does it, provided that the rows are in a journal.

import type { DuckDBConnection } from '@duckdb/node-api';
import { isDuplicateKey } from '../../duckdb/errors.js';
import { fileExists } from '../../duckdb/path-pattern.js';
import { qualifiedName, quotedString } from '../../duckdb/sql-text.js';
import type { TableHome } from '../table-home.js';

/**
 * Resolves with whether the rows of the transaction with this id are durable. `rows` says how many it has for each
 * table.
 */
export async function settleDuckLake(
  writer: DuckDBConnection,
  home: TableHome,
  id: string,
  rows: ReadonlyMap<string, number>,
): Promise<boolean> {
  await awaitPendingCommit(writer, metadataTable(home, 'ducklake_snapshot'));
  const [found] = await selected(
    writer,
    `SELECT snapshot_id FROM ${qualifiedName(home.catalog)}.snapshots()
     WHERE contains(commit_extra_info, ${quotedString(id)})`,
  );
  if (found === undefined) return false;
  const snapshot = String(found[0]);
  const files = await filesOf(writer, home, snapshot);
  // Without files all rows are in the catalog itself. With other counts than ours, somebody has compacted the files,
  // which can be done only while they are there.
  if (files.length === 0 || files.some(([name, , count]) => rows.get(String(name)) !== Number(count))) return true;
  await undo(writer, home, snapshot, files);
  return false;
}

/**
 * Waits for the last COMMIT of a server that an earlier process may have left on its way, and takes it back if its files
 * are gone and all of its rows are in a journal, which has records from `heldFrom` on. A journal removes what it knows to be
 * committed, so that files which somebody else has lost are no reason to touch anything.
 */
export async function settleEarlierDuckLake(
  writer: DuckDBConnection,
  home: TableHome,
  serverId: string,
  heldFrom: number,
): Promise<void> {
  await awaitPendingCommit(writer, metadataTable(home, 'ducklake_snapshot'));
  const [found] = await selected(
    writer,
    `SELECT snapshot_id, commit_extra_info FROM ${metadataTable(home, 'ducklake_snapshot_changes')}
     WHERE contains(commit_extra_info, ${quotedString(JSON.stringify(serverId))}) ORDER BY snapshot_id DESC LIMIT 1`,
  );
  if (found === undefined) return;
  const snapshot = String(found[0]);
  const { first_record: firstRecord } = JSON.parse(String(found[1])) as { readonly first_record: number };
  if (firstRecord < heldFrom) return;
  const files = await filesOf(writer, home, snapshot);
  for (const [table] of files) {
    if (!(await hasItsFiles(writer, home, String(table), snapshot))) {
      await undo(writer, home, snapshot, files);
      return;
    }
  }
}

/** Tables to which a snapshot has added files: name, id, rows in them. */
function filesOf(
  writer: DuckDBConnection,
  home: TableHome,
  snapshot: string,
): Promise<readonly (readonly unknown[])[]> {
  return selected(
    writer,
    `SELECT t.table_name, t.table_id, sum(f.record_count)::BIGINT
     FROM ${metadataTable(home, 'ducklake_data_file')} f JOIN ${metadataTable(home, 'ducklake_table')} t USING (table_id)
     WHERE f.begin_snapshot = ${snapshot} AND t.end_snapshot IS NULL GROUP BY ALL`,
  );
}

/** Whether all files are there that a snapshot has added to a table, and that have not been replaced since. */
async function hasItsFiles(
  writer: DuckDBConnection,
  home: TableHome,
  table: string,
  snapshot: string,
): Promise<boolean> {
  const files = await selected(
    writer,
    `SELECT listed.data_file
     FROM ducklake_list_files(${[home.catalog, table].map(quotedString).join()}, schema => ${quotedString(home.schema)}) listed
     JOIN ${metadataTable(home, 'ducklake_data_file')} f ON suffix(listed.data_file, f.path)
     WHERE f.begin_snapshot = ${snapshot} AND f.end_snapshot IS NULL`,
  );
  for (const [path] of files) {
    if (!(await fileExists(writer, String(path)))) return false;
  }
  return true;
}

/**
 * Resolves once no COMMIT is on its way any more. A catalog on a server may get it after we have lost the connection. Its
 * transaction holds the number of the next snapshot until then, so whoever wants that number too has to wait for it.
 */
async function awaitPendingCommit(writer: DuckDBConnection, snapshots: string): Promise<void> {
  await writer.run('BEGIN TRANSACTION');
  try {
    await writer.run(`INSERT INTO ${snapshots} (snapshot_id) SELECT max(snapshot_id) + 1 FROM ${snapshots}`);
  } catch (error) {
    // The other transaction has committed, and has the number.
    if (!isDuplicateKey(error)) throw error;
  } finally {
    await writer.run('ROLLBACK').catch(() => undefined);
  }
}

/** Takes every row of a snapshot out of the lake. The snapshot stays, and says so. */
async function undo(
  writer: DuckDBConnection,
  home: TableHome,
  snapshot: string,
  files: readonly (readonly unknown[])[],
): Promise<void> {
  const metadata = (table: string) => metadataTable(home, table);
  const ofSnapshot = `data_file_id IN (SELECT data_file_id FROM ${metadata('ducklake_data_file')} WHERE begin_snapshot = ${snapshot})`;
  const inlined = await selected(writer, `SELECT table_name FROM ${metadata('ducklake_inlined_data_tables')}`);
  await writer.run('BEGIN TRANSACTION');
  try {
    for (const table of ['ducklake_file_column_stats', 'ducklake_file_partition_value']) {
      await writer.run(`DELETE FROM ${metadata(table)} WHERE ${ofSnapshot}`);
    }
    // Old rows of otlp_seals are deleted now and then, in the same transaction.
    for (const table of ['ducklake_delete_file', 'ducklake_data_file', ...inlined.map(([name]) => String(name))]) {
      await writer.run(`DELETE FROM ${metadata(table)} WHERE begin_snapshot = ${snapshot}`);
      await writer.run(`UPDATE ${metadata(table)} SET end_snapshot = NULL WHERE end_snapshot = ${snapshot}`);
    }
    for (const [, tableId, count] of files) {
      await writer.run(
        `UPDATE ${metadata('ducklake_table_stats')} SET record_count = record_count - ${count} WHERE table_id = ${tableId}`,
      );
    }
    await writer.run(
      `UPDATE ${metadata('ducklake_snapshot_changes')}
       SET commit_message = 'undone: the connection broke during COMMIT', commit_extra_info = NULL
       WHERE snapshot_id = ${snapshot}`,
    );
    await writer.run('COMMIT');
  } catch (error) {
    await writer.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

/**
 * Name of one of the tables in which DuckLake keeps a lake, in the database that it attaches for them. They are in that
 * database's own schema unless the lake was attached with another METADATA_SCHEMA; then there is no such table, and the
 * seal fails and says so, rather than guess.
 */
function metadataTable(home: TableHome, table: string): string {
  return qualifiedName(`__ducklake_metadata_${home.catalog}`, table);
}

async function selected(writer: DuckDBConnection, sql: string): Promise<readonly (readonly unknown[])[]> {
  return (await writer.runAndReadAll(sql)).getRows();
}
