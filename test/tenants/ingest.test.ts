// Whose a row is: said once by a request, on every wire, and kept wherever its rows go.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { Signal } from '../../src/schema/column-declaration.js';
import { telemetryTables } from '../../src/schema/tables.js';
import { exportPath, GrpcClient, withToken } from '../grpc/grpc-client.js';
import { arrowPath, logs, statusIn } from '../grpc/otap-client.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { jsonOf } from '../support/http-client.js';
import {
  type OtelDatabase,
  type OtelServer,
  openDatabase,
  type ServeArguments,
  serve,
} from '../support/otel-database.js';
import { logsRequest, metricsRequest, pathOf, spansRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;
const BY_HEADER: ServeArguments = { tenants: 'header', seal_max_age_ms: NEVER_MS };
/** The longest that a name may be: too long for the slot of a text. */
const LONG = `a-tenant-with-the-longest-name.${'x'.repeat(33)}`;
const bodies: Readonly<Record<Signal, Uint8Array>> = {
  logs: logsRequest(2),
  traces: spansRequest(2),
  metrics: metricsRequest(),
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'otelduck-tenants-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

function postAs(server: OtelServer, tenant: string | undefined, body: Uint8Array, path = '/v1/logs') {
  return server.post(body, { path, headers: tenant === undefined ? {} : { 'X-Tenant-ID': tenant } });
}

/** Rows by tenant, of a table or what stands for one. */
async function counts(database: OtelDatabase, from: string): Promise<Record<string, number>> {
  const rows = await database.rows(
    `SELECT coalesce(tenant_id, 'NULL') AS tenant, count(*)::INTEGER AS rows FROM ${from} GROUP BY ALL ORDER BY ALL`,
  );
  return Object.fromEntries(rows.map(({ tenant, rows }) => [String(tenant), Number(rows)]));
}

/** Port of the listener of option `grpc`. */
async function grpcPortOf({ database }: OtelServer): Promise<number> {
  const uri = await database.value('SELECT listeners[2].uri FROM otlp_server_list()');
  return Number(/\d+$/.exec(String(uri))![0]);
}

/** Sends one log over OTAP, on a stream of its own. */
async function stream(port: number, tenant: string | undefined) {
  const metadata = tenant === undefined ? withToken : { ...withToken, 'x-tenant-id': tenant };
  const call = new GrpcClient(port).stream(arrowPath.logs, metadata);
  call.send(new OtapEncoder('logs').encode(logs(1)));
  const status = statusIn(await call.next());
  call.end();
  return status ?? (await call.ended);
}

test('without tenants no table has the column, whatever a request says', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  expect((await postAs(server, '../../etc', bodies.logs)).status).toBe(202);
  await server.flush();
  for (const { name, columns } of telemetryTables) {
    const found = await server.database.rows(`SELECT column_name FROM (DESCRIBE ${name})`);
    expect(found.map(({ column_name }) => column_name)).toEqual(columns.map((column) => column.name));
    const live = await server.database.rows(
      `SELECT column_name FROM (DESCRIBE FROM ${name.replace('otlp_', 'otlp_live_')}())`,
    );
    expect(live.map(({ column_name }) => column_name)).toEqual(columns.map((column) => column.name));
  }
});

test('every table of every signal says whose its rows are, in memory and committed', async () => {
  const server = await serve(BY_HEADER);
  for (const tenant of ['acme', LONG, undefined, 'globex'])
    for (const [signal, body] of Object.entries(bodies)) {
      expect((await postAs(server, tenant, body, pathOf[signal as Signal])).status).toBe(202);
    }
  for (const { name, signal } of telemetryTables) {
    const rows = signal === 'metrics' ? 1 : 2;
    const expected = { acme: rows, [LONG]: rows, default: rows, globex: rows };
    expect(await counts(server.database, `${name.replace('otlp_', 'otlp_live_')}()`)).toEqual(expected);
  }
  await server.flush();
  for (const { name, signal } of telemetryTables) {
    const rows = signal === 'metrics' ? 1 : 2;
    expect(await counts(server.database, name)).toEqual({ acme: rows, [LONG]: rows, default: rows, globex: rows });
  }
});

test('rows of many tenants share vectors, requests too large for the main thread among them', async () => {
  const server = await serve(BY_HEADER);
  const sent: Record<string, number> = {};
  const tenants = ['a', LONG, 'b', 'exactly-12-b', 'exactly-13-by', `${LONG.slice(0, -1)}y`];
  for (let i = 0; i < 60; i++) {
    const tenant = tenants[(i * 7) % tenants.length]!;
    const rows = i % 10 === 9 ? 2500 : 1 + ((i * 37) % 160);
    sent[tenant] = (sent[tenant] ?? 0) + rows;
    // The body says whose the row is, so that a row of another would be found.
    expect((await postAs(server, tenant, logsRequest(rows, `${tenant} `))).status).toBe(202);
  }
  const mixed = 'SELECT count(*)::INTEGER FROM {from} WHERE NOT starts_with(body, tenant_id)';
  expect(await counts(server.database, 'otlp_live_logs()')).toEqual(sent);
  expect(await server.database.value(mixed.replace('{from}', 'otlp_live_logs()'))).toBe(0);
  await server.flush();
  expect(await counts(server.database, 'otlp_logs')).toEqual(sent);
  expect(await server.database.value(mixed.replace('{from}', 'otlp_logs'))).toBe(0);
});

describe('gRPC and OTAP', () => {
  test('say it in metadata: a call or a stream is of one tenant', async () => {
    const server = await serve({ ...BY_HEADER, grpc: '127.0.0.1:0' });
    const port = await grpcPortOf(server);
    const client = new GrpcClient(port);
    for (const [name, tenant] of [
      ['x-tenant-id', 'acme'],
      ['x-scope-orgid', 'globex'],
    ] as const) {
      const answer = await client.unary(exportPath.logs, bodies.logs, { ...withToken, [name]: tenant });
      expect(answer).toMatchObject({ code: 'OK' });
    }
    expect(await client.unary(exportPath.logs, bodies.logs)).toMatchObject({ code: 'OK' });
    expect(await client.unary(exportPath.logs, bodies.logs, { ...withToken, 'x-tenant-id': 'a b' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: expect.stringContaining('got "a b"'),
    });
    for (const tenant of ['acme', 'initech', undefined])
      expect(await stream(port, tenant)).toMatchObject({ statusCode: 'OK' });
    expect(await stream(port, '..')).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await counts(server.database, 'otlp_live_logs()')).toEqual({ acme: 3, default: 3, globex: 2, initech: 1 });
  });
});

describe('a name', () => {
  test.each([
    ['', 'beginning with a letter or a digit'],
    ['a b', 'got "a b"'],
    ['a/b', 'got "a/b"'],
    ['..', 'got ".."'],
    ['.hidden', 'got ".hidden"'],
    ['__HIVE_DEFAULT_PARTITION__', 'beginning with a letter'],
    ['NULL', 'and not "null"'],
    ['a,b', 'got "a,b"'],
    ['a|b', 'got "a|b"'],
    [`${LONG}y`, `1 to 64 of`],
    ['ä', 'A-Z, a-z, 0-9'],
  ])('%j is refused, and never another tenant', async (name, said) => {
    const server = await serve(BY_HEADER);
    const answer = await postAs(server, name, bodies.logs);
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)).toMatchObject({
      error: 'bad_request',
      message: expect.stringContaining(name === '' ? 'must name its tenant' : said),
    });
    expect(await server.counters('buffered_rows', 'admitted_bytes')).toEqual({
      buffered_rows: '0',
      admitted_bytes: '0',
    });
  });

  test('that two headers give differently is refused, and one that they agree on is taken', async () => {
    const server = await serve(BY_HEADER);
    const as = (one: string, other: string) =>
      server.post(bodies.logs, { headers: { 'X-Tenant-ID': one, 'X-Scope-OrgID': other } });
    expect((await as('acme', 'acme')).status).toBe(202);
    const answer = await as('acme', 'globex');
    expect(answer.status).toBe(400);
    expect(jsonOf(answer)['message']).toContain('must name the same tenant, got "acme" and "globex"');
  });

  test('is asked for where there is no default', async () => {
    const server = await serve({ ...BY_HEADER, default_tenant: '' });
    const answer = await postAs(server, undefined, bodies.logs);
    expect([answer.status, jsonOf(answer)['message']]).toEqual([400, expect.stringContaining('must name its tenant')]);
    expect((await postAs(server, 'acme', bodies.logs)).status).toBe(202);
  });
});

