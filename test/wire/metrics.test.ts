// What Prometheus scrapes and orchestrators probe, of a server at work.

import { expect, test } from 'vitest';
import { acceptedFormat, metricsText } from '../../src/control/metrics-text.js';
import { jsonOf } from '../support/http-client.js';
import { type OtelServer, openDatabase, serve } from '../support/otel-database.js';
import { logsRequest, metricsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

/** Samples of a scrape: what stands before the last space → the value. */
async function scraped(server: OtelServer, headers: Record<string, string> = {}): Promise<Map<string, string>> {
  const { status, text } = await server.get('/metrics', { headers });
  expect(status).toBe(200);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), line.slice(line.lastIndexOf(' ') + 1)]));
}

test('counts requests by signal and outcome, and tells durations and sizes as histograms', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  const body = logsRequest(3);
  await server.post(body);
  await server.post(body);
  await server.post(metricsRequest(), { path: '/v1/metrics' });
  await server.post('no protobuf');
  await server.post(body, { headers: { authorization: 'Bearer wrong' } });
  await server.flush();

  const samples = await scraped(server);
  const value = (name: string, labels = '') => samples.get(`otelduck_${name}{listen_uri="${server.uri}"${labels}}`);
  expect(value('requests_total', ',signal="logs",outcome="accepted"')).toBe('2');
  expect(value('requests_total', ',signal="logs",outcome="bad_request"')).toBe('1');
  expect(value('requests_total', ',signal="logs",outcome="unauthorized"')).toBe('1');
  expect(value('requests_total', ',signal="metrics",outcome="accepted"')).toBe('1');
  expect(value('rows_total')).toBe('11');
  expect(value('committed_rows_total')).toBe('11');
  expect(value('buffered_rows')).toBe('0');
  expect(value('seal_max_age_seconds')).toBe('3600');
  expect(value('listening')).toBe('1');
  expect(value('target_up')).toBe('1');
  expect(value('journal_up')).toBe('1');
  // Bodies that were read: one of the four did not get so far.
  expect(value('body_bytes_count', ',signal="logs"')).toBe('3');
  expect(value('body_bytes_sum', ',signal="logs"')).toBe(String(2 * body.length + 'no protobuf'.length));
  expect(value('ack_seconds_count', ',signal="logs"')).toBe('4');
  expect(value('ack_seconds_bucket', ',signal="logs",le="+Inf"')).toBe('4');
  expect(value('seal_seconds_count', ',phase="total"')).toBe('1');
  expect(Number(value('seal_seconds_sum', ',phase="total"'))).toBeGreaterThan(0);
  expect(Number(samples.get('process_resident_memory_bytes'))).toBeGreaterThan(1e6);
});

test('SQL and HTTP tell the same, whichever path is asked', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  await server.post(logsRequest(1));
  const rows = await server.database.rows(
    "SELECT name, labels, value FROM otlp_metrics() WHERE name LIKE 'otelduck_%' AND NOT regexp_matches(name, 'event_loop|_age_seconds|_connections$')",
  );
  const lines = new Set((await server.get('/metrics/prometheus')).text.split('\n'));
  expect(rows.length).toBeGreaterThan(60);
  const missing = rows
    .map(({ name, labels, value }) => {
      const listed = Object.entries(JSON.parse(String(labels))).map(([label, is]) => `${label}="${is}"`);
      return `${name}${listed.length === 0 ? '' : `{${listed}}`} ${value}`;
    })
    .filter((line) => !lines.has(line));
  expect(missing).toEqual([]);
});

test('speaks OpenMetrics to those who prefer it', async () => {
  const server = await serve();
  await server.post(logsRequest(1));
  const prometheus3 =
    'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
  const { headers, text } = await server.get('/metrics', { headers: { accept: prometheus3 } });
  expect(headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
  expect(text).toContain('\n# TYPE otelduck_requests counter\n');
  expect(text).toContain('\n# UNIT otelduck_ack_seconds seconds\n');
  expect(text).toMatch(/\n# EOF\n$/);
  const plain = await server.get('/metrics');
  expect(plain.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(plain.text).toContain('\n# TYPE otelduck_requests_total counter\n');
  expect(plain.text).not.toContain('# EOF');
});

test.each([
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/plain, application/openmetrics-text;q=0.9', 'prometheus'],
  ['application/openmetrics-text, text/plain', 'openMetrics'],
  ['application/openmetrics-text;q=0', 'prometheus'],
  ['image/png', 'prometheus'],
] as const)('Accept: %s gives %s', (accept, format) => {
  expect(acceptedFormat(accept)).toBe(format);
});

test('texts of labels and docs cannot break lines or quotes', () => {
  const family = {
    name: 'odd_total',
    type: 'counter',
    doc: 'a "doc"\nof \\ two',
    series: [{ labels: { a: 'x"\\\ny' }, value: Number.POSITIVE_INFINITY }],
  } as const;
  expect(metricsText([family], 'prometheus')).toBe(
    '# HELP odd_total a "doc"\\nof \\\\ two\n# TYPE odd_total counter\nodd_total{a="x\\"\\\\\\ny"} +Inf\n',
  );
  expect(metricsText([family], 'openMetrics')).toContain('# HELP odd a \\"doc\\"\\nof \\\\ two\n');
});

test('all servers of the process are in every scrape, each with its URI', async () => {
  const database = await openDatabase();
  const [first, second] = [await database.serve(), await database.serve()];
  await second.post(logsRequest(2));
  const samples = await scraped(first);
  expect(samples.get(`otelduck_rows_total{listen_uri="${first.uri}"}`)).toBe('0');
  expect(samples.get(`otelduck_rows_total{listen_uri="${second.uri}"}`)).toBe('2');
});

test('/live is alive whatever happens, /ready names what is wrong', async () => {
  const server = await serve({ seal_max_age_ms: NEVER_MS });
  expect(jsonOf(await server.get('/live'))).toEqual({ status: 'alive' });
  expect(jsonOf(await server.get('/ready'))).toEqual({
    ready: true,
    checks: { listeners: 'ok', journal: 'ok', seals: 'ok' },
  });
  await server.database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
  await server.post(logsRequest(1));
  await server.flush();
  const stuck = await server.get('/ready');
  expect(stuck.status).toBe(503);
  expect(jsonOf(stuck)).toEqual({ ready: false, checks: { listeners: 'ok', journal: 'ok', seals: 'stuck' } });
  expect((await server.get('/live')).status).toBe(200);
  expect((await scraped(server)).get(`otelduck_target_up{listen_uri="${server.uri}"}`)).toBe('0');
  await server.database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
});
