import type { ServerRegistry } from '../control/server-registry.js';
import type { PendingFunction } from '../duckdb/pending-function.js';
import { resultRows } from '../duckdb/result-rows.js';
import { column, type ResultColumn } from '../schema/result-column.js';
import { parseListenUri } from '../server/listen-uri.js';
import type { TablePartition } from '../upkeep/retention-job.js';

export const partitionColumns: readonly ResultColumn<TablePartition>[] = [
  column('table_name', 'VARCHAR', 'Table.', ({ table }) => table.name),
  column(
    'day',
    'VARCHAR',
    'Day in UTC, as retention counts; NULL for rows that say no time.',
    (row) => row.day ?? null,
  ),
  column('rows', 'UBIGINT', 'Its rows.', (row) => row.rows),
  column('files', 'UBIGINT', 'Files of that day; NULL where the target has none by day.', (row) => row.files ?? null),
  column('bytes', 'UBIGINT', 'Size of these files.', (row) => row.bytes ?? null),
];

/** `otlp_partition_list(uri)`: the days that the tables of the server at `uri` have, oldest first. */
export function otlpPartitionList(registry: ServerRegistry): PendingFunction {
  return {
    name: 'otlp_partition_list',
    parameters: [{ name: 'uri', sqlType: 'VARCHAR' }],
    columns: partitionColumns,
    run: async (_caller, { uri }) => {
      const { retention } = registry.running(parseListenUri(String(uri)));
      return resultRows(partitionColumns, await retention.partitions());
    },
  };
}
