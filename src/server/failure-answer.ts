import type { OutgoingHttpHeaders } from 'node:http';
import { type Failure, failureKinds } from '../base/failure.js';

export interface FailureAnswer {
  readonly status: number;
  readonly body: { readonly error: string; readonly message: string };
  readonly headers: OutgoingHttpHeaders;
}

/** HTTP answer to a failure. */
export function failureAnswer({ kind, message, retryAfterSeconds }: Failure): FailureAnswer {
  const { http: status, reason } = failureKinds[kind];
  const headers: OutgoingHttpHeaders = {};
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return { status, body: { error: reason, message }, headers };
}
