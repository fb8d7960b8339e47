import { dayText } from '../catalog/old-rows.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';
import type { PurgedTable } from '../upkeep/retention-job.js';

export const retentionColumns: readonly ResultColumn<PurgedTable>[] = [
  column('table_name', 'VARCHAR', 'Table.', ({ table }) => table.name),
  column('retention_days', 'UBIGINT', 'Days that its rows are kept; 0 for good.', (row) => row.retentionDays),
  column('cutoff', 'VARCHAR', 'First day that is kept, in UTC; NULL where all are.', ({ cutoffMs }) =>
    cutoffMs === undefined ? null : dayText(cutoffMs),
  ),
  column('matching_rows', 'UBIGINT', 'Rows of days before that.', (row) => row.matchingRows),
  column('deleted_rows', 'UBIGINT', 'Rows that this call removed.', (row) => row.deletedRows),
  column(
    'files_dropped',
    'UBIGINT',
    'Files that it removed from the table as a whole; NULL where the target has none by day, or nothing was removed.',
    (row) => row.filesDropped ?? null,
  ),
  column(
    'bytes_freed',
    'UBIGINT',
    'Size of these files, or room that became usable in a database file; NULL where that is not known.',
    (row) => row.bytesFreed ?? null,
  ),
  column('error', 'VARCHAR', 'Why rows were not removed. The next run removes them.', (row) => row.error ?? null),
];

/** `otlp_retention(uri, …)`: tells which rows of the server at `uri` are too old, or removes them. One row per table. */
export function otlpRetention(registry: ServerRegistry): PendingFunction {
  return {
    name: 'otlp_retention',
    parameters: [
      { name: 'uri', sqlType: 'VARCHAR' },
      {
        name: 'dry_run',
        sqlType: 'BOOLEAN',
        defaultSql: 'true',
        defaultText: '`true`',
        doc: 'Count the rows, and remove none.',
      },
      {
        name: 'before',
        sqlType: 'VARCHAR',
        defaultSql: 'NULL',
        defaultText: 'from `retention_days`',
        doc: 'First day that is kept, in UTC, such as `2026-01-31`; for all tables, whatever the options say.',
      },
    ],
    columns: retentionColumns,
    run: async (_caller, { uri, dry_run: isDry, before }) => {
      const { retention } = registry.running(parseListenUri(String(uri)));
      const day = before === null ? undefined : String(before);
      const tables = await (isDry === false ? retention.remove(day) : retention.preview(day));
      return resultRows(retentionColumns, tables);
    },
  };
}
