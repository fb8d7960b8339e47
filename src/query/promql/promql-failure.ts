// Whatever ends a query → what Prometheus's API calls it.

import { ParseError, QueryError } from '#promql';
import { quoted } from '#promql/syntax/go-text';
import { Failure, messageOf } from '../../base/failure.js';
import { type ErrorType, errorTypeOf } from './error-types.js';

/** An error that is an answer: it has a type, and a text for clients. */
export class PromqlFailure extends Error {
  readonly type: ErrorType;
  /** The message without the parameter that it is about, for those who have no parameters. */
  readonly detail: string;

  constructor(
    type: ErrorType,
    message: string,
    { detail = message, ...options }: ErrorOptions & { detail?: string } = {},
  ) {
    super(message, options);
    this.name = 'PromqlFailure';
    this.type = type;
    this.detail = detail;
  }
}

/** What is wrong with a parameter. */
export function invalidParameter(name: string, text: string): PromqlFailure {
  return new PromqlFailure('bad_data', `invalid parameter ${quoted(name)}: ${text}`, { detail: text });
}

export function promqlFailure(thrown: unknown): PromqlFailure {
  if (thrown instanceof PromqlFailure) return thrown;
  if (thrown instanceof QueryError && thrown.kind === 'expression') return invalidParameter('query', thrown.message);
  return new PromqlFailure(errorType(thrown), messageOf(thrown), { cause: thrown });
}

function errorType(thrown: unknown): ErrorType {
  if (thrown instanceof ParseError) return 'bad_data';
  if (thrown instanceof QueryError) {
    if (thrown.kind === 'source') return errorType(thrown.cause);
    if (thrown.kind === 'expression') return 'bad_data';
    return thrown.kind === 'limit' ? 'execution' : thrown.kind;
  }
  return thrown instanceof Failure ? errorTypeOf(thrown.kind) : 'internal';
}
