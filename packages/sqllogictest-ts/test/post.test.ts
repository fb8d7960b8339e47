// biome-ignore-all lint/suspicious/noTemplateCurlyInString: test files say ${name} too

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { outcomeOf } from './run-text.js';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

let folder: string;
let server: Server;
let port: number;
const received: Received[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slt-self-test-'));
  await writeFile(join(folder, 'logs.json'), Buffer.from([0x7b, 0xff, 0x00, 0x7d]));
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ method: request.method, url: request.url, headers: request.headers, body: Buffer.concat(chunks) });
    response.statusCode = request.headers.authorization === 'Bearer secret.token' ? 202 : 401;
    response.end(JSON.stringify({ status: response.statusCode, rows: 1 }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  received.length = 0;
});

const run = (text: string) => outcomeOf(text, { workingDirectory: folder });

test('sends the bytes of the file with the headers, to where a query said', async () => {
  const text = `
let url
SELECT 'http://127.0.0.1:${port}'

let token
SELECT 'secret.token'

post \${url}/v1/logs logs.json 202
content-type: application/json
authorization: Bearer \${token}
x-two: a
x-two: b
----
<REGEX>:.*"rows":1.*

post \${url}/v1/traces __WORKING_DIRECTORY__/logs.json 401
----
{"status":401
`;
  expect(await run(text)).toBe('passed');
  expect(received).toMatchObject([
    {
      method: 'POST',
      url: '/v1/logs',
      headers: { 'content-type': 'application/json', 'content-length': '4', 'x-two': 'a, b' },
      body: Buffer.from([0x7b, 0xff, 0x00, 0x7d]),
    },
    { method: 'POST', url: '/v1/traces', body: Buffer.from([0x7b, 0xff, 0x00, 0x7d]) },
  ]);
  expect(received[1]!.headers).not.toHaveProperty('content-type');
});

test('rounds of a concurrent loop run at the same time', async () => {
  // Answers nobody before all eight rounds have asked, so rounds that take turns would wait for ever.
  const waiting: ServerResponse[] = [];
  const barrier = createServer((request, response) => {
    request.resume();
    waiting.push(response);
    if (waiting.length === 8) for (const answer of waiting) answer.end();
  }).listen(0, '127.0.0.1');
  await once(barrier, 'listening');
  try {
    const { port: barrierPort } = barrier.address() as AddressInfo;
    const round = `statement ok\nSELECT \${i}\n\npost http://127.0.0.1:${barrierPort}/\${i} logs.json 200`;
    expect(await run(`concurrentloop i 0 8\n\n${round}\n\nendloop`)).toBe('passed');
  } finally {
    barrier.close();
  }
});

describe('fails the file', () => {
  for (const [name, record, failure] of [
    ['at another status', 'post http://127.0.0.1:PORT/ logs.json 202', 'line 1: expected status 202, got 401'],
    [
      'at another body',
      'post http://127.0.0.1:PORT/ logs.json 401\n----\n"rows":2',
      'line 1: the response has another body',
    ],
    [
      'at a body that does not match',
      'post http://127.0.0.1:PORT/ logs.json 401\n----\n<REGEX>:"rows":1',
      'line 1: the response has another body',
    ],
    ['without the file', 'post http://127.0.0.1:PORT/ missing.json 202', 'line 1: ENOENT'],
    ['without a listener', 'post http://127.0.0.1:1/ logs.json 202', 'ECONNREFUSED'],
    [
      'at another machine',
      'post http://192.0.2.1/ logs.json 202',
      'post sends to localhost, 127.0.0.0/8 and [::1] only',
    ],
    [
      'at a name that only starts like one',
      'post http://127.0.0.1.example.com/ logs.json 202',
      'post sends to localhost',
    ],
    ['at https', 'post https://127.0.0.1/ logs.json 202', 'line 1: post speaks http only'],
    ['at what is no URL', 'post ${url}/v1/logs logs.json 202', 'line 1: post needs a URL such as'],
  ] as const) {
    test(name, async () => expect(await run(record.replace('PORT', String(port)))).toContain(failure));
  }
});
