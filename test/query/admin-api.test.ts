// Administration over HTTP: what operators' scripts send and read.

import { expect, onTestFinished, test } from 'vitest';
import { jsonOf, send } from '../support/http-client.js';
import { OtelDatabase } from '../support/otel-database.js';
import { logsRequest, pathOf, spansRequest } from '../support/telemetry.js';

const READ = 'a-token-that-reads';
const ADMIN = 'a-token-that-administers';
const NEVER_MS = 3_600_000;

/** A database with some servers, and how to ask its admin API. */
async function administered(servers: number, options = {}) {
  const database = await OtelDatabase.open();
  onTestFinished(() => database.close());
  const all = [];
  for (let i = 0; i < servers; i++) all.push(await database.serve({ seal_max_age_ms: NEVER_MS, ...options }));
  const port = await database.value(
    `SELECT regexp_extract(listen_uri, '\\d+$')::INTEGER
     FROM otlp_query_serve('query:127.0.0.1:0', apis := 'admin', read_token := '${READ}', admin_token := '${ADMIN}')`,
  );
  const ask = (method: string, path: string, token = ADMIN) =>
    send({
      port: Number(port),
      path: `/api/admin/${path}`,
      method,
      headers: { authorization: `Bearer ${token}`, 'content-length': '0' },
    });
  return { database, servers: all, ask };
}

test('a token that only reads may neither look nor change', async () => {
  const { ask } = await administered(1);
  for (const [method, path] of [
    ['GET', 'health/storage'],
    ['GET', 'health/ingest'],
    ['GET', 'health/maintenance'],
    ['GET', 'health/queries'],
    ['POST', 'maintenance/pause'],
    ['POST', 'maintenance/resume'],
    ['POST', 'maintenance/seal'],
    ['POST', 'maintenance/retention/dry-run'],
    ['POST', 'maintenance/retention/run'],
  ] as const) {
    expect((await ask(method, path, READ)).status, path).toBe(403);
    expect((await ask(method, path, 'of-nobody-at-all')).status, path).toBe(401);
  }
});

test('health is told in the words of the peer', async () => {
  const { servers, ask } = await administered(1, { retention_days: 7, retention_days_traces: 3 });
  const [server] = servers;
  await server!.post(logsRequest(3));
  await server!.post(spansRequest(2), { path: pathOf.traces });
  expect(jsonOf(await ask('GET', 'health/ingest'))).toMatchObject({
    healthy: true,
    listen_uri: server!.uri,
    raw_spool_healthy: true,
    inflight: 0,
    paused: false,
    admission: { buffered_rows: 5 },
    raw_spool: null,
  });
  expect(jsonOf(await ask('POST', 'maintenance/seal'))).toMatchObject({ status: 'ok', sealed_rows: 5 });
  expect(jsonOf(await ask('GET', 'health/storage'))).toMatchObject({
    healthy: true,
    mode: 'duckdb',
    ducklake_catalog: null,
    last_error: null,
    capabilities: { insert: true, query: true, whole_day_retention: true },
    logical_rows: { otlp_logs: 3, otlp_traces: 2, otlp_metrics_gauge: 0 },
    freshness_watermarks: {
      otlp_logs: { timestamp: expect.stringMatching(/^2023-/), event_lag_seconds: expect.any(Number) },
      otlp_metrics_gauge: null,
    },
  });
  expect(jsonOf(await ask('GET', 'health/maintenance'))).toMatchObject({
    healthy: true,
    paused: false,
    last_runs: {},
    last_failures: {},
    retention_days: { logs: 7, spans: 3, metrics: 7 },
    scheduler_jobs: ['retention'],
  });
  expect(jsonOf(await ask('GET', 'health/queries'))).toMatchObject({ healthy: true, admission: { running: 0 } });
});

test('a dry run and a run of retention answer by table', async () => {
  const { servers, ask } = await administered(1);
  await servers[0]!.post(logsRequest(3));
  await servers[0]!.flush();
  const logs = (answer: { text: string }) =>
    (JSON.parse(answer.text) as { retention: { tables: object[] } }).retention.tables[0];
  const counted = { table: 'otlp_logs', retention_days: 0, cutoff_date: '2024-01-01', matching_rows: 3, error: null };
  const dry = await ask('POST', 'maintenance/retention/dry-run?before=2024-01-01');
  expect(jsonOf(dry)).toMatchObject({ status: 'ok', dry_run: true });
  expect(logs(dry)).toMatchObject({ ...counted, deleted_rows: 0 });
  const run = await ask('POST', 'maintenance/retention/run?before=2024-01-01');
  expect(jsonOf(run)).toMatchObject({ status: 'ok', dry_run: false });
  expect(logs(run)).toMatchObject({ ...counted, deleted_rows: 3 });
  const wrong = await ask('POST', 'maintenance/retention/run?before=yesterday');
  expect([wrong.status, String(jsonOf(wrong)['message'])]).toEqual([
    400,
    expect.stringContaining("before must be a day such as 2026-01-31, got 'yesterday'"),
  ]);
});

