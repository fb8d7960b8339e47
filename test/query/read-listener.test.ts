// The listener of queries, with an API of a few routes.

import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Failure } from '../../src/base/failure.js';
import { ConnectionLimit } from '../../src/server/connection-limit.js';
import { Cors } from '../../src/server/cors.js';
import { ReadAuthorization } from '../../src/server/identity/read-authorization.js';
import { noTenants } from '../../src/server/identity/tenancy.js';
import { SoleToken } from '../../src/server/identity/tokens.js';
import type { ReadAnswer, ReadApi, ReadRequest } from '../../src/server/read/read-api.js';
import { ReadListener, type ReadListenerOptions } from '../../src/server/read/read-listener.js';
import { eventually } from '../support/eventually.js';
import { jsonOf, send, type TestRequest } from '../support/http-client.js';

const READ = 'a-token-that-reads';
const ADMIN = 'a-token-for-admins';

/** Requests that reached a handler and have not been answered. */
const held: { request: ReadRequest; answer: (answer: ReadAnswer) => void }[] = [];
const internalErrors: unknown[] = [];
/** Answers of /large that clients have, or have given up. */
let largeSent = 0;

const api: ReadApi = {
  routes: [
    { method: 'GET', path: '/open', permission: 'public', handle: () => ({ type: 'text/plain', body: 'open' }) },
    {
      method: ['GET', 'POST'],
      path: '/label/:name/values',
      permission: 'read',
      handle: ({ method, path, pathValues, query, form, body, client, principal }) =>
        json({
          method,
          path,
          pathValues,
          query: [...query],
          form: [...form],
          body: body.length,
          client,
          tenant: principal.tenant ?? 'all',
          may: [...principal.permissions],
        }),
    },
    { method: 'DELETE', path: '/queries/:id', permission: 'admin', handle: () => json({ deleted: true }) },
    { method: 'GET', path: '/long', permission: 'public', handle: () => json('long '.repeat(1000)) },
    {
      method: 'GET',
      path: '/compressed',
      permission: 'public',
      handle: () => ({ headers: { 'content-encoding': 'gzip' }, body: Buffer.from('as it is'.repeat(1000)) }),
    },
    {
      method: 'GET',
      path: '/hold',
      permission: 'public',
      handle: (request) => new Promise((answer) => held.push({ request, answer })),
    },
    {
      method: 'GET',
      path: '/large',
      permission: 'public',
      handle: () => ({ type: 'text/plain', body: Buffer.alloc(64 << 20), sent: () => largeSent++ }),
    },
    {
      method: 'GET',
      path: '/fail',
      permission: 'public',
      handle: ({ query }) => {
        if (query.has('kind')) throw new Failure(query.get('kind') as 'malformed', 'what a query');
        throw new Error('a bug');
      },
    },
    { method: 'GET', path: '/parts', permission: 'public', handle: () => ({ type: 'text/plain', body: parts() }) },
  ],
  calls: [
    {
      path: '/test.Echo/Twice',
      permission: 'read',
      async *handle({ message, principal }) {
        if (message.length === 0) throw new Failure('malformed', 'nothing to echo');
        yield message;
        yield Buffer.from(principal.tenant ?? 'all');
      },
    },
  ],
  upgrades: [
    {
      path: '/tail',
      permission: 'read',
      upgrade: ({ query, principal }, _incoming, socket, head) => {
        const said = `${query.get('q')} ${principal.tenant ?? 'all'} ${head.length}`;
        socket.end(`HTTP/1.1 101 Switching Protocols\r\nupgrade: test\r\nconnection: upgrade\r\n\r\n${said}`);
      },
    },
  ],
};

const words: ReadApi = {
  routes: [{ method: 'GET', path: '/words', permission: 'read', handle: () => ({ body: 'words' }) }],
  failed: ({ message }) => ({ status: 418, type: 'text/plain', body: message, headers: { 'x-words': 'yes' } }),
};

async function* parts() {
  yield 'first ';
  await new Promise<void>((resolve) => held.push({ request: undefined as never, answer: () => resolve() }));
  yield 'second';
}

