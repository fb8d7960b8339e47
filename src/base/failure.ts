// The one kind of error that clients and users are meant to read. Everything else that is thrown is a bug or the
// system's word, and reaches a client as an internal error.

import { redacted } from './redaction.js';

/** What went wrong: the word for it in an answer, the status that each wire gives it, and whether the same request may be sent again. */
export const failureKinds = {
  malformed: { reason: 'bad_request', http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  misframed: { reason: 'bad_request', http: 400, grpc: 'INTERNAL', retryable: false },
  unauthenticated: { reason: 'unauthorized', http: 401, grpc: 'UNAUTHENTICATED', retryable: false },
  forbidden: { reason: 'forbidden', http: 403, grpc: 'PERMISSION_DENIED', retryable: false },
  notFound: { reason: 'not_found', http: 404, grpc: 'UNIMPLEMENTED', retryable: false },
  noSuchService: { reason: 'not_found', http: 404, grpc: 'NOT_FOUND', retryable: false },
  methodNotAllowed: { reason: 'method_not_allowed', http: 405, grpc: 'UNIMPLEMENTED', retryable: false },
  conflict: { reason: 'conflict', http: 409, grpc: 'ABORTED', retryable: false },
  timedOut: { reason: 'request_timeout', http: 408, grpc: 'DEADLINE_EXCEEDED', retryable: true },
  queryTimedOut: { reason: 'timeout', http: 504, grpc: 'DEADLINE_EXCEEDED', retryable: false },
  queryCanceled: { reason: 'canceled', http: 499, grpc: 'CANCELLED', retryable: false },
  queryTooLarge: { reason: 'query_too_large', http: 422, grpc: 'RESOURCE_EXHAUSTED', retryable: false },
  tooLarge: { reason: 'payload_too_large', http: 413, grpc: 'RESOURCE_EXHAUSTED', retryable: false },
  unsupported: { reason: 'unsupported_media_type', http: 415, grpc: 'UNIMPLEMENTED', retryable: false },
  headersTooLarge: { reason: 'bad_request', http: 431, grpc: 'RESOURCE_EXHAUSTED', retryable: false },
  expectationFailed: { reason: 'expectation_failed', http: 417, grpc: 'UNIMPLEMENTED', retryable: false },
  notImplemented: { reason: 'not_implemented', http: 501, grpc: 'UNIMPLEMENTED', retryable: false },
  internal: { reason: 'internal_error', http: 500, grpc: 'INTERNAL', retryable: false },
  overloaded: { reason: 'overloaded', http: 503, grpc: 'RESOURCE_EXHAUSTED', retryable: true },
  paused: { reason: 'paused', http: 503, grpc: 'UNAVAILABLE', retryable: true },
  stopping: { reason: 'stopping', http: 503, grpc: 'UNAVAILABLE', retryable: true },
} as const;

export type FailureKind = keyof typeof failureKinds;

export class Failure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
  }
}

/** The text of anything thrown, fit to be shown: without credentials. */
export function messageOf(thrown: unknown): string {
  return redacted(thrown instanceof Error ? thrown.message : String(thrown));
}
