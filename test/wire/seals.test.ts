// When rows are committed, and what the lists say before, while and after.

import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { serve } from '../support/otel-database.js';
import { logsRequest, metricsRequest, spansRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;
const logs = logsRequest(10);
const count = 'SELECT count(*) FROM otlp_logs';

describe('rows are committed', () => {
  test('once admitted bytes reach seal_target_bytes, and not before', async () => {
    const server = await serve({ seal_target_bytes: 3 * logs.length, seal_max_age_ms: NEVER_MS });
    await server.post(logs);
    await server.post(logs);
    // A seal that had been requested would be done, or hold the row back from this list, before the next answer.
    expect(await server.counters('seals_total', 'buffered_rows')).toEqual({ seals_total: '0', buffered_rows: '20' });
    await server.post(logs);
    await eventually(async () => expect(await server.database.value(count)).toBe('30'));
    expect(await server.seals()).toMatchObject([{ rows_committed: '30', admitted_bytes: String(3 * logs.length) }]);
  });

  test('once the oldest row is seal_max_age_ms old', async () => {
    const server = await serve({ seal_max_age_ms: 20 });
    await server.post(logs);
    await eventually(async () => expect(await server.database.value(count)).toBe('10'));
    await server.post(logs);
    await eventually(async () => expect(await server.database.value(count)).toBe('20'));
    expect(await server.seals()).toMatchObject([{ rows_committed: '10' }, { rows_committed: '10' }]);
  });

  test('by a flush, before it returns', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(logs);
    expect(await server.flush()).toEqual({ status: 'sealed', sealed_rows: '10', seals_total: '1', error: null });
    expect(await server.database.value(count)).toBe('10');
  });

  test('by a stop, before it returns', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(logs);
    expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
    expect(await server.database.value(count)).toBe('10');
  });

  test('by the end of the plugin, which says how many', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(logs);
    expect(await server.database.otel.close()).toEqual([{ name: server.uri, committedRows: 10, droppedRows: 0 }]);
    expect(await server.database.value(count)).toBe('10');
  });
});

test('a flush with nothing buffered is sealed, 0 rows, and no seal', async () => {
  const server = await serve();
  expect(await server.flush()).toEqual({ status: 'sealed', sealed_rows: '0', seals_total: '0', error: null });
  expect(await server.seals()).toEqual([]);
  expect(await server.counters('seals_total', 'last_seal_age_ms')).toEqual({
    seals_total: '0',
    last_seal_age_ms: null,
  });
});

test('the database that was opened is left as it is, however many seals there were', async () => {
  const server = await serve({ seal_max_age_ms: 1 });
  for (let seals = 1; seals <= 20; seals++) {
    await server.post(logs);
    await eventually(async () => expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' }));
  }
  expect(await server.counters('seals_total', 'maintenance_runs_total', 'maintenance_failures_total')).toEqual({
    seals_total: '20',
    maintenance_runs_total: '0',
    maintenance_failures_total: '0',
  });
});

test('tables of all signals are committed in one transaction', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logs);
  await server.post(spansRequest(4), { path: '/v1/traces' });
  await server.post(metricsRequest(), { path: '/v1/metrics' });
  expect(await server.flush()).toEqual({ status: 'sealed', sealed_rows: '19', seals_total: '1', error: null });
  const tables = [
    'otlp_logs',
    'otlp_traces',
    ...['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'].map((kind) => `otlp_metrics_${kind}`),
  ];
  const counts = await Promise.all(tables.map((table) => server.database.value(`SELECT count(*) FROM ${table}`)));
  expect(counts).toEqual(['10', '4', '1', '1', '1', '1', '1']);
});

test('many requests at once, flushes between them: every row once', async () => {
  const server = await serve({ seal_target_bytes: 4 * logs.length, seal_max_age_ms: 50 });
  let isDone = false;
  const flushing = (async () => {
    while (!isDone) await server.flush();
  })();
  const posts = Array.from({ length: 60 }, (_, i) => server.post(logsRequest(10, `request ${i} row `)));
  expect((await Promise.all(posts)).map(({ status }) => status)).toEqual(posts.map(() => 202));
  isDone = true;
  await flushing;
  await server.flush();
  expect(await server.database.rows('SELECT count(*) AS n, count(DISTINCT body) AS bodies FROM otlp_logs')).toEqual([
    { n: '600', bodies: '600' },
  ]);
  expect(
    await server.counters('total_rows', 'committed_rows_total', 'buffered_rows', 'admitted_bytes', 'buffered_bytes'),
  ).toEqual({
    total_rows: '600',
    committed_rows_total: '600',
    buffered_rows: '0',
    admitted_bytes: '0',
    buffered_bytes: '0',
  });
});

