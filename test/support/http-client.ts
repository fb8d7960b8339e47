// Requests as tests need them: every header as written, one connection per request, and the whole response.

import http, { type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';

export interface TestRequest {
  readonly port: number;
  readonly path: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Sent with its length; an array is sent in chunks, without one. */
  readonly body?: Uint8Array | string | readonly Uint8Array[];
}

export interface TestResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const RESPONSE_TIMEOUT_MS = 20_000;

export function send({ port, path, host = '127.0.0.1', method = 'POST', headers = {}, body }: TestRequest) {
  return new Promise<TestResponse>((resolve, reject) => {
    const request = http.request({
      host,
      port,
      path,
      method,
      headers,
      agent: false,
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      resolve(whole(response));
      // The answer may come before the body is sent; what is left of it is no error then.
      request.off('error', reject).on('error', () => undefined);
    });
    if (body === undefined || typeof body === 'string' || body instanceof Uint8Array) {
      const bytes = Buffer.from(body ?? '');
      if (body !== undefined && !hasLength(headers)) request.setHeader('content-length', bytes.length);
      request.end(bytes);
    } else {
      for (const chunk of body) request.write(chunk);
      request.end();
    }
  });
}

/** The JSON body of a response, which must say that it is one. */
export function jsonOf({ headers, text }: TestResponse): Record<string, unknown> {
  if (headers['content-type'] !== 'application/json') throw new Error(`not JSON: ${headers['content-type']}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

function hasLength(headers: OutgoingHttpHeaders): boolean {
  return Object.keys(headers).some((name) => /^(content-length|transfer-encoding)$/i.test(name));
}

async function whole(response: http.IncomingMessage): Promise<TestResponse> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') };
}
