// Errors of the language → failures, with the texts that Tempo's clients know.

import { QueryError } from '#promql';
import { CheckError, ParseError } from '#traceql';
import { Failure, type FailureKind } from '../../base/failure.js';

const kinds: Partial<Record<QueryError['kind'], FailureKind>> = {
  execution: 'malformed',
  limit: 'queryTooLarge',
  canceled: 'queryCanceled',
  timeout: 'queryTimedOut',
};

/** Other errors than those of the query pass as they are. */
export function traceqlFailure(thrown: unknown): unknown {
  if (thrown instanceof ParseError || thrown instanceof CheckError) {
    return new Failure('malformed', `invalid TraceQL query: ${thrown.message}`, { cause: thrown });
  }
  const kind = thrown instanceof QueryError ? kinds[thrown.kind] : undefined;
  return kind === undefined ? thrown : new Failure(kind, (thrown as QueryError).message, { cause: thrown });
}
