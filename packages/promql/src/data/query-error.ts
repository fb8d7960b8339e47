/** Why a query has no answer. `expression` is wrong whatever data there is; `execution` is the query's own fault, as are its limits. */
export type QueryFailure = 'expression' | 'execution' | 'canceled' | 'timeout' | 'limit' | 'source';

/** An evaluation that failed. The message is Prometheus's, as far as Prometheus knows the case. */
export class QueryError extends Error {
  readonly kind: QueryFailure;

  constructor(kind: QueryFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'QueryError';
    this.kind = kind;
  }
}

/** A query that would hold more than it may. Parts of it may hold less. */
export class MemoryError extends QueryError {
  constructor(message: string, options?: ErrorOptions) {
    super('limit', message, options);
  }
}

export function executionError(message: string): QueryError {
  return new QueryError('execution', message);
}

/** The text for two results that cannot be told apart. */
export const SAME_LABELS = 'vector cannot contain metrics with the same labelset';
