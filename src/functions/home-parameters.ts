// Which rows a query reads: what the functions over telemetry tables take, and the catalog, schema and tenant that it names.

import { SqlError } from '../base/sql-error.js';
import { isTenantName, shownName, TENANT_NAME_RULE } from '../base/tenant-name.js';
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
  {
    name: 'tenant',
    sqlType: 'VARCHAR',
    defaultSql: 'NULL',
    defaultText: 'all',
    doc: 'Tenant whose rows count, where there are tenants.',
  },
];

export function homeOf(caller: Caller, given: Readonly<Record<string, string | null>>): TableHome {
  return askedHome({ catalog: given['catalog'] ?? null, schema: given['schema'] ?? null }, caller);
}

/** The tenant that was asked for; undefined where all are meant, which only SQL can ask for. */
export function tenantOf(functionName: string, given: Readonly<Record<string, string | null>>): string | undefined {
  const name = given['tenant'] ?? undefined;
  if (name === undefined || isTenantName(name)) return name;
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `tenant of ${functionName}() must be ${TENANT_NAME_RULE}, got ${shownName(name)}`,
  );
}
