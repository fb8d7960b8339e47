// A result as the lines that test files expect. DuckDB itself turns values into text, since JavaScript prints doubles,
// lists and structs differently; only types whose text is certain skip the way back through DuckDB.

import {
  DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBGeometryValue,
  DuckDBListValue,
  type DuckDBResultReader,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
  DuckDBVariantValue,
  LIST,
} from '@duckdb/node-api';

export interface RenderOptions {
  /** SQLite's original tests expect numbers with a fraction as integers. */
  readonly fractionsAsIntegers: boolean;
}

/** The values of a result, row by row: NULL is `NULL`, an empty string `(empty)`, booleans are 1 and 0. */
export async function renderValues(
  reader: DuckDBResultReader,
  connection: DuckDBConnection,
  { fractionsAsIntegers }: RenderOptions,
): Promise<string[]> {
  const types = reader.columnTypes();
  const columns: (string | null)[][] = [];
  for (const [index, values] of reader.getColumns().entries()) {
    const type = types[index]!;
    const target = fractionsAsIntegers && fractionTypes.has(type.typeId) ? 'BIGINT' : 'VARCHAR';
    columns.push(await textOf(values, type, target, connection));
  }
  const rendered: string[] = [];
  for (let row = 0; row < reader.currentRowCount; row++) {
    for (const column of columns) rendered.push(visibleText(column[row] ?? null));
  }
  return rendered;
}

const fractionTypes = new Set([DuckDBTypeId.DECIMAL, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE]);

const ownTextTypes = new Set([
  DuckDBTypeId.VARCHAR,
  DuckDBTypeId.ENUM,
  DuckDBTypeId.TINYINT,
  DuckDBTypeId.SMALLINT,
  DuckDBTypeId.INTEGER,
  DuckDBTypeId.BIGINT,
  DuckDBTypeId.HUGEINT,
  DuckDBTypeId.UTINYINT,
  DuckDBTypeId.USMALLINT,
  DuckDBTypeId.UINTEGER,
  DuckDBTypeId.UBIGINT,
  DuckDBTypeId.UHUGEINT,
]);

/** DuckDB plans a bound list as one constant; lists of a vector's length keep that cheap. */
const VALUES_PER_CAST = 2_048;

async function textOf(
  values: readonly DuckDBValue[],
  type: DuckDBType,
  target: string,
  connection: DuckDBConnection,
): Promise<(string | null)[]> {
  if (type.typeId === DuckDBTypeId.BOOLEAN) return values.map((value) => (value === null ? null : value ? '1' : '0'));
  if (ownTextTypes.has(type.typeId)) return values.map((value) => (value === null ? null : String(value)));
  const text: (string | null)[] = [];
  // Values of these two cannot be bound as a list: a VARIANT has a type of its own per value, a GEOMETRY only bytes.
  if (type.typeId === DuckDBTypeId.VARIANT || type.typeId === DuckDBTypeId.GEOMETRY) {
    for (const value of values) text.push(await castValue(value, connection));
    return text;
  }
  for (let start = 0; start < values.length; start += VALUES_PER_CAST) {
    const bound = new DuckDBListValue(values.slice(start, start + VALUES_PER_CAST));
    const sql = `SELECT CAST(CAST(unnest($1) AS ${target}) AS VARCHAR)`;
    // On the connection of the query, because its time zone decides how TIMESTAMPTZ reads.
    const reader = await connection.runAndReadAll(sql, [bound], [LIST(type)]);
    text.push(...((reader.getColumns()[0] ?? []) as (string | null)[]));
  }
  return text;
}

async function castValue(value: DuckDBValue, connection: DuckDBConnection): Promise<string | null> {
  if (value === null) return null;
  if (value instanceof DuckDBVariantValue) {
    const reader = await connection.runAndReadAll('SELECT CAST($1::VARIANT AS VARCHAR)', [value.value], [value.type!]);
    return reader.getRows()[0]![0] as string | null;
  }
  const { bytes } = value as DuckDBGeometryValue;
  const text = await connection.runAndReadAll('SELECT CAST(ST_GeomFromWKB($1::BLOB) AS VARCHAR)', [
    new DuckDBBlobValue(bytes),
  ]);
  return text.getRows()[0]![0] as string | null;
}

function visibleText(text: string | null): string {
  if (text === null) return 'NULL';
  return text === '' ? '(empty)' : text.replaceAll('\0', '\\0');
}
