// Sessions of pages, and their files, as a browser and as somebody else asks for them.

import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { Sessions } from '../../../src/server/identity/sessions.js';
import { jsonOf, send, type TestRequest } from '../../support/http-client.js';
import { OtelDatabase } from '../../support/otel-database.js';

const TOKEN = 'a-token-that-reads';
const ADMIN = 'a-token-for-admins';

let database: OtelDatabase;
let port: number;

beforeAll(async () => {
  database = await OtelDatabase.open();
  const uri = await database.value(
    `SELECT listen_uri FROM otlp_query_serve('query:127.0.0.1:0', read_token := '${TOKEN}', admin_token := '${ADMIN}')`,
  );
  port = Number(/\d+$/.exec(String(uri))![0]);
});
afterAll(() => database.close());

const own = () => ({ host: `localhost:${port}`, origin: `http://localhost:${port}` });
const ask = (path: string, rest: Partial<TestRequest> = {}) => send({ port, path, method: 'GET', ...rest });
const signIn = (token: string, headers: Record<string, string> = own()) =>
  ask('/ui/session', { method: 'POST', headers, body: JSON.stringify({ token }) });

async function cookie(token = TOKEN): Promise<string> {
  const { status, headers } = await signIn(token);
  expect(status).toBe(200);
  return headers['set-cookie']![0]!.split(';')[0]!;
}

test('a session reads what its token reads, in every API', async () => {
  const headers = { ...own(), cookie: await cookie() };
  for (const path of [
    '/api/v1/query?query=1',
    '/loki/api/v1/labels',
    '/api/search',
    '/ui/api/services',
    '/ui/session',
  ]) {
    expect([path, (await ask(path, { headers })).status]).toEqual([path, 200]);
    expect([path, (await ask(path)).status]).toEqual([path, 401]);
  }
  expect(jsonOf(await ask('/ui/session', { headers }))).toEqual({ permissions: ['read'], isSession: true });
});

test('no script reads the cookie, and no page of another site sends it', async () => {
  const { headers } = await signIn(TOKEN);
  const [set] = headers['set-cookie']!;
  expect(set).toMatch(/^otelduck_session_\d+=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/);
});

// Pages of other ports of the host are of the same site, so that SameSite alone does not keep their requests away.
test('a session changes nothing for pages of another origin', async () => {
  const given = { host: `localhost:${port}`, cookie: await cookie() };
  const query = { method: 'POST', body: 'query=1' };
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  for (const [origin, status] of [
    [`http://localhost:${port}`, 200],
    ['http://localhost:3000', 403],
    ['null', 403],
    [undefined, 403],
  ] as const) {
    const headers = { ...given, ...form, ...(origin !== undefined && { origin }) };
    expect([origin, (await ask('/api/v1/query', { ...query, headers })).status]).toEqual([origin, status]);
  }
  expect((await signIn(TOKEN, { ...own(), origin: 'http://localhost:3000' })).status).toBe(403);
  expect((await ask('/ui/session', { method: 'DELETE', headers: { ...given, origin: 'http://evil' } })).status).toBe(
    403,
  );
});

test('a websocket opens for pages of the server alone', async () => {
  const session = await cookie();
  const opened = (origin: string) =>
    new Promise((resolve) => {
      const url = `ws://localhost:${port}/loki/api/v1/tail?query=${encodeURIComponent('{service_name="a"}')}`;
      const socket = new WebSocket(url, { headers: { cookie: session }, origin });
      socket.on('open', () => resolve(socket.terminate() ?? 'open'));
      socket.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode));
      socket.on('error', () => undefined);
    });
  expect(await opened(`http://localhost:${port}`)).toBe('open');
  expect(await opened('http://localhost:3000')).toBe(403);
});

test('a session ends when one signs out', async () => {
  const headers = { ...own(), cookie: await cookie() };
  const left = await ask('/ui/session', { method: 'DELETE', headers });
  expect(left.headers['set-cookie']![0]).toMatch(/^otelduck_session_\d+=; Path=\/; Max-Age=0;/);
  expect((await ask('/ui/session', { headers })).status).toBe(401);
});

// Anybody with one token once signed out everybody else.
test('who opens many sessions ends those of their own token', async () => {
  const others = { ...own(), cookie: await cookie(ADMIN) };
  const cookies: string[] = [];
  for (let i = 0; i < 21; i++) cookies.push(await cookie());
  const statusOf = async (headers: Record<string, string>) => (await ask('/ui/session', { headers })).status;
  expect(await statusOf({ ...own(), cookie: cookies[0]! })).toBe(401);
  expect(await statusOf({ ...own(), cookie: cookies[1]! })).toBe(200);
  expect(await statusOf(others)).toBe(200);
});

