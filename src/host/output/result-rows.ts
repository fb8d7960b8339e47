import type { DuckDBDataChunk, DuckDBResult, DuckDBStructType, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { DuckDBStructValue, DuckDBStructVector } from '../../duckdb/node-api.js';

/** A result as a mode writes it. The batches can be read once, and reject when the query fails or is interrupted. */
export interface ResultRows {
  readonly columns: readonly OutputColumn[];
  readonly batches: AsyncIterable<RowBatch>;
}

/** Rows that DuckDB made and JavaScript has not seen: of millions, a box shows forty. */
export interface RowBatch {
  readonly rowCount: number;
  getColumn(index: number): readonly DuckDBValue[];
  getRows(): readonly (readonly DuckDBValue[])[];
}

export interface OutputColumn {
  readonly name: string;
  /** The name, made different from those of the columns before it. */
  readonly uniqueName: string;
  readonly type: DuckDBType;
}

export function outputColumns(result: DuckDBResult): OutputColumn[] {
  const types = result.columnTypes();
  const uniqueNames = result.deduplicatedColumnNames();
  return result.columnNames().map((name, index) => ({ name, uniqueName: uniqueNames[index]!, type: types[index]! }));
}

/** Whether a struct is a `row(…)`, whose fields have places instead of names. */
export function isUnnamed(type: DuckDBStructType): boolean {
  return type.entryNames.every((name) => name === '');
}

/** What DuckDB handed over. Of each column, values are made when somebody asks for them. */
export function chunkRows(chunk: DuckDBDataChunk): RowBatch {
  return {
    rowCount: chunk.rowCount,
    getColumn: (index) => columnValues(chunk, index),
    getRows() {
      const columns = Array.from({ length: chunk.columnCount }, (_, index) => columnValues(chunk, index));
      return Array.from({ length: chunk.rowCount }, (_, row) => columns.map((values) => values[row]!));
    },
  };
}

/**
 * The API's struct values keep one entry for each name, so of a `row(…)` only the last field would be left; here their
 * entries are named `0`, `1`, … Inside other values they stay as the API has them.
 */
function columnValues(chunk: DuckDBDataChunk, column: number): DuckDBValue[] {
  const values = chunk.getColumnValues(column);
  const vector = chunk.getColumnVector(column);
  if (!(vector instanceof DuckDBStructVector) || !isUnnamed(vector.type)) return values;
  const fields = [...vector.type.entryNames.keys()];
  return values.map((value, row) => {
    if (value === null) return null;
    const entries = fields.map((field) => [String(field), vector.getItemValue(row, field)] as const);
    return new DuckDBStructValue(Object.fromEntries(entries));
  });
}
