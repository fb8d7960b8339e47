// The kit with which result columns of functions are declared once: name, type, doc and value together.

export type ResultType = 'VARCHAR' | 'UBIGINT' | 'BIGINT' | 'USMALLINT' | 'BOOLEAN' | 'DOUBLE';
export type ResultValue = string | number | boolean | null;

export interface ResultColumn<Row> {
  readonly name: string;
  readonly type: ResultType;
  readonly doc: string;
  value(row: Row): ResultValue;
}

export function column<Row>(
  name: string,
  type: ResultType,
  doc: string,
  value: (row: Row) => ResultValue,
): ResultColumn<Row> {
  return { name, type, doc, value };
}
