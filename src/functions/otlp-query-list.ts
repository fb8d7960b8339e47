import type { ListFunction } from '../duckdb/list-function.js';
import type { QueryRunner } from '../query/run/query-runner.js';
import type { RunningQuery } from '../query/run/running-query.js';
import { column, type ResultColumn } from '../schema/result-column.js';

interface ObservedQuery {
  readonly query: RunningQuery;
  readonly nowMs: number;
}

const columns = [
  column('query_id', 'UBIGINT', 'Number for `otlp_query_cancel`.', ({ query }) => query.id),
  column('kind', 'VARCHAR', 'Language or endpoint, such as `promql`.', ({ query }) => query.label.kind),
  column('query', 'VARCHAR', 'The query as it was sent.', ({ query }) => query.label.text),
  column('state', 'VARCHAR', '`running`, or `waiting` for others to end.', ({ query }) => query.state),
  column('client', 'VARCHAR', 'Address of the client that asked first, or `sql`.', ({ query }) => query.label.client),
  column(
    'clients',
    'UBIGINT',
    'Clients that wait for its answer: queries that ask the same, and have not begun, are answered together.',
    ({ query }) => query.clients,
  ),
  column(
    'tenant',
    'VARCHAR',
    'Tenant whose rows it reads; NULL where it reads those of all.',
    ({ query }) => query.label.principal.tenant ?? null,
  ),
  column('started_unix_ms', 'BIGINT', 'When it was asked.', ({ query }) => query.startedMs),
  column('elapsed_ms', 'BIGINT', 'Time since then, waiting included.', ({ query, nowMs }) =>
    Math.max(0, nowMs - query.startedMs),
  ),
  column('samples', 'UBIGINT', 'Samples, lines or spans read so far.', ({ query }) => query.account.samples),
  column('reserved_bytes', 'UBIGINT', 'What it holds of `query_memory_bytes`.', ({ query }) =>
    Math.max(0, query.account.reservedBytes),
  ),
] as const satisfies readonly ResultColumn<ObservedQuery>[];

/** `otlp_query_list()`: the queries of all APIs and query functions that are running or waiting, oldest first. */
export function otlpQueryList(runner: QueryRunner): ListFunction<ObservedQuery> {
  return {
    name: 'otlp_query_list',
    columns,
    rows: () => {
      const nowMs = Date.now();
      return runner.running.map((query) => ({ query, nowMs }));
    },
  };
}
