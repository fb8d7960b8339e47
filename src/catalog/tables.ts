// The declared schema → tables in a catalog, or proof that the existing ones fit.

import type { DuckDBConnection } from '@duckdb/node-api';
import { type RetryPolicy, retried } from '../base/retry.js';
import { SqlError } from '../base/sql-error.js';
import { isMissing } from '../duckdb/errors.js';
import { qualifiedName, quotedIdentifier, quotedString } from '../duckdb/sql-text.js';
import type { TelemetryColumn, TelemetryTable } from '../schema/column-declaration.js';
import type { TableHome } from './table-home.js';

/** First storage version of DuckDB files that stores `USING COMPRESSION zstd` compressed; older ones store plain text. */
const FIRST_ZSTD_STORAGE = [1, 2] as const;

/** Types of the columns of a schema's tables, by table and column. Columns are in lower case: their case means nothing. */
export type ColumnTypes = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What else happens to a table in the transaction that creates it. */
export type LayOut = (table: TelemetryTable) => Promise<void>;

/** Another host may create the same tables at the same moment. The second one finds them. */
const CREATE_ATTEMPTS = 5;

/** Others may be adding columns or rows to the same table. */
const ADD_RETRY: RetryPolicy = { attempts: 20, longestPauseMs: () => 100 };

/** Creates the schema and those of the tables that do not exist. */
export async function createTables(
  connection: DuckDBConnection,
  home: TableHome,
  tables: readonly TelemetryTable[],
  layOut: LayOut = async () => undefined,
): Promise<void> {
  const storesDense = await storesZstd(connection, home.catalog);
  if (!(await hasSchema(connection, home))) {
    await connection.run(`CREATE SCHEMA IF NOT EXISTS ${qualifiedName(home.catalog, home.schema)}`);
  }
  for (const table of tables) {
    // Left to itself DuckDB makes dictionaries of texts that repeat: queries then work on each text once, and files are smaller
    // (docs/decisions/0025-series-ids.md). Of other texts zstd leaves less than what DuckDB would choose.
    const columns = table.columns.map(({ name, type, repeats }) => {
      const isDense = storesDense && type === 'VARCHAR' && repeats !== true;
      return `${quotedIdentifier(name)} ${type}${isDense ? ' USING COMPRESSION zstd' : ''}`;
    });
    for (let attempt = 1; (await describeTable(connection, home, table)) === undefined; attempt++) {
      try {
        await inTransaction(connection, async () => {
          await connection.run(`CREATE TABLE IF NOT EXISTS ${tableName(home, table)} (${columns.join(', ')})`);
          await layOut(table);
        });
      } catch (error) {
        if (attempt === CREATE_ATTEMPTS) throw error;
      }
    }
  }
}

/** A column that a table may lack: its rows have NULL there. */
export type OptionalColumn = Pick<TelemetryColumn, 'name' | 'type'>;

/** Adds the columns that a table lacks, which other servers may be doing at the same moment. */
export async function addMissingColumns(
  connection: DuckDBConnection,
  home: TableHome,
  table: TelemetryTable,
  columns: readonly OptionalColumn[],
): Promise<void> {
  await retried(ADD_RETRY, async () => {
    const existing = await describeTable(connection, home, table);
    const missing = columns.filter(({ name }) => existing?.has(name.toLowerCase()) !== true);
    if (missing.length === 0) return;
    await inTransaction(connection, async () => {
      for (const { name, type } of missing) {
        await connection.run(`ALTER TABLE ${tableName(home, table)} ADD COLUMN ${quotedIdentifier(name)} ${type}`);
      }
    });
  });
}

/** Throws unless every table exists with every declared column, of the declared type. Further columns are ignored. */
export function verifyTables(types: ColumnTypes, home: TableHome, tables: readonly TelemetryTable[]): void {
  for (const table of tables) {
    const name = `table ${home.catalog}.${home.schema}.${table.name}`;
    const columns = types.get(table.name);
    if (columns === undefined)
      throw new SqlError('OTLP_TABLE_NOT_AVAILABLE', `${name} is not available: it does not exist`);
    for (const column of table.columns) {
      const type = columns.get(column.name);
      if (type === undefined) {
        throw new SqlError(
          'OTLP_TABLE_NOT_AVAILABLE',
          `${name} is not available: expected a column ${column.name} ${column.type}, found none`,
        );
      }
      if (type !== column.type) {
        throw new SqlError(
          'OTLP_TABLE_NOT_AVAILABLE',
          `${name} is not available: expected column ${column.name} to be ${column.type}, found ${type}`,
        );
      }
    }
  }
}

export function tableName(home: TableHome, table: TelemetryTable): string {
  return qualifiedName(home.catalog, home.schema, table.name);
}

async function hasSchema(connection: DuckDBConnection, home: TableHome): Promise<boolean> {
  const found = await connection.runAndReadAll(
    `SELECT 1 FROM duckdb_schemas()
     WHERE database_name = ${quotedString(home.catalog)} AND lower(schema_name) = lower(${quotedString(home.schema)})`,
  );
  return found.currentRowCount > 0;
}

/** Types of the columns of those tables that exist. */
export async function columnTypes(
  connection: DuckDBConnection,
  home: TableHome,
  tables: readonly TelemetryTable[],
): Promise<ColumnTypes> {
  const types = new Map<string, ReadonlyMap<string, string>>();
  for (const table of tables) {
    const columns = await describeTable(connection, home, table);
    if (columns !== undefined) types.set(table.name, columns);
  }
  return types;
}

/**
 * Types of a table's columns; undefined when there is no such table. By DESCRIBE, because what `duckdb_columns()` knows
 * of a remote catalog's tables is a placeholder until they are used, and stale after they are altered.
 */
async function describeTable(
  connection: DuckDBConnection,
  home: TableHome,
  table: TelemetryTable,
): Promise<ReadonlyMap<string, string> | undefined> {
  try {
    const result = await connection.runAndReadAll(
      `SELECT lower(column_name), column_type FROM (DESCRIBE ${tableName(home, table)})`,
    );
    return new Map(result.getRows() as [string, string][]);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function storesZstd(connection: DuckDBConnection, catalog: string): Promise<boolean> {
  const result = await connection.runAndReadAll(
    `SELECT tags['storage_version'] FROM duckdb_databases()
     WHERE database_name = ${quotedString(catalog)} AND type = 'duckdb' AND path IS NOT NULL`,
  );
  const version = /^v(\d+)\.(\d+)/.exec(String(result.getRows()[0]?.[0] ?? ''));
  if (version === null) return false;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const [firstMajor, firstMinor] = FIRST_ZSTD_STORAGE;
  return major > firstMajor || (major === firstMajor && minor >= firstMinor);
}

/** Runs statements in a transaction, and rolls it back when one fails. */
export async function inTransaction(connection: DuckDBConnection, work: () => Promise<void>): Promise<void> {
  await connection.run('BEGIN TRANSACTION');
  try {
    await work();
    await connection.run('COMMIT');
  } catch (error) {
    // Ended already where COMMIT failed.
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}
