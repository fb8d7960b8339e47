// What an engine reads: SQL over telemetry tables in, blocks of columns out. Types alone, for all threads.

import type { ColumnBlock } from '../../buffer/column-block.js';

export type { BlockColumn, ColumnBlock } from '../../buffer/column-block.js';

export type ScanParameter = string | number | bigint | boolean | null;

export interface ScanRequest {
  /**
   * One statement, in which `{{otlp_logs}}` stands for a relation with all rows of that table that the principal may see: committed
   * and live ones, each once. A table that does not exist has no rows.
   */
  readonly sql: string;
  /**
   * SQL of a client that has passed the fence (src/query/sql), which ends the statement. Nothing in it is a placeholder. It finds the
   * functions of DuckDB, and no tables but those that the statement gives it, in a transaction that may only read.
   */
  readonly fenced?: string;
  /** Values of `$1` … */
  readonly parameters?: readonly ScanParameter[];
  /**
   * The placeholder, of which there may be one, stands for rows in memory alone: those that were accepted since the last scan
   * with this name for a reader; none at the first one. Rejects with OTLP_ROWS_MISSED where some have left memory unread.
   */
  readonly reader?: string;
}

export interface Scanner {
  /**
   * Blocks in the order of the query. Ending the iteration early, or aborting, interrupts the statement. Rejects with a Failure,
   * a SqlError, or the reason of the abort.
   */
  scan(request: ScanRequest, signal: AbortSignal): AsyncIterable<ColumnBlock>;
}
