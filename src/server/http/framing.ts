import type { IncomingMessage } from 'node:http';
import { Failure } from '../../base/failure.js';

/** Beyond this number of headers, node:http drops the rest, perhaps with a token or a length among them. */
export const MAX_HEADER_LINES = 2000;

/** Throws if the headers of a request make its framing ambiguous. */
export function checkFraming({ headers, rawHeaders, httpVersion }: IncomingMessage): void {
  // Names and values alternate.
  if (rawHeaders.length > 2 * MAX_HEADER_LINES) {
    throw new Failure('headersTooLarge', `a request may have ${MAX_HEADER_LINES} headers, got more`);
  }
  const { host, expect, 'transfer-encoding': transferEncoding } = headers;
  if (host === undefined && httpVersion === '1.1') throw new Failure('malformed', 'the Host header is missing');
  if (expect !== undefined && httpVersion === '1.1' && expect.toLowerCase() !== '100-continue') {
    throw new Failure('expectationFailed', `Expect must be 100-continue, got ${expect}`);
  }
  // node:http looks for "chunked" at the end and ignores what precedes it.
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') {
    throw new Failure('notImplemented', `Transfer-Encoding must be chunked, got ${transferEncoding}`);
  }
}
