// How many rows one commit takes. DuckDB's memory depends on the size of rows in tables, where a text that thousands of rows
// share in our memory is stored once per row.

const MiB = 1 << 20;

/** Rows of a DuckDB row group. A commit keeps rows uncompressed until a row group is full. */
const ROW_GROUP_ROWS = 122_880;

/**
 * Uncompressed bytes of a row group that one commit may make DuckDB keep. DuckDB uses two to four times as much memory. Rows
 * of up to 6.5 kB fill a row group below this limit, so they are never split: four commits of 64,000 such rows take twice
 * the CPU time of one commit of 256,000.
 */
const MAX_SEAL_BYTES = 768 * MiB;

/** Fraction of DuckDB's memory limit for these bytes, so that a commit fits beside its copies. */
const SEALS_PER_MEMORY_LIMIT = 4;

/** Average size from which rows count as wide. Telemetry with 4 kB of resource attributes stays far below. */
const WIDE_ROW_BYTES = 16 << 10;

/** Wide rows of this fraction of a commit are committed alone, so that rows which fail do not affect others. */
const BULKS_PER_SEAL = 12;

/** Rows and their size in tables. */
export interface RowsSize {
  readonly rows: number;
  readonly storedBytes: number;
}

/** Limit of one commit for a DuckDB with this memory limit. */
export function maxSealBytes(memoryLimitBytes: number): number {
  return Math.min(MAX_SEAL_BYTES, memoryLimitBytes / SEALS_PER_MEMORY_LIMIT);
}

/** Whether rows are so wide that they never fill a row group. */
export function areWide({ rows, storedBytes }: RowsSize): boolean {
  return storedBytes >= WIDE_ROW_BYTES * rows;
}

/** Whether two sets of rows may share a commit. */
export function fitOneSeal(one: RowsSize, other: RowsSize, maxBytes: number): boolean {
  if (one.rows === 0 || other.rows === 0) return true;
  if (isBulk(one, maxBytes) || isBulk(other, maxBytes)) return false;
  return heldBytes({ rows: one.rows + other.rows, storedBytes: one.storedBytes + other.storedBytes }) <= maxBytes;
}

function isBulk(size: RowsSize, maxBytes: number): boolean {
  return areWide(size) && size.storedBytes >= maxBytes / BULKS_PER_SEAL;
}

/** Bytes that DuckDB keeps before it compresses them. */
function heldBytes({ rows, storedBytes }: RowsSize): number {
  return rows <= ROW_GROUP_ROWS ? storedBytes : (storedBytes * ROW_GROUP_ROWS) / rows;
}
