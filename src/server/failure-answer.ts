import type { OutgoingHttpHeaders } from 'node:http';
import { type Failure, failureKinds } from '../base/failure.js';

/** Pause that a rejected client is asked to make: the shortest that the header can express. */
const RETRY_AFTER_S = '1';

export interface FailureAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly message: string };
  readonly headers: OutgoingHttpHeaders;
}

/** HTTP answer to a failure. */
export function failureAnswer({ kind, message }: Failure): FailureAnswer {
  const { http: status, reason, retryable } = failureKinds[kind];
  const headers: OutgoingHttpHeaders = {};
  if (retryable) headers['retry-after'] = RETRY_AFTER_S;
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { status, body: { error: reason, message }, headers };
}
