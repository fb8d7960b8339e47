import type { DuckDBType } from '@duckdb/node-api';
import { DuckDBArrayType, DuckDBListType, DuckDBTypeId } from '../../duckdb/node-api.js';

const boxNames: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.TINYINT]: 'int8',
  [DuckDBTypeId.SMALLINT]: 'int16',
  [DuckDBTypeId.INTEGER]: 'int32',
  [DuckDBTypeId.BIGINT]: 'int64',
  [DuckDBTypeId.HUGEINT]: 'int128',
  [DuckDBTypeId.UTINYINT]: 'uint8',
  [DuckDBTypeId.USMALLINT]: 'uint16',
  [DuckDBTypeId.UINTEGER]: 'uint32',
  [DuckDBTypeId.UBIGINT]: 'uint64',
  [DuckDBTypeId.UHUGEINT]: 'uint128',
};

/** A type as DuckDB's boxes name it: `int64`, `varchar[]`, `struct(a integer)`. */
export function boxTypeName(type: DuckDBType): string {
  if (type instanceof DuckDBListType) return `${boxTypeName(type.valueType)}[]`;
  if (type instanceof DuckDBArrayType) return `${boxTypeName(type.valueType)}[${type.length}]`;
  // The API quotes every field's name, DuckDB those that need it.
  const name = type.alias ?? boxNames[type.typeId] ?? String(type).replace(/"([a-z_][a-z0-9_]*)"/g, '$1');
  return name.toLowerCase();
}
