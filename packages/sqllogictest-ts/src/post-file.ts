// `post`: a file's bytes as the body of one HTTP request to this machine, and the response in full.

import { readFile } from 'node:fs/promises';
import { request } from 'node:http';

export interface PostedFile {
  readonly url: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface PostResponse {
  readonly status: number;
  readonly body: string;
}

/** A listener that answers later than this is taken for one that hangs. */
const RESPONSE_TIMEOUT_MS = 60_000;
/** Receipts and error texts are short; anything longer is not read into memory to be compared. */
const MAX_RESPONSE_BYTES = 1_048_576;

/** Posts the file and resolves with the response. Rejects for hosts that are not this machine, and without a response. */
export async function postFile({ url, path, headers }: PostedFile): Promise<PostResponse> {
  const target = loopbackUrl(url);
  const body = await readFile(path);
  return new Promise((resolve, reject) => {
    const outgoing = request(target, {
      method: 'POST',
      agent: false,
      signal: AbortSignal.timeout(RESPONSE_TIMEOUT_MS),
    });
    const fail = (cause: Error) => reject(new Error(`cannot post ${path} to ${url}: ${cause.message}`, { cause }));
    for (const [name, value] of headers) outgoing.appendHeader(name, value);
    outgoing.on('error', fail);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      let receivedBytes = 0;
      response.on('error', fail);
      response.on('data', (chunk: Buffer) => {
        receivedBytes += chunk.length;
        if (receivedBytes <= MAX_RESPONSE_BYTES) chunks.push(chunk);
        else outgoing.destroy(new Error(`the response is longer than ${MAX_RESPONSE_BYTES} bytes`));
      });
      response.on('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(chunks).toString('utf8') }));
    });
    outgoing.end(body);
  });
}

function loopbackUrl(text: string): URL {
  if (!URL.canParse(text)) throw new Error(`post needs a URL such as http://127.0.0.1:4318/v1/logs, got "${text}"`);
  const url = new URL(text);
  if (url.protocol !== 'http:') throw new Error(`post speaks http only, got "${text}"`);
  const isLoopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  if (!isLoopback) throw new Error(`post sends to localhost, 127.0.0.0/8 and [::1] only, got "${text}"`);
  return url;
}
