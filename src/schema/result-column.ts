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

/** A result column whose value DuckDB computes. */
export interface QueryColumn {
  readonly name: string;
  readonly type: 'VARCHAR' | 'INTEGER' | 'BIGINT' | 'DOUBLE' | 'TIMESTAMP';
  readonly doc: string;
  /** Its value, over the rows that the columns are selected from. */
  readonly sql: string;
}

export function queryColumn(name: string, type: QueryColumn['type'], doc: string, sql: string): QueryColumn {
  return { name, type, doc, sql };
}

/** What stands after SELECT to give these columns, of the types that are declared. */
export function selectList(columns: readonly QueryColumn[]): string {
  return columns.map(({ name, type, sql }) => `CAST(${sql} AS ${type}) AS "${name}"`).join(', ');
}
