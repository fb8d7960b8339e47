// `{{otlp_logs}}` → the relation that stands for it: the one place that decides which rows of a table a principal may see.

import { SqlError } from '../../base/sql-error.js';
import type { TableHome } from '../../catalog/table-home.js';
import { tableName } from '../../catalog/tables.js';
import { quotedIdentifier, quotedString } from '../../duckdb/sql-text.js';
import type { LiveRows } from '../../live/live-rows.js';
import { columnsKnown, type TelemetryTable, tenantColumn } from '../../schema/column-declaration.js';
import { telemetryTables } from '../../schema/tables.js';
import type { Principal } from '../../server/identity/principal.js';

const PLACEHOLDER = /\{\{(\w+)\}\}/g;

/** What has been found out about a table: it may not exist, or be older than the columns that a query names. */
export type TableState = 'absent' | 'older';

export interface RelationRequest {
  readonly home: TableHome;
  /** Whose rows. One without a tenant sees all. */
  readonly principal: Principal;
  readonly states: ReadonlyMap<string, TableState>;
  /** Whoever reads rows as they come. */
  readonly reader?: string | undefined;
}

/** The tables that a text has placeholders of. */
export function tablesIn(sql: string): readonly TelemetryTable[] {
  return [...new Set([...sql.matchAll(PLACEHOLDER)].map(([, name]) => tableNamed(name!)))];
}

/** SQL for a transaction that begins later, with a relation in place of each placeholder. Text and numbers of a caller belong into parameters. */
export function withRelations(sql: string, live: LiveRows, request: RelationRequest): string {
  return sql.replaceAll(
    PLACEHOLDER,
    (_placeholder, name: string) => `(${relationSql(tableNamed(name), live, request)})`,
  );
}

function relationSql(table: TelemetryTable, live: LiveRows, request: RelationRequest): string {
  return rowsOfTenant(allRowsSql(table, live, request), request.principal.tenant);
}

/** Those of a query's rows that are a tenant's; all of them where it is undefined. No other condition keeps tenants apart. */
export function rowsOfTenant(rowsSql: string, tenant: string | undefined): string {
  if (tenant === undefined) return rowsSql;
  return `SELECT * FROM (${rowsSql}) WHERE ${tenantColumn.name} = ${quotedString(tenant)}`;
}

function allRowsSql(table: TelemetryTable, live: LiveRows, { home, states, reader }: RelationRequest): string {
  const state = states.get(table.name);
  if (reader !== undefined) {
    const arrived = live.newSql(table, reader, home);
    return state === 'older' ? `${noRowsSql(table)} UNION ALL BY NAME ${arrived}` : arrived;
  }
  if (state === 'absent') return noRowsSql(table);
  const rows = rowsSql(table, live, home);
  return state === 'older' ? `${noRowsSql(table)} UNION ALL BY NAME ${rows}` : rows;
}

function rowsSql(table: TelemetryTable, live: LiveRows, home: TableHome): string {
  try {
    return live.upcomingSql(table, home);
  } catch (error) {
    // Better the committed rows alone than none, where memory cannot be read beside them.
    if (error instanceof SqlError && error.code === 'OTLP_LIVE_UNSUPPORTED')
      return `SELECT * FROM ${tableName(home, table)}`;
    throw error;
  }
}

/** No rows, with every column that a table may have. */
function noRowsSql(table: TelemetryTable): string {
  return `SELECT ${columnsKnown(table)
    .map(({ name, type }) => `NULL::${type} AS ${quotedIdentifier(name)}`)
    .join(', ')} WHERE false`;
}

export function tableNamed(name: string): TelemetryTable {
  const table = telemetryTables.find((table) => table.name === name);
  if (table === undefined) throw new Error(`BUG: there is no telemetry table ${name}`);
  return table;
}
