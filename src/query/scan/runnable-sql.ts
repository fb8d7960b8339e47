// What an engine scans → the same as a person can run it: with the functions of live rows, and values instead of parameters.

import { quotedString } from '../../duckdb/sql-text.js';
import { tableNamed } from './relations.js';
import type { ScanParameter, ScanRequest } from './scanner.js';
import type { ScanOrigin } from './sql-scanner.js';

/** Quoted texts and names, which are left as they are, placeholders of tables and of parameters. */
const PIECES = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\{\{(\w+)\}\}|\$(\d+)/g;

/** The functions are called by the names that they have on all connections. */
export function runnableSql(
  { sql, parameters = [] }: ScanRequest,
  { home: { catalog, schema }, principal: { tenant } }: ScanOrigin,
): string {
  const whose = tenant === undefined ? '' : `, tenant := ${quotedString(tenant)}`;
  const place = `catalog := ${quotedString(catalog)}, schema := ${quotedString(schema)}${whose}`;
  return sql.replaceAll(PIECES, (piece: string, table?: string, parameter?: string) => {
    if (parameter !== undefined) return literal(parameters[Number(parameter) - 1]!);
    if (table === undefined) return piece;
    const rows = `otelduck.${table.replace(/^otlp_/, 'otlp_live_')}(${place})`;
    // Only some servers keep these columns.
    const exact = tableNamed(table).exactColumns.filter(({ name }) => sql.includes(name));
    if (exact.length === 0) return rows;
    const absent = exact.map(({ name, type }) => `NULL::${type} AS ${name}`).join(', ');
    return `(FROM ${rows} UNION ALL BY NAME SELECT ${absent} WHERE false)`;
  });
}

function literal(value: ScanParameter): string {
  switch (typeof value) {
    case 'string':
      return quotedString(value);
    case 'number':
      return `${quotedString(String(value))}::DOUBLE`;
    case 'bigint':
      return `${quotedString(String(value))}::BIGINT`;
    default:
      return String(value);
  }
}
