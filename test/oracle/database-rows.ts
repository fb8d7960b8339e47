import {
  DuckDBBlobValue,
  type DuckDBConnection,
  DuckDBListValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampValue,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { OracleRow, OracleTables, OracleValue } from './rows.js';

const timestampColumns = new Set(['time_unix_nano', 'start_time_unix_nano', 'observed_time_unix_nano']);

/** All rows of these tables in the oracle's words, but times in microseconds and rows in no order of the wire's. */
export function readTables(connection: DuckDBConnection, tables: readonly string[]): Promise<OracleTables> {
  return readRelations(connection, Object.fromEntries(tables.map((table) => [table, table])));
}

/** The same of anything that can stand after FROM, times as precise as they are there. */
export async function readRelations(
  connection: DuckDBConnection,
  relations: Readonly<Record<string, string>>,
): Promise<OracleTables> {
  const read: OracleTables = {};
  for (const [table, relation] of Object.entries(relations)) {
    // The client drops a byte order mark from the start of a text, so texts are read as their bytes.
    const columns = (await connection.runAndReadAll(`DESCRIBE FROM ${relation}`)).getRowObjects();
    const texts = columns
      .filter((column) => column['column_type'] === 'VARCHAR')
      .map((column) => column['column_name']);
    const encoded = texts.map((column) => `encode(${column}) AS ${column}`).join(', ');
    const result = await connection.runAndReadAll(`SELECT * REPLACE (${encoded}) FROM ${relation}`);
    read[table] = result.getRowObjects().map(oracleRow);
  }
  return sorted(read);
}

/** What readTables() returns once these rows, and no others, are in the database. */
export function asStored(tables: OracleTables): OracleTables {
  return sorted(
    Object.fromEntries(
      Object.entries(tables).map(([table, rows]) => [
        table,
        rows.map((row) =>
          Object.fromEntries(
            Object.entries(row).map(([column, value]) => [
              column,
              timestampColumns.has(column) && value !== null ? String(BigInt(value as string) / 1000n) : value,
            ]),
          ),
        ),
      ]),
    ),
  );
}

function oracleRow(row: Record<string, DuckDBValue>): OracleRow {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, oracleValue(value)]));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function oracleValue(value: DuckDBValue): OracleValue {
  if (value instanceof DuckDBBlobValue) return utf8.decode(value.bytes);
  if (value instanceof DuckDBTimestampValue) return String(value.micros);
  if (value instanceof DuckDBTimestampNanosecondsValue) return String(value.nanos);
  if (value instanceof DuckDBListValue) return value.items.map((item) => oracleValue(item) as string | number);
  if (typeof value === 'bigint') return String(value);
  if (value !== null && typeof value === 'object') throw new Error(`BUG: no column is of a type like ${value}`);
  return value;
}

/** Tables whose rows are in an order of their own: a sealed batch may be stored in another than it came in. */
export function sorted(tables: OracleTables): OracleTables {
  return Object.fromEntries(
    Object.entries(tables).map(([table, rows]) => {
      const withTexts = rows.map((row) => ({ row, text: rowText(row) }));
      withTexts.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
      return [table, withTexts.map(({ row }) => row)];
    }),
  );
}

function rowText(row: OracleRow): string {
  return Object.keys(row)
    .sort()
    .map((column) => `${column}=${[row[column]].flat().map(valueText).join('\u0001')}`)
    .join('\u0002');
}

function valueText(value: unknown): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