function json(value: unknown): ReadAnswer {
  return { type: 'application/json', body: JSON.stringify(value) };
}

let port: number;
let listener: ReadListener;

async function listen(changed: Partial<ReadListenerOptions> = {}) {
  const listener = new ReadListener({
    uri: { scheme: 'otlp', host: '127.0.0.1', port: 0, ipv6: false },
    apis: [api, words],
    authorization: new ReadAuthorization({
      read: new SoleToken(READ, ['read']),
      admin: new SoleToken(ADMIN, ['read', 'admin']),
      tenancy: noTenants,
    }),
    maxBodyBytes: 10_000,
    cors: undefined,
    hooks: {
      connections: new ConnectionLimit(100),
      checks: () => ({}),
      internalError: (error) => internalErrors.push(error),
      failed: () => undefined,
    },
    ...changed,
  });
  return { listener, port: await listener.listen() };
}

beforeAll(async () => {
  ({ listener, port } = await listen());
});
afterAll(() => listener.stop());

const ask = (path: string, rest: Partial<TestRequest> = {}) => send({ port, path, method: 'GET', ...rest });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
});

for (const [name, headers, path, method, status] of [
  ['nobody may ask what is public', {}, '/open', 'GET', 200],
  ['a wrong token does not matter there', bearer('wrong'), '/open', 'GET', 200],
  ['no token', {}, '/label/a/values', 'GET', 401],
  ['the read token', bearer(READ), '/label/a/values', 'GET', 200],
  ['the read token as a password', basic('grafana', READ), '/label/a/values', 'GET', 200],
  ['the read token as a user', basic(READ, ''), '/label/a/values', 'GET', 401],
  ['a token that only begins right', bearer(`${READ}x`), '/label/a/values', 'GET', 401],
  ['another token of the same length', bearer(READ.replace('r', 'R')), '/label/a/values', 'GET', 401],
  ['another scheme', { authorization: `Digest ${READ}` }, '/label/a/values', 'GET', 401],
  ['the admin token reads', bearer(ADMIN), '/label/a/values', 'GET', 200],
  ['the read token where the admin token is asked for', bearer(READ), '/queries/1', 'DELETE', 403],
  ['the admin token', basic('', ADMIN), '/queries/1', 'DELETE', 200],
] as const) {
  test(`${name}: ${status}`, async () => {
    const answer = await ask(path, { headers, method });
    expect(answer.status).toBe(status);
    if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer, Basic realm="otelduck"');
    if (status === 403) expect(jsonOf(answer)).toEqual({ error: 'forbidden', message: 'this takes the admin token' });
  });
}

test('without a token, only requests to this machine by its own names are answered', async () => {
  const { listener, port } = await listen({
    authorization: new ReadAuthorization({ read: undefined, admin: undefined, tenancy: noTenants }),
  });
  onTestFinished(() => listener.stop());
  // A site whose name points to 127.0.0.1 once its page is loaded could read all telemetry by it.
  for (const [host, status] of [
    [`localhost:${port}`, 200],
    ['LOCALHOST', 200],
    [`127.0.0.1:${port}`, 200],
    [`[::1]:${port}`, 200],
    [`site.example:${port}`, 403],
    [`localhost.site.example:${port}`, 403],
    ['127.0.0.1.site.example', 403],
  ] as const) {
    expect([host, (await ask('/label/a/values', { port, headers: { host } })).status]).toEqual([host, status]);
  }
  const token = { host: 'site.example', ...bearer(READ) };
  expect((await ask('/label/a/values', { headers: token })).status).toBe(200);
});

test('without a read token everybody reads, and nobody administers', async () => {
  const { listener, port } = await listen({
    authorization: new ReadAuthorization({ read: undefined, admin: undefined, tenancy: noTenants }),
  });
  onTestFinished(() => listener.stop());
  expect((await ask('/label/a/values', { port })).status).toBe(200);
  const refused = await ask('/queries/1', { port, method: 'DELETE', headers: bearer(ADMIN) });
  expect([refused.status, jsonOf(refused)['message']]).toEqual([
    403,
    'this takes the admin token, and this server has none',
  ]);
});

