import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonOf } from '../support/http-client.js';
import { OtelDatabase, type OtelServer, openDatabase, serve, TOKEN } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

async function statusOf(server: OtelServer, headers: Record<string, string>): Promise<number> {
  // Left out, post() would add the token.
  return (await server.post(logsRequest(1), { headers: { authorization: '', ...headers } })).status;
}

let shared: OtelServer;

beforeAll(async () => {
  shared = await (await OtelDatabase.open()).serve();
});

afterAll(() => shared.database.close());

describe('a token', () => {
  for (const [headers, status] of [
    [{ authorization: `Bearer ${TOKEN}` }, 202],
    [{ Authorization: `bearer ${TOKEN}` }, 202],
    [{ AUTHORIZATION: `BEARER   ${TOKEN}` }, 202],
    [{ 'x-api-key': TOKEN }, 202],
    [{ 'X-Api-Key': TOKEN }, 202],
    [{ 'X-API-KEY': ` ${TOKEN} ` }, 202],
    [{ authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': TOKEN }, 202],
    [{ authorization: 'Bearer', 'x-api-key': TOKEN }, 202],
    [{ authorization: 'Bearer wrong', 'x-api-key': TOKEN }, 202],
    [{ authorization: `Bearer ${TOKEN}`, 'x-api-key': 'wrong' }, 202],
    [{}, 401],
    [{ authorization: TOKEN }, 401],
    [{ authorization: `Basic ${TOKEN}` }, 401],
    [{ authorization: `Bearer${TOKEN}` }, 401],
    [{ authorization: 'Bearer ' }, 401],
    [{ authorization: `Bearer ${TOKEN}x` }, 401],
    [{ authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    [{ authorization: `Bearer ${TOKEN.toUpperCase()}` }, 401],
    [{ authorization: `Bearer x ${TOKEN}` }, 401],
    [{ 'x-api-key': `Bearer ${TOKEN}` }, 401],
    [{ 'x-api-key': '' }, 401],
    [{ authorization: 'Bearer wrong', 'x-api-key': 'wrong' }, 401],
  ] as const) {
    test(`in ${JSON.stringify(headers)} is answered ${status}`, async () => {
      expect(await statusOf(shared, headers as Record<string, string>)).toBe(status);
    });
  }
});

test('401 says what to send, and nothing of the token', async () => {
  const response = await (await serve()).post(logsRequest(1), { headers: { authorization: 'Bearer nearly-right' } });
  expect(response.headers['www-authenticate']).toBe('Bearer');
  expect(jsonOf(response)).toEqual({ error: 'unauthorized', message: expect.stringContaining('x-api-key') });
  expect(response.text).not.toContain('nearly-right');
  expect(response.text).not.toContain(TOKEN);
});

test('a token may hold characters beyond ASCII, sent as UTF-8', async () => {
  const token = 'schlüssel-für-prüfungen';
  const server = await serve({ token });
  const sent = Buffer.from(token).toString('latin1');
  expect(await statusOf(server, { authorization: `Bearer ${sent}` })).toBe(202);
  expect(await statusOf(server, { 'x-api-key': sent })).toBe(202);
});

test('a server that was given no token makes one of 32 hex digits, another one each time', async () => {
  const database = await openDatabase();
  const tokens = await Promise.all(
    [0, 1].map(() => database.value("SELECT auth_token FROM otlp_serve('otlp:127.0.0.1:0')")),
  );
  expect(tokens).toEqual([expect.stringMatching(/^[0-9a-f]{32}$/), expect.stringMatching(/^[0-9a-f]{32}$/)]);
  expect(tokens[0]).not.toBe(tokens[1]);
});

test('the generated token opens the server', async () => {
  const database = await openDatabase();
  const [row] = await database.rows("FROM otlp_serve('otlp:127.0.0.1:0')");
  const headers = { 'content-type': 'application/x-protobuf' };
  const url = `${row!['listen_url']}/v1/logs`;
  const withToken = { ...headers, authorization: `Bearer ${row!['auth_token']}` };
  const body = Buffer.from(logsRequest(1));
  expect((await fetch(url, { method: 'POST', headers: withToken, body })).status).toBe(202);
  expect((await fetch(url, { method: 'POST', headers, body })).status).toBe(401);
});

test('disable_auth lets everybody in, shows an empty token, and ignores one that is too short', async () => {
  const server = await serve({ disable_auth: true, token: 'short' });
  expect(server.row['auth_token']).toBe('');
  expect(await statusOf(server, {})).toBe(202);
  expect(await statusOf(server, { authorization: 'Bearer anything' })).toBe(202);
});
