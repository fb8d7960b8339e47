// The one kind of error that clients and users are meant to read. Everything else that is thrown is a bug or the
// system's word, and reaches a client as an internal error.

/** What went wrong, with the status that each wire gives it, and whether the same request may be sent again. */
export const failureKinds = {
  malformed: { http: 400, grpc: 'INVALID_ARGUMENT', retryable: false },
  unauthenticated: { http: 401, grpc: 'UNAUTHENTICATED', retryable: false },
  notFound: { http: 404, grpc: 'UNIMPLEMENTED', retryable: false },
  methodNotAllowed: { http: 405, grpc: 'UNIMPLEMENTED', retryable: false },
  timedOut: { http: 408, grpc: 'DEADLINE_EXCEEDED', retryable: true },
  tooLarge: { http: 413, grpc: 'RESOURCE_EXHAUSTED', retryable: false },
  unsupported: { http: 415, grpc: 'UNIMPLEMENTED', retryable: false },
  internal: { http: 500, grpc: 'INTERNAL', retryable: false },
  overloaded: { http: 503, grpc: 'RESOURCE_EXHAUSTED', retryable: true },
  stopping: { http: 503, grpc: 'UNAVAILABLE', retryable: true },
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

/** The text of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
