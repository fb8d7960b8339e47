import { SqlError } from '../base/sql-error.js';
import type { ServerRegistry } from '../control/server-registry.js';
import type { QueryFunction, QueryParameter } from '../duckdb/query-function.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { telemetryTables } from '../schema/tables.js';

/** `otlp_buffer(kind, [catalog := …], [schema := …])`: uncommitted rows of a kind, of all servers or of those that write to a catalog or schema. */
export function otlpBuffer(registry: ServerRegistry): QueryFunction {
  const name = 'otlp_buffer';
  return {
    name,
    addedColumn: listenUriColumn,
    parameters: [
      kindParameter,
      {
        name: 'catalog',
        sqlType: 'VARCHAR',
        defaultSql: 'NULL',
        defaultText: 'all',
        doc: "Only rows that go to this catalog; `''` is the connection's default catalog.",
      },
      {
        name: 'schema',
        sqlType: 'VARCHAR',
        defaultSql: 'NULL',
        defaultText: 'all',
        doc: 'Only rows that go to this schema.',
      },
    ],
    sql: (caller, { kind, catalog, schema }) =>
      registry.live.waitingSql(tableOfKind(name, kind!), {
        // Here NULL means all catalogs, and '' the default one.
        catalog: catalog === '' ? caller.catalog : catalog!,
        schema: schema!,
      }),
  };
}

/** What rows that wait have beside the columns of their table. */
export const listenUriColumn = { name: 'listen_uri', doc: 'the server that has the row' } as const;

export const kindParameter: QueryParameter = {
  name: 'kind',
  sqlType: 'VARCHAR',
  doc: "Name of the table without `otlp_`, such as `'logs'` or `'metrics_sum'`.",
};

/** The table that holds rows of a kind: its name without `otlp_`. */
export function tableOfKind(caller: string, kind: string | null): TelemetryTable {
  const table = telemetryTables.find(({ name }) => name === `otlp_${kind?.toLowerCase()}`);
  if (table !== undefined) return table;
  const kinds = telemetryTables.map(({ name }) => name.replace(/^otlp_/, ''));
  throw new SqlError(
    'OTLP_ARGUMENT_INVALID',
    `kind of ${caller}() must be one of ${kinds.join(', ')}, got ${kind ?? 'NULL'}`,
  );
}