test('a handler gets values of path, query and form as they were meant', async () => {
  const answer = await ask('/label/a%2Fb%20c/values/?match%5B%5D=up&match[]=%7Ba%3D%22%C3%A9+x%22%7D', {
    method: 'POST',
    headers: { ...bearer(READ), 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    body: 'query=sum+by+%28a%29&limit=1&limit=2',
  });
  expect(jsonOf(answer)).toMatchObject({
    method: 'POST',
    path: '/label/a%2Fb%20c/values/',
    pathValues: { name: 'a/b c' },
    query: [
      ['match[]', 'up'],
      ['match[]', '{a="é x"}'],
    ],
    form: [
      ['query', 'sum by (a)'],
      ['limit', '1'],
      ['limit', '2'],
    ],
    body: 36,
    client: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    tenant: 'all',
    may: ['read'],
  });
});

test('bodies of other types are bytes, and no form', async () => {
  for (const headers of [{}, { 'content-type': 'application/json' }, { 'content-type': 'text/x-any' }]) {
    const answer = await ask('/label/a/values', {
      method: 'POST',
      headers: { ...bearer(READ), ...headers },
      body: '{"a',
    });
    expect(jsonOf(answer)).toMatchObject({ form: [], body: 3 });
  }
});

test('a Content-Type that is none is 415', async () => {
  const headers = { ...bearer(READ), 'content-type': 'nonsense' };
  const answer = await ask('/label/a/values', { method: 'POST', headers, body: '{' });
  expect([answer.status, jsonOf(answer)['error']]).toEqual([415, 'unsupported_media_type']);
});

test('what is not there is 404, and a wrong method 405, both in JSON', async () => {
  const nothing = await ask('/label', { headers: bearer(READ) });
  expect([nothing.status, jsonOf(nothing)]).toEqual([
    404,
    { error: 'not_found', message: 'there is nothing at /label' },
  ]);
  const wrong = await ask('/label/a/values', { method: 'PUT' });
  expect([wrong.status, wrong.headers['allow'], jsonOf(wrong)]).toEqual([
    405,
    'GET, HEAD, POST',
    { error: 'method_not_allowed', message: '/label/a/values takes GET, HEAD, POST, got PUT' },
  ]);
});

test('HEAD is answered as GET, without the body', async () => {
  const head = await ask('/open', { method: 'HEAD' });
  expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', '4']);
});

test('a body that is too large is 413, and costs no token to learn', async () => {
  const answer = await ask('/label/a/values', { method: 'POST', headers: bearer(READ), body: Buffer.alloc(10_001) });
  expect([answer.status, jsonOf(answer)['error']]).toEqual([413, 'payload_too_large']);
  const stranger = await ask('/label/a/values', { method: 'POST', body: Buffer.alloc(10_001) });
  expect(stranger.status).toBe(401);
});

for (const [accepted, isCompressed] of [
  ['gzip', true],
  ['deflate, GZIP;q=0.5', true],
  ['*', true],
  ['gzip;q=0', false],
  ['gzip; q=0.0, *', false],
  ['deflate, br', false],
  [undefined, false],
] as const) {
  test(`Accept-Encoding ${accepted} ${isCompressed ? 'is' : 'is not'} answered with gzip`, async () => {
    const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
    const answer = await raw('/long', headers);
    expect(answer.headers['content-encoding']).toBe(isCompressed ? 'gzip' : undefined);
    expect(answer.headers['vary']).toBe('Accept-Encoding');
    const body = isCompressed ? gunzipSync(answer.body) : answer.body;
    expect(JSON.parse(body.toString())).toBe('long '.repeat(1000));
  });
}

test('short answers, and those that are compressed already, are left as they are', async () => {
  expect((await raw('/open', { 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
  expect((await raw('/compressed', { 'accept-encoding': 'gzip' })).body.toString()).toBe('as it is'.repeat(1000));
});

function raw(path: string, headers: http.OutgoingHttpHeaders) {
  return new Promise<{ headers: http.IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', path, headers, agent: false }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        resolve({ headers: response.headers, body: Buffer.concat(chunks) });
      })
      .on('error', reject);
  });
}

test('failures have the status of their kind, and those of ours are told to the server', async () => {
  const malformed = await ask('/fail?kind=malformed');
  expect([malformed.status, jsonOf(malformed)]).toEqual([400, { error: 'bad_request', message: 'what a query' }]);
  const overloaded = await ask('/fail?kind=overloaded');
  expect([overloaded.status, overloaded.headers['retry-after']]).toEqual([503, '1']);
  const bug = await ask('/fail');
  expect([bug.status, jsonOf(bug)]).toEqual([500, { error: 'internal_error', message: 'a bug' }]);
  expect(internalErrors).toHaveLength(1);
});

test('an API answers failures on its paths in its own way', async () => {
  const answer = await ask('/words');
  expect([answer.status, answer.text, answer.headers['x-words']]).toEqual([
    418,
    expect.stringMatching(/^missing or invalid token/),
    'yes',
  ]);
  expect(answer.headers['www-authenticate']).toContain('Bearer');
});

test('parts of an answer are sent as they come', async () => {
  const got: string[] = [];
  await new Promise<void>((resolve, reject) => {
    http
      .get({ port, host: '127.0.0.1', path: '/parts', agent: false }, (response) => {
        response.on('data', (chunk) => {
          got.push(String(chunk));
          if (got.length === 1) held.pop()!.answer({});
        });
        response.on('end', resolve);
      })
      .on('error', reject);
  });
  expect(got).toEqual(['first ', 'second']);
});

test('a client that goes away is noticed', async () => {
  const client = net.connect(port, '127.0.0.1');
  client.write('GET /hold HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await arrived(1);
  const { request } = held.pop()!;
  expect(request.signal.aborted).toBe(false);
  const gone = new Promise((resolve) => request.signal.addEventListener('abort', resolve));
  client.destroy();
  await gone;
  expect(request.signal.reason).toMatchObject({ kind: 'queryCanceled' });
});

async function arrived(count: number): Promise<void> {
  while (held.length < count) await new Promise((resolve) => setImmediate(resolve));
}

test('pages of other origins may not ask, unless they were allowed to', async () => {
  const page = { origin: 'http://grafana.example' };
  const preflight = {
    ...page,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'x-query-tags',
  };
  expect((await ask('/open', { headers: page })).headers['access-control-allow-origin']).toBeUndefined();
  expect((await ask('/label/a/values', { method: 'OPTIONS', headers: preflight })).status).toBe(405);
  const { listener, port } = await listen({ cors: new Cors(new Set([page.origin])) });
  onTestFinished(() => listener.stop());
  const allowed = await ask('/label/a/values', { port, headers: page });
  expect([allowed.status, allowed.headers['access-control-allow-origin'], allowed.headers['vary']]).toEqual([
    401,
    page.origin,
    'Origin, Accept-Encoding',
  ]);
  const asked = await ask('/label/a/values', { port, method: 'OPTIONS', headers: preflight });
  expect([asked.status, asked.headers['access-control-allow-headers']]).toEqual([204, 'x-query-tags']);
  const stranger = await ask('/open', { port, headers: { origin: 'http://evil.example' } });
  expect(stranger.headers['access-control-allow-origin']).toBeUndefined();
});

test('a connection is upgraded for whoever has the token', async () => {
  const upgrade = (token: string, path = '/tail?q=up') =>
    new Promise<string>((resolve) => {
      const client = net.connect(port, '127.0.0.1');
      let text = '';
      client.on('data', (chunk) => {
        text += chunk;
      });
      client.on('close', () => resolve(text));
      client.write(
        `GET ${path} HTTP/1.1\r\nhost: x\r\nupgrade: test\r\nconnection: upgrade\r\nauthorization: Bearer ${token}\r\n\r\n`,
      );
    });
  expect(await upgrade(READ)).toMatch(/^HTTP\/1.1 101 [\s\S]*\r\n\r\nup all 0$/);
  expect(await upgrade('wrong-token-of-someone')).toMatch(/^HTTP\/1.1 401 [\s\S]*"unauthorized"/);
  expect(await upgrade(READ, '/open')).toMatch(/^HTTP\/1.1 404 /);
});

// It once kept the answer for as long as its connection was open.
test('what an answer takes is given back when the client has it, has gone, or takes nothing of it for too long', async () => {
  const patient = await listen();
  onTestFinished(() => patient.listener.stop());
  await send({ port: patient.port, path: '/large', method: 'GET' });
  await eventually(() => expect(largeSent).toBe(1));
  const asked = 'GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const leaving = net.connect(patient.port, '127.0.0.1').setNoDelay();
  leaving.write(asked);
  leaving.once('data', () => leaving.destroy());
  await eventually(() => expect(largeSent).toBe(2));
  const impatient = await listen({ sendTimeoutMs: 50 });
  onTestFinished(() => impatient.listener.stop());
  const deaf = net.connect(impatient.port, '127.0.0.1').pause();
  onTestFinished(() => {
    deaf.destroy();
  });
  deaf.write(asked);
  await eventually(() => expect(largeSent).toBe(3));
});

test('probes need no token, and the second says when the listener stops', async () => {
  const stopping = await listen();
  const { port } = stopping;
  expect(jsonOf(await ask('/healthz', { port }))).toEqual({ status: 'ok' });
  expect(jsonOf(await ask('/readyz', { port }))).toEqual({ status: 'ready' });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const holding = ask('/hold', { port });
  await arrived(1);
  const stopped = stopping.listener.stop();
  held.pop()!.answer({ body: 'the answer' });
  expect((await holding).text).toBe('the answer');
  await stopped;
  await expect(ask('/healthz', { port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('stop() ends what does not end by itself', async () => {
  const { listener, port } = await listen({ stopGraceMs: 1 });
  const holding = ask('/hold', { port });
  await arrived(1);
  const { request, answer } = held.pop()!;
  request.signal.addEventListener('abort', () => answer({ status: 503, body: String(request.signal.reason.kind) }));
  await listener.stop();
  expect(await holding).toMatchObject({ status: 503, text: 'stopping' });
  // One that never answers is cut off.
  const deaf = await listen({ stopGraceMs: 1 });
  const cut = ask('/hold', { port: deaf.port });
  await arrived(1);
  held.pop();
  await Promise.all([deaf.listener.stop(), expect(cut).rejects.toMatchObject({ code: 'ECONNRESET' })]);
});

test('a call of gRPC on the same port needs the token, and is answered message by message', async () => {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  const called = async (message: string, headers: Record<string, string> = bearer(READ)) => {
    const call = session.request({
      ':method': 'POST',
      ':path': '/test.Echo/Twice',
      'content-type': 'application/grpc',
      ...headers,
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    call.end(Buffer.concat([prefix, Buffer.from(message)]));
    let status: unknown;
    for (const event of ['response', 'trailers'] as const) call.on(event, (said) => (status ??= said['grpc-status']));
    const parts: Buffer[] = [];
    for await (const part of call) parts.push(part as Buffer);
    const bytes = Buffer.concat(parts);
    const messages: string[] = [];
    for (let at = 0; at < bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) {
      messages.push(bytes.subarray(at + 5, at + 5 + bytes.readUInt32BE(at + 1)).toString());
    }
    return { status, messages };
  };
  expect(await called('hello')).toEqual({ status: '0', messages: ['hello', expect.any(String)] });
  expect(await called('hello', basic('grafana', READ))).toMatchObject({ status: '0' });
  expect(await called('hello', bearer('wrong'))).toEqual({ status: '16', messages: [] });
  expect(await called('')).toEqual({ status: '3', messages: [] });
  // Other clients of the port notice nothing.
  expect((await ask('/open')).text).toBe('open');
});

test('a client that has said nothing does not hold up a stop', async () => {
  const { listener, port } = await listen();
  const socket = net.connect(port, '127.0.0.1');
  await new Promise((resolve) => {
    socket.once('connect', resolve);
  });
  await ask('/open', { port });
  await listener.stop();
});
