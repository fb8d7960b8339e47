// The type that DuckDB gives an attached database → what is particular about it.

import type { CatalogKind } from './catalog-kind.js';
import { ducklake } from './ducklake/ducklake.js';
import { iceberg } from './iceberg/iceberg.js';

/** Types as `duckdb_databases()` names them. A file of DuckDB's needs no upkeep. */
const kinds: ReadonlyMap<string, CatalogKind> = new Map([
  ['duckdb', { name: 'duckdb', checkpoint: 'not wanted', removal: 'in batches', isShared: false }],
  ['ducklake', ducklake],
  ['iceberg', iceberg],
]);

/** Another database behind DuckDB's interface, such as PostgreSQL. Upkeep is tried once, and found unsupported. */
const other: CatalogKind = { name: 'other', checkpoint: 'compacts', removal: 'by day', isShared: true };

export function catalogKind(type: string): CatalogKind {
  return kinds.get(type) ?? other;
}
