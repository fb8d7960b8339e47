// Requests of pages from other origins: https://fetch.spec.whatwg.org/#http-cors-protocol
//
// A browser lets a page send telemetry only if a preflight, which has no token, is answered well; and lets it read an answer,
// an error too, only if that names the page's origin. So a request is looked at here before anything else.

import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Headers that SDKs in browsers send. A wildcard would not cover `authorization`, nor anything where credentials are sent. */
const REQUEST_HEADERS = [
  'authorization',
  'x-api-key',
  'content-type',
  'content-encoding',
  'traceparent',
  'tracestate',
  'baggage',
  'b3',
  'user-agent',
].join(', ');
/** What a page may read of an answer beside what every page may: when to send again, and how to authorize. */
const RESPONSE_HEADERS = 'retry-after, www-authenticate';
/** How long a browser may remember the answer to a preflight. Chromium remembers none for longer. */
const MAX_AGE_S = 7200;

export class Cors {
  readonly #origins: '*' | ReadonlySet<string>;

  constructor(origins: '*' | ReadonlySet<string>) {
    this.#origins = origins;
  }

  /** Sets what every answer to the request has, whoever writes it. Returns whether it is of a page that may send. */
  allow({ headers: { origin } }: IncomingMessage, response: ServerResponse): boolean {
    if (this.#origins === '*') {
      response.setHeader('access-control-allow-origin', '*');
    } else {
      // Caches must not give one page what was said to another, nor to none.
      response.setHeader('vary', 'Origin');
      if (origin === undefined || !this.#origins.has(origin)) return false;
      response.setHeader('access-control-allow-origin', origin);
      // navigator.sendBeacon(), which SDKs send with when a page is left, always sends credentials. We read none.
      response.setHeader('access-control-allow-credentials', 'true');
    }
    response.setHeader('access-control-expose-headers', RESPONSE_HEADERS);
    return origin !== undefined;
  }
}

/** Whether a browser asks if its page may send. */
export function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** What the answer to a preflight says beside what every answer does. */
export function preflightHeaders(methods: string): OutgoingHttpHeaders {
  return {
    'access-control-allow-methods': methods,
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(MAX_AGE_S),
  };
}
