// What a DuckLake needs that other catalogs do not.

import { hostname } from 'node:os';
import type { DuckDBConnection } from '@duckdb/node-api';
import { isDuckLakeConflict } from '../../duckdb/errors.js';
import { quotedIdentifier, quotedString } from '../../duckdb/sql-text.js';
import type { TelemetryTable } from '../../schema/column-declaration.js';
import { tenantColumn } from '../../schema/column-declaration.js';
import type { ServeOptions } from '../../schema/serve-options.js';
import { telemetryTables } from '../../schema/tables.js';
import type { CatalogKind } from '../catalog-kind.js';
import type { TableHome } from '../table-home.js';
import { tableName } from '../tables.js';
import { settleDuckLake, settleEarlierDuckLake } from './settlement.js';
import { checkSqliteJournal } from './sqlite-journal.js';

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
const HAS_FILE_FORMAT = "scope = 'GLOBAL' AND starts_with(option_name, 'parquet_compression')";

async function hasOption(writer: DuckDBConnection, { catalog }: TableHome, which: string): Promise<boolean> {
  const found = await writer.runAndReadAll(`SELECT 1 FROM ${quotedIdentifier(catalog)}.options() WHERE ${which}`);
  return found.currentRowCount > 0;
}

/** The files of a table, as of a snapshot or now. */
function filesSql(home: TableHome, table: TelemetryTable, snapshot?: number): string {
  const names = [home.catalog, table.name].map(quotedString).join();
  const version = snapshot === undefined ? '' : `, snapshot_version => ${snapshot}`;
  return `ducklake_list_files(${names}, schema => ${quotedString(home.schema)}${version})`;
}

export const ducklake: CatalogKind = {
  checkpoint: 'compacts',
  name: 'ducklake',
  removal: 'at once',
  isShared: true,
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
      ...((await hasOption(writer, home, HAS_FILE_FORMAT)) ? {} : FILE_FORMAT),
    };
    for (const [name, value] of Object.entries(wanted)) {
      await writer.run(
        `CALL ${quotedIdentifier(home.catalog)}.set_option(${quotedString(name)}, ${quotedString(value)})`,
      );
    }
    if (await hasOption(writer, home, "option_name = 'parquet_row_group_size'")) return;
    for (const { name, rowGroupRows } of telemetryTables) {
      if (rowGroupRows === undefined) continue;
      await writer.run(
        `CALL ${quotedIdentifier(home.catalog)}.set_option('parquet_row_group_size', ${rowGroupRows},
           schema => ${quotedString(home.schema)}, table_name => ${quotedString(name)})`,
      );
    }
  },
  async layOut(writer, home, table, options) {
    const time = table.columns.find(({ type }) => type === 'TIMESTAMP')!.name;
    if (options.lake_partition !== 'none') {
      const days = ['year', 'month', 'day'].map((part) => `${part}(${quotedIdentifier(time)})`);
      const parts = options.lake_partition === 'tenant_day' ? [tenantColumn.name, ...days] : days;
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
  isConflict: isDuckLakeConflict,
  async droppedFiles(connection, home, table) {
    const found = await connection.runAndReadAll(
      `SELECT id FROM ${quotedIdentifier(home.catalog)}.last_committed_snapshot()`,
    );
    const snapshot = Number(found.getRows()[0]![0]);
    const dropped = await connection.runAndReadAll(
      `SELECT count(*), coalesce(sum(data_file_size_bytes), 0) FROM ${filesSql(home, table, snapshot - 1)}
       WHERE data_file NOT IN (SELECT data_file FROM ${filesSql(home, table, snapshot)})`,
    );
    const [files, bytes] = dropped.getRows()[0]!;
    return { files: Number(files), bytes: Number(bytes) };
  },
  async filesByDay(connection, home, table) {
    const day = (part: string) => `lpad(regexp_extract(data_file, '/${part}=(\\d+)/', 1), 2, '0')`;
    const found = await connection.runAndReadAll(
      `SELECT concat_ws('-', ${['year', 'month', 'day'].map(day).join(', ')}), count(*), sum(data_file_size_bytes)
       FROM ${filesSql(home, table)} GROUP BY ALL`,
    );
    return new Map(
      found.getRows().map(([of, files, bytes]) => [String(of), { files: Number(files), bytes: Number(bytes) }]),
    );
  },
};