test('what is paused is not healthy: 503 with the same document, until it goes on', async () => {
  const { servers, ask } = await administered(1);
  expect(jsonOf(await ask('POST', 'maintenance/pause'))).toEqual({ paused: true, what: 'maintenance' });
  // As intended: nothing piles up that a client would notice.
  expect((await ask('GET', 'health/maintenance')).status).toBe(200);
  expect(jsonOf(await ask('GET', 'health/maintenance'))).toMatchObject({ paused: true });
  expect(jsonOf(await ask('POST', 'maintenance/pause?what=ingest'))).toEqual({ paused: true, what: 'ingest' });
  const paused = await ask('GET', 'health/ingest');
  expect([paused.status, jsonOf(paused)]).toMatchObject([503, { healthy: false, paused: true, inflight: 0 }]);
  const refused = await servers[0]!.post(logsRequest(1));
  expect([refused.status, jsonOf(refused)['error'], refused.headers['retry-after']]).toEqual([503, 'paused', '1']);
  expect((await servers[0]!.get('/readyz')).status).toBe(503);
  expect(jsonOf(await servers[0]!.get('/ready'))).toMatchObject({ ready: false, checks: { ingest: 'paused' } });
  expect(jsonOf(await ask('POST', 'maintenance/resume?what=ingest'))).toEqual({ paused: false, what: 'ingest' });
  expect((await servers[0]!.post(logsRequest(1))).status).toBe(202);
  expect((await servers[0]!.get('/readyz')).status).toBe(200);
  expect((await ask('POST', 'maintenance/pause?what=all')).status).toBe(400);
});

test('with several servers a change names its server, and health is that of all', async () => {
  const { servers, ask } = await administered(2);
  const [one, other] = servers;
  const unclear = await ask('POST', 'maintenance/pause?what=ingest');
  expect([unclear.status, jsonOf(unclear)['error']]).toEqual([409, 'conflict']);
  expect((await ask('POST', `maintenance/pause?what=ingest&uri=${one!.uri}`)).status).toBe(200);
  const all = await ask('GET', 'health/ingest');
  expect([all.status, jsonOf(all)]).toMatchObject([
    503,
    {
      healthy: false,
      servers: [
        { listen_uri: one!.uri, paused: true },
        { listen_uri: other!.uri, paused: false },
      ],
    },
  ]);
  expect((await ask('GET', `health/ingest?uri=${other!.uri}`)).status).toBe(200);
  const unknown = await ask('POST', 'maintenance/seal?uri=otlp:127.0.0.1:9');
  expect([unknown.status, jsonOf(unknown)['error']]).toEqual([404, 'not_found']);
});

test('without a server there is nothing to change, and nothing wrong', async () => {
  const { ask } = await administered(0);
  expect(jsonOf(await ask('GET', 'health/storage'))).toEqual({ healthy: true, servers: [] });
  expect((await ask('POST', 'maintenance/seal')).status).toBe(404);
});

test('a retention that has failed three times in a row is not healthy, and why is told', async () => {
  const { database, servers, ask } = await administered(1);
  await database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  for (const expected of [200, 200, 503]) {
    await database.rows(`FROM otlp_retention('${servers[0]!.uri}', dry_run := false, before := '2024-01-01')`);
    expect((await ask('GET', 'health/maintenance')).status).toBe(expected);
  }
  expect(jsonOf(await ask('GET', 'health/maintenance'))).toMatchObject({
    healthy: false,
    last_failures: { retention: { consecutive: 3, reason: expect.stringContaining('otlp_logs') } },
  });
  expect(
    await database.rows("SELECT healthy, consecutive_failures FROM otlp_health() WHERE subsystem = 'retention'"),
  ).toEqual([{ healthy: false, consecutive_failures: '3' }]);
});

test('/healthz tells numbers to whoever has the token, and to others that the process answers', async () => {
  const { servers } = await administered(2);
  const [server] = servers;
  await server!.post(logsRequest(3));
  const asked = (headers: Record<string, string>) => server!.get('/healthz', { headers });
  expect(jsonOf(await asked({}))).toEqual({ status: 'ok' });
  expect(jsonOf(await asked({ authorization: 'Bearer of-nobody-at-all' }))).toEqual({ status: 'ok' });
  expect(jsonOf(await asked({ authorization: 'Bearer a-token-for-tests' }))).toMatchObject({
    status: 'ok',
    metrics: { otelduck_rows_total: 3, otelduck_listening: 1, process_resident_memory_bytes: expect.any(Number) },
  });
});
