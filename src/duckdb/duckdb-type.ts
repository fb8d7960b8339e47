import type { DuckDBType } from '@duckdb/node-api';
import type { TelemetryType } from '../schema/column-declaration.js';
import type { OptionSqlType } from '../schema/option-declaration.js';
import { LISTENERS, type ResultType } from '../schema/result-column.js';
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  HUGEINT,
  INTEGER,
  LIST,
  STRUCT,
  TIMESTAMP,
  TIMESTAMP_NS,
  UBIGINT,
  USMALLINT,
  VARCHAR,
} from './node-api.js';

/** Types of columns that scans have. Files keep nanoseconds. */
export type ScanType = TelemetryType | 'TIMESTAMP_NS';

const types: Readonly<Record<ScanType | ResultType, DuckDBType>> = {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  INTEGER,
  TIMESTAMP,
  TIMESTAMP_NS,
  UBIGINT,
  USMALLINT,
  VARCHAR,
  'BIGINT[]': LIST(BIGINT),
  'DOUBLE[]': LIST(DOUBLE),
  [LISTENERS]: LIST(STRUCT({ uri: VARCHAR, url: VARCHAR, transport: VARCHAR })),
};

/** The type of DuckDB's API with the name that SQL gives it. */
export function duckdbType(name: ScanType | ResultType): DuckDBType {
  return types[name];
}

/** The type in which a parameter is received. Wider than declared where our own check has the better words. */
export function parameterType(name: OptionSqlType): { type: DuckDBType; sql: string } {
  return name === 'UBIGINT' || name === 'BIGINT' ? { type: HUGEINT, sql: 'HUGEINT' } : { type: types[name], sql: name };
}
