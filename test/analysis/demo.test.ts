// The demo as a newcomer meets it: what is in the tables when its hours have been sent, and while it goes on.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Demo, faultAt, runDemo } from '../../src/demo/run-demo.js';
import { faults } from '../../src/demo/shop.js';
import { eventually } from '../support/eventually.js';
import { OtelDatabase, type OtelServer, SEVERAL_THREADS } from '../support/otel-database.js';

let database: OtelDatabase;
let server: OtelServer;
let demo: Demo;
const failures: string[] = [];
beforeAll(async () => {
  database = await OtelDatabase.open(':memory:', SEVERAL_THREADS);
  server = await database.serve({ disable_auth: true });
  demo = runDemo({ url: `http://127.0.0.1:${server.port}`, failed: (message) => failures.push(message) });
  await demo.filled;
});
afterAll(async () => {
  await demo.stop();
  await database.close();
});

const MINUTE_US = 60_000_000;

test('its six services are there, and what they call', async () => {
  expect(await database.rows('SELECT service FROM otlp_services() ORDER BY ALL')).toEqual(
    ['catalog', 'checkout', 'gateway', 'inventory', 'payment', 'search'].map((service) => ({ service })),
  );
  const calls = await database.rows('SELECT client, server, connection_type AS type FROM otlp_service_map()');
  expect(calls).toContainEqual({ client: 'checkout', server: 'payment', type: 'rpc' });
  expect(calls).toContainEqual({ client: 'checkout', server: 'mysql', type: 'database' });
  expect(calls).toHaveLength(9);
});

test('what goes wrong is blamed, as the story has it', async () => {
  expect(demo.story.join(' ')).toContain('error cascade (payment)');
  expect((await database.rows('FROM otlp_root_cause()'))[0]).toMatchObject({ rank: 1, service: 'payment' });
  const anomalies = await database.rows('SELECT DISTINCT type, service FROM otlp_anomalies()');
  // An earlier fault shows, too.
  expect(anomalies).toEqual(
    expect.arrayContaining([
      { type: 'error_spike', service: 'payment' },
      { type: 'latency', service: 'catalog' },
    ]),
  );
});

test('errors lead to their logs, and metrics agree with spans', async () => {
  const [{ logged, failed } = {}] = await database.rows(`
    SELECT count(*) AS failed, count(l.body) AS logged FROM otlp_live_traces() t
    LEFT JOIN otlp_live_logs() l ON l.trace_id = t.trace_id AND l.span_id = t.span_id AND l.severity_text = 'ERROR'
    WHERE t.kind = 2 AND t.status_code = 2`);
  expect(Number(failed)).toBeGreaterThan(20);
  expect(logged).toBe(failed);
  // One request of ten has a trace; metrics count all, up to 30 s ago.
  const [{ counted, traced } = {}] = await database.rows(`
    SELECT (SELECT sum(n) FROM (SELECT max(count) AS n FROM otlp_live_metrics_histogram() GROUP BY service_name, metric_attributes)) AS counted,
      (SELECT count(*) FROM otlp_live_traces() WHERE kind = 2) AS traced`);
  expect(Number(counted) / Number(traced)).toBeGreaterThan(9.9);
  expect(Number(counted) / Number(traced)).toBeLessThanOrEqual(10);
  expect(
    await database.value(
      "SELECT count(*) > 5000 FROM otlp_live_metrics_gauge() WHERE name = 'process.cpu.utilization'",
    ),
  ).toBe(true);
});

test('it goes on, and says once that it cannot', async () => {
  const newest = () => database.value('SELECT epoch_ms(max(start_time_unix_nano)) FROM otlp_live_traces()');
  const before = Number(await newest());
  await eventually(async () => expect(Number(await newest())).toBeGreaterThan(before));
  await server.stop();
  await eventually(async () =>
    expect(failures).toEqual([expect.stringMatching(/^the demo cannot send telemetry to http/)]),
  );
  await demo.stop();
  await demo.stop();
});

test('each fault has its turn, with quiet between', () => {
  const seen = Array.from({ length: 100 }, (_, minute) => faultAt((minute + 0.5) * MINUTE_US));
  expect(new Set(seen)).toEqual(new Set([undefined, ...Object.keys(faults)]));
  expect(seen.slice(0, 6)).toEqual([
    'error cascade',
    'error cascade',
    'error cascade',
    'error cascade',
    undefined,
    undefined,
  ]);
  // What was usual has no faults in it.
  expect([-180, -120, -60, -50].map((minute) => faultAt(minute * MINUTE_US))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});
