import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api';

/** A result as a mode writes it. The batches can be read once, and reject when the query fails or is interrupted. */
export interface ResultRows {
  readonly columns: readonly ResultColumn[];
  readonly batches: AsyncIterable<RowBatch>;
}

/** Rows that DuckDB made and JavaScript has not seen: of millions, a box shows forty. */
export interface RowBatch {
  readonly rowCount: number;
  getRows(): readonly (readonly DuckDBValue[])[];
}

export interface ResultColumn {
  readonly name: string;
  /** The name, made different from those of the columns before it. */
  readonly uniqueName: string;
  readonly type: DuckDBType;
}

export function resultColumns(result: DuckDBResult): ResultColumn[] {
  const types = result.columnTypes();
  const uniqueNames = result.deduplicatedColumnNames();
  return result.columnNames().map((name, index) => ({ name, uniqueName: uniqueNames[index]!, type: types[index]! }));
}
