// How many rows one commit takes: what DuckDB needs of memory depends on what rows are in tables, where a text that
// thousands of them share here is kept once for each.

const MiB = 1 << 20;

/** Rows of DuckDB's row group. A commit keeps them as they came until there are so many, and then compresses them. */
const ROW_GROUP_ROWS = 122_880;

/**
 * Bytes of a row group that one commit may have DuckDB keep. DuckDB takes two to four times as much. Rows of up to 6.5 kB
 * reach a full row group below it, so they are never split: four commits of 64,000 such rows take twice the CPU time of
 * one of 256,000.
 */
const MAX_SEAL_BYTES = 768 * MiB;

/** The part of DuckDB's memory limit that they may be, so that a commit fits beside its copies. */
const SEALS_PER_MEMORY_LIMIT = 4;

/** Average from which rows are wide. Telemetry with 4 kB of resource attributes stays far below. */
const WIDE_ROW_BYTES = 16 << 10;

/** Wide rows that take this part of a commit are committed alone, so that a target which cannot take them takes the others. */
const BULKS_PER_SEAL = 12;

/** Rows, and the bytes that they take in tables. */
export interface RowsSize {
  readonly rows: number;
  readonly storedBytes: number;
}

/** What a commit may have a DuckDB with this memory limit keep. */
export function maxSealBytes(memoryLimitBytes: number): number {
  return Math.min(MAX_SEAL_BYTES, memoryLimitBytes / SEALS_PER_MEMORY_LIMIT);
}

/** Whether rows are so few for their bytes that no row group of them is ever full. */
export function areWide({ rows, storedBytes }: RowsSize): boolean {
  return storedBytes >= WIDE_ROW_BYTES * rows;
}

/** Whether two sets of rows may be committed together. */
export function fitOneSeal(one: RowsSize, other: RowsSize, maxBytes: number): boolean {
  if (one.rows === 0 || other.rows === 0) return true;
  if (isBulk(one, maxBytes) || isBulk(other, maxBytes)) return false;
  return heldBytes({ rows: one.rows + other.rows, storedBytes: one.storedBytes + other.storedBytes }) <= maxBytes;
}

function isBulk(size: RowsSize, maxBytes: number): boolean {
  return areWide(size) && size.storedBytes >= maxBytes / BULKS_PER_SEAL;
}

/** Bytes of the rows that DuckDB keeps before it compresses them. */
function heldBytes({ rows, storedBytes }: RowsSize): number {
  return rows <= ROW_GROUP_ROWS ? storedBytes : (storedBytes * ROW_GROUP_ROWS) / rows;
}
