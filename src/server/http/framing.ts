import type { IncomingMessage } from 'node:http';
import { Failure } from '../../base/failure.js';

/** Beyond some number of headers node:http passes over the rest, and with them perhaps a token or a length. */
export const MAX_HEADER_LINES = 2000;

/** Throws for a request whose headers say that its body, or the headers themselves, may not be what they seem. */
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
  // node:http looks for "chunked" at its end and passes by what stands before.
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') {
    throw new Failure('notImplemented', `Transfer-Encoding must be chunked, got ${transferEncoding}`);
  }
}
