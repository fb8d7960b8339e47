import type { DuckDBDataChunk, DuckDBTableFunctionBindInfo, DuckDBValue } from '@duckdb/node-api';
import { VECTOR_ROWS } from '../buffer/vector-rows.js';
import type { ResultColumn, ResultType, ResultValue } from '../schema/result-column.js';
import { duckdbType } from './duckdb-type.js';
import { listValue, structValue } from './node-api.js';

/** Values of some rows, in the order of the columns that declared them. */
export type RowValues = readonly (readonly ResultValue[])[];

export function resultRows<Row>(columns: readonly ResultColumn<Row>[], rows: readonly Row[]): RowValues {
  return rows.map((row) => columns.map((column) => column.value(row)));
}

export function declareColumns(info: DuckDBTableFunctionBindInfo, columns: readonly ResultColumn<never>[]): void {
  for (const { name, type } of columns) info.addResultColumn(name, duckdbType(type));
}

/** Writes rows from `firstRow` on to a chunk's columns from `firstColumn` on. Returns how many rows it wrote. */
export function writeRows(
  chunk: DuckDBDataChunk,
  columns: readonly { readonly type: ResultType }[],
  rows: RowValues,
  { firstRow, firstColumn }: { firstRow: number; firstColumn: number },
): number {
  const count = Math.min(VECTOR_ROWS, rows.length - firstRow);
  chunk.rowCount = count;
  columns.forEach(({ type }, index) => {
    const vector = chunk.getColumnVector(firstColumn + index);
    for (let row = 0; row < count; row++) vector.setItem(row, duckdbValue(type, rows[firstRow + row]![index]!));
    vector.flush();
  });
  return count;
}

function duckdbValue(type: ResultType, value: ResultValue): DuckDBValue {
  if (value === null) return null;
  if (typeof value === 'object') return listValue(value.map((fields) => structValue(fields)));
  return type === 'UBIGINT' || type === 'BIGINT' ? BigInt(value) : value;
}
