import { SqlError } from '../base/sql-error.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction, QueryParameter } from '../duckdb/query-function.js';
import { quotedString } from '../duckdb/sql-text.js';
import { parseSearch, searchSql } from '../query/logs/search.js';
import { rowsOfTenant } from '../query/scan/relations.js';
import { logsTable } from '../schema/logs.js';
import { homeOf, homeParameters, tenantOf } from './home-parameters.js';
import { endSql, sinceParameter, startSql, untilParameter } from './since.js';

/** More rows than anybody reads, so that a typing error does not sort millions. */
const MAX_ROWS = 10_000;

/** First severity number of each level. */
const severities: Readonly<Record<string, number>> = { trace: 1, debug: 5, info: 9, warn: 13, error: 17, fatal: 21 };

const filter = (name: string, doc: string): QueryParameter => ({
  name,
  sqlType: 'VARCHAR',
  defaultSql: 'NULL',
  defaultText: 'any',
  doc,
});

const parameters: readonly QueryParameter[] = [
  {
    name: 'query',
    sqlType: 'VARCHAR',
    doc: 'Words that the body must have, or their beginnings; `"a phrase"`; `-word` excludes; `OR` between alternatives. Case and accents do not count.',
  },
  {
    ...sinceParameter,
    defaultSql: "'24 hours'",
    defaultText: "`INTERVAL '24 hours'`",
  },
  untilParameter,
  filter('service', 'Service of the logs, the column `service_name`.'),
  filter('severity', 'Lowest severity: `trace`, `debug`, `info`, `warn`, `error` or `fatal`.'),
  filter('trace_id', 'Trace of the logs.'),
  ...homeParameters,
  {
    name: 'max_rows',
    sqlType: 'BIGINT',
    defaultSql: '50',
    defaultText: '50',
    doc: `How many of the best rows to return, up to ${MAX_ROWS.toLocaleString('en')}.`,
  },
];

/** `otlp_search_logs(query, [since], [until], [service := …], [severity := …], [trace_id := …], [catalog := …], [schema := …], [tenant := …], [max_rows := …])`: logs that have the words, the best first: `score` (BM25) and the columns of `otlp_logs`. */
export function otlpSearchLogs(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_search_logs';
  return {
    name,
    parameters,
    addedColumn: { name: 'score', doc: 'how well the row matches, by BM25' },
    sql: (caller, given) => {
      const all = registry.live.liveSql(name, logsTable, caller, homeOf(caller, given));
      return searchOver(`(${rowsOfTenant(all, tenantOf(name, given))})`, given);
    },
    overRelations: (given) => searchOver(`{{${logsTable.name}}}`, given),
  };

  function searchOver(relation: string, given: Readonly<Record<string, string | null>>): string {
    const time = 'coalesce(time_unix_nano, observed_time_unix_nano)';
    const conditions = [
      `(time_unix_nano >= ${startSql(given)} OR time_unix_nano IS NULL)`,
      `${time} >= ${startSql(given)} AND ${time} < ${endSql(given)}`,
      ...equal('service_name', given['service']),
      ...equal('trace_id', given['trace_id']),
      ...atLeast(name, given['severity'] ?? null),
    ];
    const rows = `SELECT * FROM ${relation} WHERE ${conditions.join(' AND ')}`;
    const query = parseSearch(given['query'] ?? '', name);
    return searchSql(query, { rows, maxRows: rowLimit(name, given['max_rows'] ?? null), orderBy: `${time} DESC` });
  }
}

function equal(column: string, value: string | null | undefined): string[] {
  return value === null || value === undefined ? [] : [`${column} = ${quotedString(value)}`];
}

function atLeast(caller: string, severity: string | null): string[] {
  if (severity === null) return [];
  const lowest = severities[severity.toLowerCase()];
  if (lowest !== undefined) return [`severity_number >= ${lowest}`];
  const known = Object.keys(severities).join(', ');
  throw new SqlError('OTLP_ARGUMENT_INVALID', `severity of ${caller}() must be one of ${known}, got ${severity}`);
}

function rowLimit(caller: string, given: string | null): number {
  const rows = Number(given);
  if (given !== null && rows >= 1 && rows <= MAX_ROWS) return rows;
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `max_rows of ${caller}() must be from 1 to ${MAX_ROWS}, got ${given ?? 'NULL'}`,
  );
}
