// A statement of a client → a query of the one scheduler, watched over while it runs.

import { Failure } from '../../base/failure.js';
import type { TableHome } from '../../catalog/table-home.js';
import type { PromqlOptions } from '../../schema/promql-options.js';
import type { SqlOptions } from '../../schema/sql-options.js';
import type { EngineQuery, Query, QueryRunner } from '../run/query-runner.js';
import { MemoryWatch } from './memory-watch.js';
import type { SqlAnswer, SqlRequest } from './sql-request.js';

export interface SqlAsker {
  readonly runner: QueryRunner;
  readonly home: TableHome;
  readonly options: SqlOptions & Pick<PromqlOptions, 'query_timeout_ms'>;
}

export interface AskedStatement extends Pick<Query, 'client' | 'principal'> {
  readonly sql: string;
  readonly maxRows?: number;
  readonly signal: AbortSignal;
}

/** The answer as JSON. Rejects with a Failure that says what is wrong with the statement. */
export async function askSql(
  { runner, home, options }: SqlAsker,
  { sql, maxRows = options.sql_max_rows, client, principal, signal }: AskedStatement,
): Promise<Uint8Array> {
  const request: SqlRequest = {
    sql,
    author: 'client',
    maxRows: Math.min(maxRows, options.sql_max_rows),
    maxBytes: options.sql_max_bytes,
  };
  // The fence lets functions of ours through, which read the rows of all tenants.
  const isOperator = principal.tenant === undefined || principal.permissions.has('admin');
  if (!isOperator) throw new Failure('forbidden', 'with tenants, SQL takes the admin token: it sees the rows of all');
  const watch = new MemoryWatch(options.sql_memory_bytes);
  try {
    const query: EngineQuery = {
      engine: 'sql',
      kind: 'sql',
      text: sql,
      client,
      principal: { ...principal, tenant: undefined },
      home,
      limits: { timeoutMs: options.query_timeout_ms, maxSamples: Number.POSITIVE_INFINITY },
      request,
      signal: AbortSignal.any([signal, watch.signal]),
    };
    // What the process grows by while the statement waits for others is not of it.
    const answer = (await runner.run(query, () => watch.begin())) as SqlAnswer;
    return answer.body;
  } finally {
    watch.stop();
  }
}
