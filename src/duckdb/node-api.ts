// What DuckDB's API has beside types. It is a CommonJS package: an ES import of it has Node read its hundred files once more
// in search of the names that they export, which took as long as starting DuckDB. So it is required, here and nowhere else.

import { createRequire } from 'node:module';
import type * as NodeApi from '@duckdb/node-api';

const nodeApi: typeof NodeApi = createRequire(import.meta.url)('@duckdb/node-api');

export const {
  ANY,
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobVector,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBScalarFunction,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBStructVector,
  DuckDBTableFunction,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  DuckDBVariantValue,
  HUGEINT,
  INTEGER,
  LIST,
  ResultReturnType,
  STRUCT,
  StatementType,
  TIMESTAMP,
  TIMESTAMP_NS,
  UBIGINT,
  USMALLINT,
  VARCHAR,
  listValue,
  structValue,
  version,
} = nodeApi;

export type DuckDBBlobVector = NodeApi.DuckDBBlobVector;
export type DuckDBDateValue = NodeApi.DuckDBDateValue;
export type DuckDBInstance = NodeApi.DuckDBInstance;
export type DuckDBStructValue = NodeApi.DuckDBStructValue;
export type DuckDBTimestampNanosecondsValue = NodeApi.DuckDBTimestampNanosecondsValue;
export type DuckDBTimestampTZValue = NodeApi.DuckDBTimestampTZValue;
export type DuckDBTypeId = NodeApi.DuckDBTypeId;
export type DuckDBTimestampValue = NodeApi.DuckDBTimestampValue;
export type DuckDBUnionType = NodeApi.DuckDBUnionType;
export type DuckDBVariantValue = NodeApi.DuckDBVariantValue;
export type StatementType = NodeApi.StatementType;
