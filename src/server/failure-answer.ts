import type { OutgoingHttpHeaders } from 'node:http';
import { type Failure, failureKinds } from '../base/failure.js';

/** What a refused client is asked to wait: the shortest pause that the header can state. */
const RETRY_AFTER_S = '1';

export interface FailureAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly message: string };
  readonly headers: OutgoingHttpHeaders;
}

/** What a client is told of a failure, over HTTP. */
export function failureAnswer({ kind, message }: Failure): FailureAnswer {
  const { http: status, reason, retryable } = failureKinds[kind];
  const headers: OutgoingHttpHeaders = {};
  if (retryable) headers['retry-after'] = RETRY_AFTER_S;
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { status, body: { error: reason, message }, headers };
}
