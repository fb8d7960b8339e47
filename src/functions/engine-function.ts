// Table functions over query engines: arguments → a query of the one scheduler → rows.

import { Failure, type FailureKind } from '../base/failure.js';
import { SqlError, type SqlErrorCode } from '../base/sql-error.js';
import type { ColumnBlock } from '../buffer/column-block.js';
import type { Caller } from '../duckdb/pending-function.js';
import type { StreamFunction } from '../duckdb/stream-function.js';
import type { EngineQuery, QueryRunner } from '../query/run/query-runner.js';
import { soleReader } from '../server/identity/principal.js';
import { tenantOf } from './home-parameters.js';

/** What SQL's list of queries shows as client. */
const SQL_CLIENT = 'sql';

export interface EngineFunction extends Omit<StreamFunction, 'open'> {
  /** The query of a call. Throws what is wrong with the arguments. */
  query(
    caller: Caller,
    given: Readonly<Record<string, string | null>>,
  ): Pick<EngineQuery, 'engine' | 'kind' | 'text' | 'request' | 'home' | 'limits'>;
}

export function engineFunction(runner: QueryRunner, declared: EngineFunction): StreamFunction {
  return {
    ...declared,
    async *open(caller, given, signal) {
      const query = declared.query(caller, given);
      const principal = { ...soleReader, tenant: tenantOf(declared.name, given) };
      try {
        yield* runner.stream<ColumnBlock>({ ...query, client: SQL_CLIENT, principal, signal });
      } catch (error) {
        throw withSqlCode(error);
      }
    },
  };
}

const codes: ReadonlyMap<FailureKind, SqlErrorCode> = new Map<FailureKind, SqlErrorCode>([
  ['queryTooLarge', 'OTLP_QUERY_LIMIT'],
  ['queryTimedOut', 'OTLP_QUERY_TIMEOUT'],
  ['queryCanceled', 'OTLP_QUERY_CANCELED'],
  ['stopping', 'OTLP_QUERY_CANCELED'],
  ['overloaded', 'OTLP_QUERY_OVERLOADED'],
]);

function withSqlCode(error: unknown): unknown {
  const code = error instanceof Failure ? codes.get(error.kind) : undefined;
  return code === undefined ? error : new SqlError(code, (error as Failure).message, { cause: error });
}
