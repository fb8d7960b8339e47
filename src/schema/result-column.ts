// The kit with which result columns of functions are declared once: name, type, doc and value together.

export type ResultType = 'VARCHAR' | 'UBIGINT' | 'BIGINT' | 'USMALLINT' | 'BOOLEAN' | 'DOUBLE' | typeof LISTENERS;
export type ScalarValue = string | number | boolean | null;
export type ResultValue = ScalarValue | readonly Readonly<Record<string, string>>[];

/** Where a server listens. A gRPC client takes the URL as its endpoint, too. */
export const LISTENERS = 'STRUCT(uri VARCHAR, url VARCHAR, transport VARCHAR)[]';

export interface ResultColumn<Row, Name extends string = string, Value extends ResultValue = ResultValue> {
  readonly name: Name;
  readonly type: ResultType;
  readonly doc: string;
  value(row: Row): Value;
}

/** A row as an object, of the type that its columns say. */
export type RowOf<Columns extends readonly ResultColumn<never>[]> = {
  readonly [Column in Columns[number] as Column['name']]: ReturnType<Column['value']>;
};

export function column<Row, const Name extends string, Value extends ResultValue>(
  name: Name,
  type: ResultType,
  doc: string,
  value: (row: Row) => Value,
): ResultColumn<Row, Name, Value> {
  return { name, type, doc, value };
}

/** A result column whose value DuckDB computes. */
export interface QueryColumn {
  readonly name: string;
  readonly type:
    | 'VARCHAR'
    | 'INTEGER'
    | 'BIGINT'
    | 'DOUBLE'
    | 'TIMESTAMP'
    | 'VARCHAR[]'
    | 'MAP(VARCHAR, VARCHAR)'
    | `STRUCT(${string})`;
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