test('the counters and ages of otlp_server_list are true at each step', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS, seal_target_bytes: 1 << 20 });
  const idle = {
    listen_uri: server.uri,
    listen_url: server.uri.replace('otlp:', 'http://'),
    host: '127.0.0.1',
    port: server.port,
    catalog_name: '',
    schema_name: 'main',
    active_requests: '0',
    total_requests: '0',
    total_rows: '0',
    buffered_rows: '0',
    admitted_bytes: '0',
    buffered_bytes: '0',
    seal_target_bytes: String(1 << 20),
    seal_max_age_ms: String(NEVER_MS),
    oldest_buffered_age_ms: null,
    last_seal_age_ms: null,
    seals_total: '0',
    committed_rows_total: '0',
    seal_failures_total: '0',
    is_listening: true,
    last_error: null,
    seal_last_error: null,
    maintenance_runs_total: '0',
    maintenance_failures_total: '0',
    last_maintenance_age_ms: null,
    maintenance_last_error: null,
  };
  const started = (await server.status())!;
  expect(started).toMatchObject(idle);
  // Columns that were added later stand at the end.
  expect(Object.keys(started).slice(0, 26)).toEqual(Object.keys(idle));

  const postedMs = Date.now();
  await server.post(logs);
  await server.post('', {});
  const buffered = (await server.status())!;
  expect(buffered).toMatchObject({
    ...idle,
    total_requests: '2',
    total_rows: '10',
    buffered_rows: '10',
    admitted_bytes: String(logs.length),
    buffered_bytes: expect.stringMatching(/^[1-9]/),
    oldest_buffered_age_ms: expect.any(String),
  });
  expect(Number(buffered['oldest_buffered_age_ms'])).toBeLessThanOrEqual(Date.now() - postedMs + 1);

  const flushedMs = Date.now();
  await server.flush();
  const committed = (await server.status())!;
  expect(committed).toMatchObject({
    ...idle,
    total_requests: '2',
    total_rows: '10',
    last_seal_age_ms: expect.any(String),
    seals_total: '1',
    committed_rows_total: '10',
  });
  expect(Number(committed['last_seal_age_ms'])).toBeLessThanOrEqual(Date.now() - flushedMs + 1);
  await eventually(async () => {
    expect(Number((await server.status())!['last_seal_age_ms'])).toBeGreaterThan(Number(committed['last_seal_age_ms']));
  });
});

test('otlp_seal_list tells each attempt', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  const beforeMs = Date.now();
  await server.post(logs);
  await server.flush();
  await server.post(logs);
  await server.post(logs);
  await server.flush();
  const seals = await server.seals();
  expect(seals).toEqual(
    [
      ['1', '10', logs.length, '10'],
      ['2', '20', 2 * logs.length, '30'],
    ].map(([sequence, rows, bytes, total]) => ({
      listen_uri: server.uri,
      seal_sequence: sequence,
      started_unix_ms: expect.any(String),
      completed_unix_ms: expect.any(String),
      duration_ms: expect.any(String),
      append_duration_ms: expect.any(String),
      commit_duration_ms: expect.any(String),
      rows_committed: rows,
      admitted_bytes: String(bytes),
      success: true,
      seals_total: sequence,
      seal_failures_total: '0',
      committed_rows_total: total,
      error: null,
    })),
  );
  for (const seal of seals) {
    const [started, completed, duration, append, commit] = [
      'started_unix_ms',
      'completed_unix_ms',
      'duration_ms',
      'append_duration_ms',
      'commit_duration_ms',
    ].map((name) => Number(seal[name]));
    expect(started).toBeGreaterThanOrEqual(beforeMs);
    expect(completed).toBeGreaterThanOrEqual(started!);
    // Two clocks, read one after the other: a process may have to wait between.
    expect(Math.abs(completed! - started! - duration!)).toBeLessThanOrEqual(1000);
    // Each is rounded by itself.
    expect(append! + commit!).toBeLessThanOrEqual(duration! + 2);
  }
});

test('otlp_seal_list keeps the last 256 attempts of a server', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.database.rows('DROP TABLE otlp_logs');
  await server.post(logs);
  for (let i = 0; i < 260; i++) await server.flush();
  const [listed] = await server.database.rows(
    'SELECT count(*) AS n, max(seal_sequence) - min(seal_sequence) AS span, min(seal_sequence) > 4 AS forgot FROM otlp_seal_list()',
  );
  expect(listed).toEqual({ n: '256', span: '255', forgot: true });
});

test('the seals of a stopped server are no longer listed', async () => {
  const server = await serve();
  await server.post(logs);
  await server.stop();
  expect(await server.status()).toBeUndefined();
  expect(await server.seals()).toEqual([]);
});
