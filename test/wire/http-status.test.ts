// Every answer that is not a receipt: which fault is told when there are several, and in what form.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf, send } from '../support/http-client.js';
import { OtelDatabase, type OtelServer, serve, TOKEN } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';

const MAX_BODY_BYTES = 1000;

let server: OtelServer;

beforeAll(async () => {
  const database = await OtelDatabase.open();
  server = await database.serve({ max_body_bytes: MAX_BODY_BYTES, max_buffered_bytes: 200, seal_max_age_ms: 600_000 });
});

afterAll(() => server.database.close());

describe('of several faults, the first in the documented order is told', () => {
  const unknownPath = { path: '/v1/profiles' };
  const wrongMethod = { method: 'PUT' };
  const noToken = { authorization: '' };
  const wrongType = { 'content-type': 'text/plain' };
  const wrongEncoding = { 'content-encoding': 'br' };
  const tooLarge = Buffer.alloc(MAX_BODY_BYTES + 1);
  const noRoom = Buffer.alloc(201);
  const malformed = Buffer.from([0xff]);

  for (const [status, error, body, request] of [
    [404, 'not_found', tooLarge, { ...unknownPath, ...wrongMethod, headers: { ...noToken, ...wrongType } }],
    [405, 'method_not_allowed', tooLarge, { ...wrongMethod, headers: { ...noToken, ...wrongType } }],
    [401, 'unauthorized', tooLarge, { headers: { ...noToken, ...wrongType } }],
    [401, 'unauthorized', tooLarge, { headers: { ...noToken, ...wrongEncoding } }],
    [415, 'unsupported_media_type', tooLarge, { headers: wrongType }],
    [415, 'unsupported_media_type', tooLarge, { headers: wrongEncoding }],
    [413, 'payload_too_large', tooLarge, {}],
    [503, 'overloaded', noRoom, {}],
    [400, 'bad_request', malformed, {}],
  ] as const) {
    test(`${status} ${error}: ${JSON.stringify(request)}`, async () => {
      const response = await server.post(body, request);
      expect({ status: response.status, ...jsonOf(response) }).toEqual({ status, error, message: expect.any(String) });
      expect(jsonOf(response)['message']).not.toBe('');
    });
  }

  test('a body in chunks that is too large and finds no room either is told the one that it meets first', async () => {
    const response = await server.post([tooLarge.subarray(0, 150), tooLarge]);
    expect([413, 503]).toContain(response.status);
  });
});

describe('paths', () => {
  for (const path of ['/v1/logs/', '/v1/logs///', '/v1/logs?x=/', '/v1/logs/?x=1', '/v1/%6Cogs']) {
    test(`POST ${path} is POST /v1/logs`, async () => {
      expect((await server.post('', { path })).status).toBe(202);
    });
  }

  for (const path of ['/healthz/', '/readyz//', '/healthz?probe']) {
    test(`GET ${path} answers`, async () => expect((await server.get(path)).status).toBe(200));
  }

  for (const path of [
    '/',
    '//',
    '/v1',
    '/v1/logs/more',
    '/V1/LOGS',
    '/v1/log',
    '/%zz',
    '/v1/logs%',
    '/metrics/more',
    '/v1//logs',
  ]) {
    test(`there is nothing at ${path}`, async () => {
      for (const method of ['GET', 'POST']) {
        const response = await server.post(method === 'POST' ? logsRequest(1) : undefined, { path, method });
        expect([response.status, jsonOf(response)['error']]).toEqual([404, 'not_found']);
      }
    });
  }

  test('a request may name the whole URL, as clients of a proxy do', async () => {
    const path = `http://127.0.0.1:${server.port}/healthz`;
    expect((await server.get(path)).status).toBe(200);
    // Was 404: the methods of a path were looked up by the whole URL.
    const refused = await server.get(path, { method: 'PUT' });
    expect([refused.status, refused.headers.allow]).toEqual([405, 'GET, HEAD']);
  });
});

describe('methods', () => {
  for (const path of ['/v1/logs', '/v1/traces', '/v1/metrics', '/v1/logs/']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND']) {
      test(`${method} ${path} is answered 405 with Allow: POST`, async () => {
        const response = await server.get(path, { method });
        expect([response.status, response.headers.allow]).toEqual([405, 'POST']);
        if (method === 'HEAD') expect(response.text).toBe('');
        else expect(jsonOf(response)['error']).toBe('method_not_allowed');
      });
    }
  }

  for (const path of ['/healthz', '/readyz']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      test(`${method} ${path} is answered 405 with Allow: GET, HEAD`, async () => {
        const response = await server.get(path, { method });
        expect([response.status, response.headers.allow]).toEqual([405, 'GET, HEAD']);
      });
    }
    test(`HEAD ${path} is GET without a body`, async () => {
      const response = await server.get(path, { method: 'HEAD' });
      expect([response.status, response.text]).toEqual([200, '']);
    });
  }
});

test('the probes need no token', async () => {
  for (const [path, status] of [
    ['/healthz', 'ok'],
    ['/readyz', 'ready'],
  ] as const) {
    const response = await server.get(path);
    expect([response.status, jsonOf(response)]).toEqual([200, { status }]);
  }
});

