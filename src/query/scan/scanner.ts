// What engines see of the database: statements over the telemetry tables, answered in columns.

/** One column of a block, with the validity of its rows. Buffers are owned by the block and may be transferred. */
export type BlockColumn =
  /** DOUBLE, FLOAT, integers of at most 32 bits, BOOLEAN (0 or 1). */
  | { readonly kind: 'double'; readonly values: Float64Array; readonly valid: Uint8Array | undefined }
  /** BIGINT, UBIGINT (its bits), TIMESTAMP (µs), TIMESTAMP_NS. */
  | { readonly kind: 'bigint'; readonly values: BigInt64Array; readonly valid: Uint8Array | undefined }
  /** VARCHAR, BLOB: row i is `bytes[offsets[i]..offsets[i + 1])`. */
  | {
      readonly kind: 'text';
      readonly offsets: Uint32Array;
      readonly bytes: Uint8Array;
      readonly valid: Uint8Array | undefined;
    }
  /** T[]: row i is `child[offsets[i]..offsets[i + 1])`. */
  | {
      readonly kind: 'list';
      readonly offsets: Uint32Array;
      readonly child: BlockColumn;
      readonly valid: Uint8Array | undefined;
    };

/** Rows of an answer, column by column. `valid` is 1 for each row that is not NULL; it is absent where none is. */
export interface ColumnBlock {
  readonly rowCount: number;
  readonly columns: readonly BlockColumn[];
}

export interface ScanRequest {
  /**
   * SQL in which `{{otlp_logs}}` stands for a relation with all rows of that table that the principal may see: committed
   * and live ones, each once.
   */
  readonly sql: string;
  /** Values of `$1` and on. */
  readonly parameters?: readonly (string | number | bigint | boolean | null)[];
}

export interface Scanner {
  /**
   * Blocks in the order of the query. Ending the iteration early, or aborting, interrupts the statement. Rejects with a
   * Failure or SqlError.
   */
  scan(request: ScanRequest, signal: AbortSignal): AsyncIterable<ColumnBlock>;
}
