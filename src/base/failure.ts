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
  throttled: { reason: 'rate_limited', http: 429, grpc: 'RESOURCE_EXHAUSTED', retryable: true },
  internal: { reason: 'internal_error', http: 500, grpc: 'INTERNAL', retryable: false },
  overloaded: { reason: 'overloaded', http: 503, grpc: 'RESOURCE_EXHAUSTED', retryable: true },
  paused: { reason: 'paused', http: 503, grpc: 'UNAVAILABLE', retryable: true },
  stopping: { reason: 'stopping', http: 503, grpc: 'UNAVAILABLE', retryable: true },
} as const;

export type FailureKind = keyof typeof failureKinds;

/** Pause that a client is asked for before it sends a request again: the shortest that HTTP can express. */
const RETRY_AFTER_SECONDS = 1;

export interface FailureOptions extends ErrorOptions {
  /** Whole seconds after which the same request may succeed, if its kind is worth a retry. */
  readonly retryAfterSeconds?: number;
}

export class Failure extends Error {
  readonly kind: FailureKind;
  readonly #retryAfterSeconds: number;

  constructor(kind: FailureKind, message: string, { retryAfterSeconds, ...options }: FailureOptions = {}) {
    super(message, options);
    this.name = 'Failure';
    this.kind = kind;
    this.#retryAfterSeconds = retryAfterSeconds ?? RETRY_AFTER_SECONDS;
  }

  /** When the same request may be sent again; undefined if it will fail again. */
  get retryAfterSeconds(): number | undefined {
    return failureKinds[this.kind].retryable ? this.#retryAfterSeconds : undefined;
  }
}

/** The text of anything thrown, fit to be shown: without credentials. */
export function messageOf(thrown: unknown): string {
  return redacted(thrown instanceof Error ? thrown.message : String(thrown));
}
