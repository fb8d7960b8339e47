// Tokens of files: several at a time, replaced while a server runs, and never shown.

import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseTenantTokens, parseTokenLines } from '../../src/server/identity/token-contents.js';
import { eventually } from '../support/eventually.js';
import { send } from '../support/http-client.js';
import { OtelServer, openDatabase } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

/** Clients that send while tokens are replaced; `npm run rotation` has 200 of them. */
const CONNECTIONS = Number(process.env['ROTATION_CONNECTIONS'] ?? 10);
const ROTATIONS = 20;

let file: string;
beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-tokens-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  file = join(folder, 'tokens');
});

/** As tools that care write it: no reader sees a part. */
function replace(...lines: readonly string[]): void {
  writeFileSync(`${file}.new`, lines.join('\n'), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

const token = (n: number) => `token-number-${n}-of-many`;
const digest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

async function serveWith(options: string): Promise<OtelServer> {
  const database = await openDatabase();
  const [row] = await database.rows(`FROM otlp_serve('otlp:127.0.0.1:0', seal_max_age_ms := 3600000, ${options})`);
  return new OtelServer(database, row!);
}

function statusOf(server: OtelServer, presented: string): Promise<number> {
  return server
    .post(logsRequest(1), { headers: { authorization: `Bearer ${presented}` } })
    .then(({ status }) => status);
}

test('any token of the file is taken, as it is or by its digest, until the file says otherwise', async () => {
  replace('# of the collectors', token(1), '', `  ${digest(token(2))}  `);
  const server = await serveWith(`token_file := '${file}'`);
  expect(server.row['auth_token']).toBe('');
  const answers = () => Promise.all([1, 2, 3].map((n) => statusOf(server, token(n))));
  expect(await answers()).toEqual([202, 202, 401]);
  replace(token(2), token(3));
  const [row] = await server.database.rows(`FROM otlp_token_reload('${server.uri}')`);
  expect(row).toEqual({ status: 'reloaded', tokens: '2', error: null });
  expect(await answers()).toEqual([401, 202, 202]);
  // Without being asked, it is looked at once a second.
  replace(token(1));
  await eventually(async () => expect(await answers()).toEqual([202, 401, 401]));
});

test('a file that cannot be used is told, and the tokens stay what they were', async () => {
  replace(token(1));
  const server = await serveWith(`token_file := '${file}'`);
  const reload = async () => (await server.database.rows(`FROM otlp_token_reload('${server.uri}')`))[0];
  for (const [spoil, error] of [
    [() => replace('short'), /line 1 must be at least 16 characters long/],
    [() => replace('# none'), /has no token/],
    [() => replace('sha256:abc'), /line 1 must be sha256: and 64 hex digits/],
    [() => chmodSync(file, 0o644), /must be readable by its owner alone \(mode 0600\), has mode 0644/],
    [() => rmSync(file), /token_file cannot be read: ENOENT/],
  ] as const) {
    spoil();
    expect(await reload()).toMatchObject({ status: 'failed', tokens: '1', error: expect.stringMatching(error) });
    expect(await statusOf(server, token(1))).toBe(202);
  }
  expect(await server.counters('token_file_last_error')).toEqual({
    token_file_last_error: expect.stringContaining('ENOENT'),
  });
  replace(token(2));
  expect(await reload()).toMatchObject({ status: 'reloaded' });
  expect(await server.counters('token_file_last_error')).toEqual({ token_file_last_error: null });
});

test('a reader’s file is one of its own: tokens to send do not read', async () => {
  replace(token(1));
  const database = await openDatabase();
  const [row] = await database.rows(`FROM otlp_query_serve('query:127.0.0.1:0', read_token_file := '${file}')`);
  expect(row!['read_token']).toBe('');
  const uri = String(row!['listen_uri']);
  const ask = async (presented: string) =>
    (
      await send({
        port: Number(/\d+$/.exec(uri)![0]),
        method: 'GET',
        path: '/api/v1/labels',
        headers: { authorization: `Bearer ${presented}` },
      })
    ).status;
  expect([await ask(token(1)), await ask(token(2))]).toEqual([200, 401]);
  replace(token(2));
  expect((await database.rows(`FROM otlp_token_reload('${uri}')`))[0]).toMatchObject({ status: 'reloaded' });
  expect([await ask(token(1)), await ask(token(2))]).toEqual([401, 200]);
});

test('no request fails while tokens are replaced under clients that are given the next one before the last ends', async () => {
  replace(token(0), token(1));
  const server = await serveWith(`token_file := '${file}'`);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(() => agent.destroy());
  const failures: number[] = [];
  let current = 0;
  let isDone = false;
  let sent = 0;
  const body = logsRequest(1);
  const post = (presented: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', authorization: `Bearer ${presented}` };
      const asked = request({ agent, port: server.port, path: '/v1/logs', method: 'POST', headers }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode!));
      });
      asked.once('error', reject);
      asked.end(body);
    });
  /** What each client was last answered with. */
  const used = new Array<number>(CONNECTIONS).fill(-1);
  const clients = used.map(async (_, client) => {
    while (!isDone) {
      const presented = current;
      const status = await post(token(presented));
      used[client] = presented;
      if (status === 202) sent++;
      else failures.push(status);
    }
  });
  for (let next = 1; next <= ROTATIONS; next++) {
    // Both are taken; clients get the next one; once nobody uses the last one, it ends.
    current = next;
    await eventually(async () => expect(used.every((n) => n === next)).toBe(true));
    replace(token(next), token(next + 1));
    expect((await server.database.rows(`FROM otlp_token_reload('${server.uri}')`))[0]).toMatchObject({
      status: 'reloaded',
    });
    expect(await statusOf(server, token(next - 1))).toBe(401);
  }
  isDone = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  expect(await server.counters('total_rows')).toEqual({ total_rows: String(sent) });
});

describe('errors never quote a token', () => {
  const secret = 'a-secret-that-nobody-may-see';
  const thrownBy = (parse: () => unknown): string => {
    try {
      parse();
    } catch (error) {
      return (error as Error).message;
    }
    return 'nothing';
  };
  test.each([
    ['of a file that is no JSON', `{"acme": {"write": ["${secret}"`, 'cannot be parsed'],
    ['of a text where a list must be', `{"acme": {"write": "${secret}"}}`, '"write" of tenant acme must be a list'],
    ['of another use', `{"acme": {"send": ["${secret}"]}}`, 'must have "write" or "read", got "send"'],
    ['of two tenants', `{"a": {"read": ["${secret}"]}, "b": {"read": ["${secret}"]}}`, 'is also a token of tenant a'],
    ['with a space', `{"acme": {"read": [" ${secret}"]}}`, '"read" token 1 of tenant acme must not begin or end with'],
    ['of a bad tenant', `{"a/b": {"read": ["${secret}"]}}`, `a tenant's name must be`],
    ['that is none', '{"acme": {"read": [17]}}', '"read" token 1 of tenant acme must be a text'],
    ['that is missing', '{}', 'has no token'],
  ])('%s', (_, text, said) => {
    const message = thrownBy(() => parseTenantTokens(text, 'tenant_tokens_file'));
    expect(message).toContain(said);
    expect(message).not.toContain(secret);
  });

  test('of a line', () => {
    const message = thrownBy(() => parseTokenLines('ingest')(`${secret}\n${secret}\tx`, 'token_file'));
    expect(message).toContain('the token of line 2 must not have line breaks or other control characters');
    expect(message).not.toContain(secret);
  });
});