// Sessions once kept whatever such a client sent, for twelve hours.
test('where everybody may read, a session is opened for an administrator alone', async () => {
  const uri = await database.value(
    `SELECT listen_uri FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, admin_token := '${ADMIN}')`,
  );
  const openPort = Number(/\d+$/.exec(String(uri))![0]);
  const headers = { host: `localhost:${openPort}`, origin: `http://localhost:${openPort}` };
  const enter = async (token: string) => {
    const body = JSON.stringify({ token });
    const answer = await send({ port: openPort, path: '/ui/session', method: 'POST', headers, body });
    return [answer.status, jsonOf(answer), answer.headers['set-cookie']?.length];
  };
  expect(await enter('of-nothing-at-all')).toEqual([200, { permissions: ['read'] }, undefined]);
  expect(await enter(ADMIN)).toEqual([200, { permissions: ['read', 'admin'] }, 1]);
});

test('bad sign-ins say what is wrong', async () => {
  expect(jsonOf(await signIn('of-nothing-at-all'))).toMatchObject({ error: 'unauthorized' });
  // Of ů, the lower byte is o: one token once had many texts, each with sessions of its own.
  expect(jsonOf(await signIn(TOKEN.replace('o', 'ů')))).toMatchObject({ error: 'unauthorized' });
  for (const [body, message] of [
    ['token', 'the body must be JSON: {"token": "…"}'],
    ['{"token": 5}', 'token must be a text, got 5'],
    ['null', 'token must be a text, got none'],
    [JSON.stringify({ token: TOKEN.padEnd(1025) }), 'token must have at most 1024 bytes, got 1025'],
  ]) {
    const answer = await ask('/ui/session', { method: 'POST', headers: own(), body: body! });
    expect([answer.status, jsonOf(answer)['message']]).toEqual([400, message]);
  }
});

// A browser would ask for a name and a password in a window of its own.
test('where a script asks, no password is asked for', async () => {
  const challenge = async (headers: Record<string, string>) =>
    (await ask('/ui/session', { headers })).headers['www-authenticate'];
  expect(await challenge({ 'sec-fetch-dest': 'empty' })).toBe('Bearer');
  expect(await challenge({})).toBe('Bearer, Basic realm="otelduck"');
});

test('the oldest session ends where there are too many, and each after its time', () => {
  let nowMs = 0;
  const sessions = new Sessions({ isEncrypted: true, nowMs: () => nowMs, maxSessions: 2 });
  const open = (authorization: string) => {
    const set = sessions.open({ headers: {} }, authorization);
    expect(set).toContain('; Secure');
    return { headers: { cookie: `a=b; ${set.split(';')[0]}` } };
  };
  const [first, second, third] = [open('one'), open('two'), open('three')];
  expect([first, second, third].map((request) => sessions.authorizationOf(request))).toEqual([
    undefined,
    'two',
    'three',
  ]);
  nowMs = 12 * 60 * 60 * 1000;
  expect(sessions.authorizationOf(third)).toBeUndefined();
  open('four');
  expect(sessions.count).toBe(1);
});

test('where there are too many sessions, one of the same token ends before another’s', () => {
  const sessions = new Sessions({ isEncrypted: true, nowMs: () => 0, maxSessions: 3 });
  const open = (authorization: string) => {
    const set = sessions.open({ headers: {} }, authorization);
    return { headers: { cookie: set.split(';')[0] } };
  };
  const opened = ['one', 'two', 'two', 'two'].map(open);
  expect(opened.map((request) => sessions.authorizationOf(request))).toEqual(['one', undefined, 'two', 'two']);
});

test('questions with wrong parameters say what is wrong', async () => {
  const headers = { authorization: `Bearer ${TOKEN}` };
  for (const [query, message] of [
    ['start=x', "start must be a whole number, got 'x'"],
    ['start=5&end=5', 'end must be after start, got 5 and 5'],
    ['buckets=0', 'buckets must be greater than zero, got 0'],
  ]) {
    const answer = await ask(`/ui/api/services?${query}`, { headers });
    expect([answer.status, jsonOf(answer)['message']]).toEqual([400, message]);
  }
  expect((await ask('/ui/api/nothing', { headers })).status).toBe(404);
});

test('files are kept for good, the document is asked for again, and neither lets a script in', async () => {
  const document = await ask('/ui/traces');
  expect(document.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
    'content-security-policy': expect.stringContaining("default-src 'none'; script-src 'self'; style-src 'self'"),
  });
  expect(document.text).not.toMatch(/<script>|<style|style=|onload=/);
  const etag = String(document.headers['etag']);
  expect((await ask('/ui/services', { headers: { 'if-none-match': etag } })).status).toBe(304);
  const script = /src="([^"]+)"/.exec(document.text)![1]!;
  expect((await ask(script)).headers['cache-control']).toBe('public, max-age=31536000, immutable');
  const compressed = await fetch(`http://127.0.0.1:${port}${script}`, { headers: { 'accept-encoding': 'br' } });
  expect(compressed.headers.get('content-encoding')).toBe('br');
  for (const path of ['/ui/assets/none.js', '/ui/assets/..%2findex.html', '/ui/assets/..%2f..%2fpackage.json']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
  expect((await ask('/')).headers['location']).toBe('/ui/services');
});
