// Requests of pages from other origins: https://fetch.spec.whatwg.org/#http-cors-protocol
//
// A browser lets a page send telemetry only if a preflight without a token succeeds. It lets the page read an answer, including
// an error, only if the answer names the page's origin. So requests are checked here before anything else.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Headers that browser SDKs send. A wildcard does not cover `authorization`, and covers nothing in requests with credentials. */
const REQUEST_HEADERS = [
  'authorization',
  'x-api-key',
  'x-tenant-id',
  'x-scope-orgid',
  'content-type',
  'content-encoding',
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  'user-agent',
].join(', ');
/** Response headers that a page may read in addition to the standard ones: when to retry, and how to authorize. */
const RESPONSE_HEADERS = 'retry-after, www-authenticate';
/** How long a browser may cache a preflight. Chromium caches none for longer. */
const MAX_AGE_S = 7200;

export class Cors {
  readonly #origins: '*' | ReadonlySet<string>;

  constructor(origins: '*' | ReadonlySet<string>) {
    this.#origins = origins;
  }

  /** Sets the headers of every answer to the request. Returns whether the request is of an allowed page. */
  allow({ headers: { origin } }: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins === '*') {
      response.setHeader('access-control-allow-origin', '*');
    } else {
      // Caches must not reuse an answer for another origin or for none.
      response.setHeader('vary', 'Origin');
      if (origin === undefined || !this.#origins.has(origin)) return false;
      response.setHeader('access-control-allow-origin', origin);
      // SDKs use navigator.sendBeacon() when a page is left. It always sends credentials, which are ignored here.
      response.setHeader('access-control-allow-credentials', 'true');
    }
    response.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
    return origin !== undefined;
  }
}

/** Whether a request is a preflight. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Additional headers of the answer to a preflight. */
export function preflightHeaders(methods: string): OutgoingHttpHeaders {
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(MAX_AGE_S),
  };
}