describe('tables', () => {
  test('that exist get the column, and their rows are nobody’s', async () => {
    const database = await openDatabase();
    const before = await database.serve({ seal_max_age_ms: NEVER_MS });
    await before.post(bodies.logs);
    await before.stop();
    const server = await database.serve(BY_HEADER);
    await postAs(server, 'acme', bodies.logs);
    expect(await counts(database, 'otlp_live_logs()')).toEqual({ NULL: 2, acme: 2 });
    await server.stop();
    // A server without tenants goes on with tables that have the column.
    const after = await database.serve({ seal_max_age_ms: NEVER_MS });
    await after.post(bodies.logs);
    expect(await counts(database, 'otlp_live_logs()')).toEqual({ NULL: 4, acme: 2 });
  });

  test('that may not be changed and lack it are refused', async () => {
    const database = await openDatabase();
    await (await database.serve({})).stop();
    await expect(database.serve({ ...BY_HEADER, create_tables: false })).rejects.toThrow(
      'expected a column tenant_id VARCHAR, found none',
    );
  });
});

test('an export has a folder for each tenant, and its view reads those alone that are asked for', async () => {
  const server = await serve({ ...BY_HEADER, parquet_export_path: folder });
  const sent = { '2024': 2, [LONG]: 2, acme: 4 };
  for (const tenant of ['acme', '2024', LONG, 'acme']) await postAs(server, tenant, logsRequest(2, `${tenant} `));
  expect(await counts(server.database, 'otlp_live_logs()')).toEqual(sent);
  expect((await server.flush())['error']).toBeNull();
  // One tenant and one day: a file without partitioning.
  await postAs(server, 'alone', logsRequest(1, 'alone '));
  expect((await server.flush())['error']).toBeNull();
  expect(readdirSync(join(folder, 'otlp_logs')).sort()).toEqual(
    ['2024', LONG, 'acme', 'alone'].map((tenant) => `tenant=${tenant}`).sort(),
  );
  for (const from of ['otlp_logs', 'otlp_live_logs()']) {
    expect(await counts(server.database, from)).toEqual({ ...sent, alone: 1 });
    expect(
      await server.database.value(`SELECT count(*)::INTEGER FROM ${from} WHERE NOT starts_with(body, tenant_id)`),
    ).toBe(0);
  }
  const [{ explain_value }] = (await server.database.rows(
    "EXPLAIN ANALYZE SELECT body FROM otlp_logs WHERE tenant_id = 'alone'",
  )) as [{ explain_value: string }];
  expect(explain_value).toMatch(/Scanning Files: 1\/4/);
});

