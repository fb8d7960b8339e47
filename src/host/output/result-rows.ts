import {
  type DuckDBDataChunk,
  type DuckDBResult,
  type DuckDBStructType,
  DuckDBStructValue,
  DuckDBStructVector,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';

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

/** Whether a struct is a `row(…)`, whose fields have places instead of names. */
export function isUnnamed(type: DuckDBStructType): boolean {
  return type.entryNames.every((name) => name === '');
}

/**
 * A chunk's rows. The API's struct values keep one entry for each name, so of a `row(…)` only the last field would be
 * left; here their entries are named `0`, `1`, … Inside other values they stay as the API has them.
 */
export function chunkRows(chunk: DuckDBDataChunk): RowBatch {
  return {
    rowCount: chunk.rowCount,
    getRows() {
      const rows = chunk.getRows();
      for (let column = 0; column < chunk.columnCount; column++) {
        const vector = chunk.getColumnVector(column);
        if (!(vector instanceof DuckDBStructVector) || !isUnnamed(vector.type)) continue;
        const fields = [...vector.type.entryNames.keys()];
        for (const [row, values] of rows.entries()) {
          if (values[column] === null) continue;
          const entries = fields.map((field) => [String(field), vector.getItemValue(row, field)] as const);
          values[column] = new DuckDBStructValue(Object.fromEntries(entries));
        }
      }
      return rows;
    },
  };
}