test('no answer allows other origins', async () => {
  const headers = { origin: 'http://elsewhere.example', 'access-control-request-method': 'POST' };
  const answers = [
    await server.get('/healthz', { headers }),
    await server.get('/v1/logs', { method: 'OPTIONS', headers }),
    await server.post('', { headers }),
    await server.post('', { headers: { ...headers, authorization: '' } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 405, 202, 401]);
  for (const answer of answers) {
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  }
});

test('503 says when to come back, and only what may be sent again says so', async () => {
  const retryAfter = async (body: Uint8Array) => (await server.post(body)).headers['retry-after'];
  expect(Number(await retryAfter(Buffer.alloc(201)))).toBeGreaterThan(0);
  expect(await retryAfter(Buffer.alloc(MAX_BODY_BYTES + 1))).toBeUndefined();
  expect(await retryAfter(Buffer.from([0xff]))).toBeUndefined();
});

test('refusals hold no room', async () => {
  expect(await server.counters('admitted_bytes', 'active_requests', 'buffered_rows', 'total_rows')).toEqual({
    admitted_bytes: '0',
    active_requests: '0',
    buffered_rows: '0',
    total_rows: '0',
  });
});

describe('content types', () => {
  for (const type of [
    'application/x-protobuf',
    'application/protobuf',
    'application/otlp',
    'Application/X-Protobuf',
    'application/x-protobuf; charset=utf-8',
    'application/x-protobuf ;proto=opentelemetry',
  ]) {
    test(`${type} is protobuf`, async () => {
      const other = await serve();
      const response = await other.post(logsRequest(2), { headers: { 'content-type': type } });
      expect([response.status, jsonOf(response)['rows']]).toEqual([202, 2]);
    });
  }

  for (const type of [
    'application/json',
    'application/otlp+json',
    'application/json; charset=UTF-8',
    'APPLICATION/JSON',
  ]) {
    test(`${type} is JSON`, async () => {
      const other = await serve();
      const body = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}';
      const response = await other.post(body, { headers: { 'content-type': type } });
      expect([response.status, jsonOf(response)['rows']]).toEqual([202, 1]);
    });
  }

  test('application/x-ndjson is a request per line', async () => {
    const other = await serve();
    const line = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}\n';
    const response = await other.post(line.repeat(3), { headers: { 'content-type': 'application/x-ndjson' } });
    expect([response.status, jsonOf(response)['rows']]).toEqual([202, 3]);
  });

  for (const type of [
    'text/plain',
    'application/xml',
    'application/jsonx',
    'application',
    ';;;',
    '',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    '\u00e4',
  ]) {
    test(`'${type}' is not accepted`, async () => {
      const response = await server.post(logsRequest(1), { headers: { 'content-type': type } });
      expect([response.status, jsonOf(response)['error']]).toEqual([415, 'unsupported_media_type']);
    });
  }

  test('neither is a body without a type', async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const response = await send({ port: server.port, path: '/v1/logs', headers, body: logsRequest(1) });
    expect([response.status, jsonOf(response)['error']]).toEqual([415, 'unsupported_media_type']);
    const empty = await send({ port: server.port, path: '/v1/logs', headers });
    expect(empty.status).toBe(415);
  });
});

// Each was once taken for what it is not, or answered without a word.
describe('what a server need not do for a client', () => {
  const post = postHead({});
  for (const [what, status, error, sent] of [
    [
      'a body with a transfer coding beside chunked',
      501,
      'not_implemented',
      `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['an unknown expectation', 417, 'expectation_failed', `${post}Expect: 200-ok\r\nContent-Length: 0\r\n\r\n`],
    ['a request without a host', 400, 'bad_request', 'GET /healthz HTTP/1.1\r\n\r\n'],
    ['a tunnel', 405, 'method_not_allowed', 'CONNECT 127.0.0.1:80 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n'],
    [
      'more than 2,000 headers',
      431,
      'bad_request',
      `${post.replace(/^.*\r\n/, (line) => line + 'a: \r\n'.repeat(2000))}\r\n`,
    ],
  ] as const) {
    test(`${what} is refused with ${status} in JSON, and its connection closed`, async () => {
      const client = await RawConnection.open(server.port);
      client.write(sent);
      const answer = await client.ended();
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
      expect(answer).toMatch(/\r\ncontent-type: application\/json\r\n/i);
      expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toEqual({ error, message: expect.any(String) });
    });
  }

  test('a request of HTTP/1.0 needs no host', async () => {
    const client = await RawConnection.open(server.port);
    client.write('GET /healthz HTTP/1.0\r\n\r\n');
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe('what is not HTTP', () => {
  test('is answered 400 in JSON', async () => {
    const client = await RawConnection.open(server.port);
    client.write('HELO there\r\n\r\n');
    const answer = await client.ended();
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(answer.slice(answer.indexOf('{')))).toEqual({
      error: 'bad_request',
      message: expect.any(String),
    });
  });

  test('nor are headers without end', async () => {
    const client = await RawConnection.open(server.port);
    client.write(`GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 431 /);
  });
});
