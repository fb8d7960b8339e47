// Which tables a query reads: what the functions over telemetry tables take, and the catalog and schema that it names.

import { askedHome, type TableHome } from '../catalog/table-home.js';
import type { Caller } from '../duckdb/pending-function.js';
import type { QueryParameter } from '../duckdb/query-function.js';

export const homeParameters: readonly QueryParameter[] = [
  {
    name: 'catalog',
    sqlType: 'VARCHAR',
    defaultSql: 'NULL',
    defaultText: "the connection's default catalog",
    doc: 'Catalog that holds the table.',
  },
  {
    name: 'schema',
    sqlType: 'VARCHAR',
    defaultSql: 'NULL',
    defaultText: "`main`; the connection's schema when `catalog` is not given",
    doc: 'Schema that holds the table.',
  },
];

export function homeOf(caller: Caller, given: Readonly<Record<string, string | null>>): TableHome {
  return askedHome({ catalog: given['catalog'] ?? null, schema: given['schema'] ?? null }, caller);
}
