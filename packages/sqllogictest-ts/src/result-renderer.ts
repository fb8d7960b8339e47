// A result as the text that DuckDB itself gives its values. The chunks of the result are appended to a table of VARCHAR
// columns as they are, and the appender casts them: a value that passed through JavaScript would lose what JavaScript
// cannot hold, such as structs without names, the types inside a VARIANT, or types as values.

import {
  DuckDBArrayType,
  type DuckDBConnection,
  DuckDBListType,
  DuckDBMapType,
  type DuckDBMaterializedResult,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  VARCHAR,
} from '@duckdb/node-api';
import type { ScratchDatabase } from './scratch-database.js';

export interface RenderOptions {
  /** SQLite's original tests expect numbers with a fraction as integers. */
  readonly fractionsAsIntegers: boolean;
  /** That of the query, whose time zone decides how TIMESTAMPTZ reads. */
  readonly connection: DuckDBConnection;
}

export class ResultRenderer {
  readonly #scratch: ScratchDatabase;

  constructor(scratch: ScratchDatabase) {
    this.#scratch = scratch;
  }

  /** The values as text, row by row; NULL stays null. */
  async render(result: DuckDBMaterializedResult, options: RenderOptions): Promise<(string | null)[]> {
    if (result.columnCount === 0 || result.rowCount === 0) return [];
    const types = columnTypes(result);
    const columns = types.map((type, column) => `c${column} ${castTarget(type, options)}`);
    const casts = types.map((_, column) => `c${column}::VARCHAR`);
    const setTimeZone = types.some(hasTimeZone) ? await timeZoneSql(options.connection) : '';
    return this.#scratch.use(async (connection) => {
      if (setTimeZone !== '') await connection.run(setTimeZone);
      await connection.run(`CREATE OR REPLACE TABLE result (${columns.join(', ')})`);
      const appender = await connection.createAppender('result');
      for (let chunk = 0; chunk < result.chunkCount; chunk++) appender.appendDataChunk(result.getChunk(chunk));
      appender.closeSync();
      const reader = await connection.runAndReadAll(`SELECT ${casts.join(', ')} FROM result`);
      return reader.getRows().flat() as (string | null)[];
    });
  }
}

/** Types of the columns. One that the client does not know, such as that of types, counts as text. */
export function columnTypes(result: DuckDBMaterializedResult): DuckDBType[] {
  return Array.from({ length: result.columnCount }, (_, column) => {
    try {
      return result.columnType(column);
    } catch {
      return VARCHAR;
    }
  });
}

const fractionTypes = new Set([DuckDBTypeId.DECIMAL, DuckDBTypeId.FLOAT, DuckDBTypeId.DOUBLE]);

/** The type that the appender casts to. It knows neither settings nor extensions, whose casts wait for the SELECT. */
function castTarget(type: DuckDBType, { fractionsAsIntegers }: RenderOptions): string {
  if (fractionsAsIntegers && fractionTypes.has(type.typeId)) return 'BIGINT';
  const waits = hasTimeZone(type) || hasJson(type);
  return waits && !hasUnnamedEntries(type) ? sqlType(type) : 'VARCHAR';
}

/** The type as SQL, which the client's own text is not for JSON. */
function sqlType(type: DuckDBType): string {
  if (type.alias === 'JSON') return 'JSON';
  if (type instanceof DuckDBListType) return `${sqlType(type.valueType)}[]`;
  if (type instanceof DuckDBArrayType) return `${sqlType(type.valueType)}[${type.length}]`;
  if (type instanceof DuckDBMapType) return `MAP(${sqlType(type.keyType)}, ${sqlType(type.valueType)})`;
  if (type instanceof DuckDBStructType) return `STRUCT(${sqlEntries(type.entryNames, type.entryTypes)})`;
  if (type instanceof DuckDBUnionType) return `UNION(${sqlEntries(type.memberTags, type.memberTypes)})`;
  return type.toString();
}

function sqlEntries(names: readonly string[], types: readonly DuckDBType[]): string {
  return names.map((name, index) => `"${name.replaceAll('"', '""')}" ${sqlType(types[index]!)}`).join(', ');
}

function hasTimeZone(type: DuckDBType): boolean {
  return type.typeId === DuckDBTypeId.TIMESTAMP_TZ || partsOf(type).some(hasTimeZone);
}

/** JSON inside another value reads as it is, where text is quoted. */
function hasJson(type: DuckDBType): boolean {
  return type.alias === 'JSON' || partsOf(type).some(hasJson);
}

/** No table can have a column of such a type. TIMESTAMPTZ in it read in UTC, and JSON as text. */
function hasUnnamedEntries(type: DuckDBType): boolean {
  return (type instanceof DuckDBStructType && type.entryNames.includes('')) || partsOf(type).some(hasUnnamedEntries);
}

function partsOf(type: DuckDBType): readonly DuckDBType[] {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) return [type.valueType];
  if (type instanceof DuckDBMapType) return [type.keyType, type.valueType];
  if (type instanceof DuckDBStructType) return type.entryTypes;
  return type instanceof DuckDBUnionType ? type.memberTypes : [];
}

/** SQL that gives another connection the settings that decide how TIMESTAMPTZ reads on this one. */
async function timeZoneSql(connection: DuckDBConnection): Promise<string> {
  const settings = ['TimeZone', 'Calendar'];
  const reader = await connection.runAndReadAll(`SELECT ${settings.map((name) => `current_setting('${name}')`)}`);
  const values = reader.getRows()[0]!.map((value) => String(value).replaceAll("'", "''"));
  return settings.map((name, index) => `SET ${name} = '${values[index]}'`).join('; ');
}