test('folders without tenants are not read beside those with them', async () => {
  const database = await openDatabase();
  const plain = await database.serve({ parquet_export_path: folder, seal_max_age_ms: NEVER_MS });
  await plain.post(bodies.logs);
  await plain.stop();
  await expect(database.serve({ ...BY_HEADER, parquet_export_path: folder })).rejects.toThrow(
    /has files that are not in folders of tenants/,
  );
});

describe('a journal', () => {
  const journaled = () => ({ ...BY_HEADER, durability: 'journal', journal_path: join(folder, 'journal') });

  /** Stops with a target that fails: what the journal has stays there, as after a crash. */
  async function stopUnsealed(server: OtelServer): Promise<void> {
    await server.database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
    await server.stop();
    await server.database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
  }

  test('gives back each row to its tenant, of requests and of streams', async () => {
    const database = await openDatabase();
    const server = await database.serve({ ...journaled(), grpc: '127.0.0.1:0' });
    expect(await stream(await grpcPortOf(server), 'acme')).toMatchObject({ statusCode: 'OK' });
    await postAs(server, 'acme', logsRequest(3, 'acme '));
    await postAs(server, LONG, logsRequest(2000, `${LONG} `));
    await postAs(server, undefined, logsRequest(1, 'default '));
    expect(await counts(database, 'otlp_live_logs()')).toEqual({ acme: 4, [LONG]: 2000, default: 1 });
    await stopUnsealed(server);
    const again = await database.serve(journaled());
    expect(await again.counters('replayed_rows_total')).toEqual({ replayed_rows_total: '2005' });
    await again.flush();
    expect(await counts(database, 'otlp_logs')).toEqual({ acme: 4, [LONG]: 2000, default: 1 });
    const mixed = "SELECT count(*)::INTEGER FROM otlp_logs WHERE NOT starts_with(body, tenant_id) AND body <> 'log 0'";
    expect(await database.value(mixed)).toBe(0);
  });

  test('of a server with tenants is not replayed by one without, which would not keep them apart', async () => {
    const database = await openDatabase();
    const server = await database.serve(journaled());
    await postAs(server, 'acme', logsRequest(3));
    await stopUnsealed(server);
    await expect(database.serve({ ...journaled(), tenants: 'none' })).rejects.toThrow(
      "its rows are of tenant acme, and tenants is 'none'",
    );
    await (await database.serve(journaled())).stop();
    expect(await counts(database, 'otlp_logs')).toEqual({ acme: 3 });
  });

  test('of a server without tenants is replayed by one with them: those rows are nobody’s', async () => {
    const database = await openDatabase();
    const server = await database.serve({ ...journaled(), tenants: 'none' });
    await postAs(server, 'acme', logsRequest(3));
    await stopUnsealed(server);
    const again = await database.serve(journaled());
    await postAs(again, 'acme', logsRequest(1));
    await again.stop();
    expect(await counts(database, 'otlp_logs')).toEqual({ NULL: 3, acme: 1 });
  });
});
