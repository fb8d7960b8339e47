import type { DuckDBConnection } from '@duckdb/node-api';
import type { Database } from '../duckdb/database.js';

/** Settings of a connection that only commits batches. Of the session: other connections keep what they have. */
const settings: Readonly<Record<string, string>> = {
  // Rows of a batch have no order worth waiting for; unordered inserts compress on all threads, before COMMIT.
  preserve_insertion_order: 'false',
  // Rows that wait for their partition's file, and row groups that wait to be written, are copies of what is in our
  // buffers anyway. With DuckDB's defaults (524,288 and 5) a seal of 300,000 rows took 0.4 GB more at the same rate.
  partitioned_write_flush_threshold: '65536',
  write_buffer_row_group_count: '1',
};

/** A connection on which a target commits, and nothing else runs. */
export async function connectWriter(database: Database): Promise<DuckDBConnection> {
  const writer = await database.connect();
  for (const [name, value] of Object.entries(settings)) await writer.run(`SET SESSION ${name} = ${value}`);
  return writer;
}
