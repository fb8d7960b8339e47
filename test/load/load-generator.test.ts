import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LoadGenerator } from '../../src/load/load-generator.js';
import type { LoadPlan } from '../../src/load/load-plan.js';
import { TestAuthority } from '../support/certificates.js';
import { openDatabase } from '../support/otel-database.js';
import { shortLoad } from './load-plans.js';

const tables = [
  'otlp_logs',
  'otlp_traces',
  'otlp_metrics_gauge',
  'otlp_metrics_sum',
  'otlp_metrics_histogram',
  'otlp_metrics_exp_histogram',
  'otlp_metrics_summary',
];

describe('every way to send', () => {
  const ways: readonly Partial<LoadPlan>[] = [
    { encoding: 'protobuf' },
    { encoding: 'json' },
    { encoding: 'protobuf', compression: 'gzip' },
    { encoding: 'protobuf', compression: 'gzip', isNumbered: true },
    { protocol: 'grpc' },
    { protocol: 'grpc', compression: 'gzip' },
    { protocol: 'otap' },
    { protocol: 'otap', compression: 'gzip' },
  ];
  for (const way of ways) {
    test(Object.entries(way).flat().join(' '), async () => {
      const database = await openDatabase();
      const server = await database.serve(
        way.protocol === 'grpc' ? { transport: 'grpc' } : {},
        `${way.protocol === 'otap' ? 'otap' : 'otlp'}:127.0.0.1:0`,
      );
      const plan = shortLoad(server.port, { ...way, signals: ['logs', 'traces', 'metrics'] });
      const result = await new LoadGenerator(plan).run();
      expect(result.statuses).toEqual({ [way.protocol === undefined ? '202' : 'OK']: 20 });
      expect(result.accepted_records).toBe(2000);
      expect(result.latency_ms.p50).toBeGreaterThan(0);
      await server.flush();
      const counts = await Promise.all(
        tables.map((table) =>
          database.rows(
            `SELECT count(*)::INTEGER AS count, count(DISTINCT service_name)::INTEGER AS services FROM ${table}`,
          ),
        ),
      );
      expect(counts.flat().reduce((sum, { count }) => sum + Number(count), 0)).toBe(2000);
      expect(Math.max(...counts.flat().map(({ services }) => Number(services)))).toBe(5);
      const isNumbered = way.compression === undefined || way.isNumbered === true;
      const distinct = await database.value('SELECT count(DISTINCT (service_name, body))::INTEGER FROM otlp_logs');
      const logs = await database.value('SELECT count(*)::INTEGER FROM otlp_logs');
      if (isNumbered) expect(distinct).toBe(logs);
    });
  }
});

// The generator could not send to what is run in earnest.
test('over TLS, by every protocol', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'otelduck-load-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const authority = await TestAuthority.make();
  const { cert, key } = await authority.issue('localhost');
  const files = { tls_cert_file: join(folder, 'tls.crt'), tls_key_file: join(folder, 'tls.key') };
  writeFileSync(files.tls_cert_file, cert);
  writeFileSync(files.tls_key_file, key, { mode: 0o600 });
  const database = await openDatabase();
  const server = await database.serve({ ...files, grpc: '127.0.0.1:0' });
  const [{ listeners } = { listeners: [] }] = (await database.rows('SELECT listeners FROM otlp_server_list()')) as {
    listeners: { url: string; transport: string }[];
  }[];
  for (const protocol of ['http', 'grpc', 'otap'] as const) {
    const { url } = listeners.find(({ transport }) => (transport === 'grpc') === (protocol !== 'http'))!;
    const plan = (ca: string | undefined) =>
      shortLoad(server.port, { url: new URL(url), protocol, ca, durationMs: 50 });
    const trusting = await new LoadGenerator(plan(authority.cert)).run();
    expect(trusting.accepted_requests).toBe(trusting.requests);
    expect((await new LoadGenerator(plan(undefined)).run()).accepted_requests).toBe(0);
  }
});

test('each connection sends for a tenant', async () => {
  const seen = new Set<unknown>();
  const sink = await startSink((respond, request) => {
    seen.add(request.headers['x-tenant-id']);
    respond();
  });
  await new LoadGenerator(shortLoad(sink.port, { tenants: ['a', 'b', 'c'], durationMs: 200 })).run();
  expect([...seen].sort()).toEqual(['a', 'b', 'c']);
});

test('files are sent as they are', async () => {
  const database = await openDatabase();
  const server = await database.serve();
  const file = join(import.meta.dirname, '../data/logs.ndjson');
  const result = await new LoadGenerator(
    shortLoad(server.port, { payloads: [file], encoding: 'json', rate: 100, recordsPerRequest: 50 }),
  ).run();
  await server.flush();
  expect(result.accepted_requests).toBe(4);
  expect(await database.value('SELECT count(*)::INTEGER FROM otlp_logs')).toBe(result.accepted_records);
});

test('a refusal is counted by its status', async () => {
  const server = await (await openDatabase()).serve();
  const result = await new LoadGenerator(shortLoad(server.port, { token: 'another-token-than-that' })).run();
  expect(result.statuses).toEqual({ 401: 20 });
  expect(result.accepted_records).toBe(0);
});

test('nobody there is counted by what the socket says', async () => {
  const sink = await startSink(() => undefined);
  await sink.close();
  const result = await new LoadGenerator(shortLoad(sink.port, { connections: 1, durationMs: 100 })).run();
  expect(Object.keys(result.statuses)).toEqual(['ECONNREFUSED']);
});

test('latency counts from when a request was due, not from when a connection was free for it', async () => {
  const stallMs = 300;
  let answers = 0;
  const sink = await startSink((respond) => {
    if (answers++ === 0) setTimeout(respond, stallMs);
    else respond();
  });
  const plan = shortLoad(sink.port, { connections: 1, services: 1, rate: 10_000, recordsPerRequest: 100 });
  const result = await new LoadGenerator(plan).run();
  // One request is due every 10 ms; 30 of the 40 were due while the first one was not answered.
  expect(result.requests).toBe(40);
  expect(result.latency_ms.p50).toBeGreaterThan(stallMs / 3);
  expect(result.latency_ms.max).toBeGreaterThanOrEqual(stallMs - 5);
});

test('what was due and could not be sent is told', async () => {
  const sink = await startSink((respond) => setTimeout(respond, 200));
  const plan = shortLoad(sink.port, { connections: 1, services: 1, rate: 10_000, recordsPerRequest: 100 });
  const result = await new LoadGenerator(plan).run();
  expect(result.requests + result.never_sent).toBe(40);
  expect(result.never_sent).toBeGreaterThan(25);
});

test('the warm-up is not measured, and counts in the total', async () => {
  const sink = await startSink((respond) => respond());
  const plan = shortLoad(sink.port, { services: 1, rate: 10_000, warmUpMs: 200, durationMs: 300 });
  const result = await new LoadGenerator(plan).run();
  expect([result.requests, result.total.requests]).toEqual([30, 50]);
});

test('a closed loop sends when it has an answer, and ends when it is told to', async () => {
  const sink = await startSink((respond) => respond());
  const generator = new LoadGenerator(shortLoad(sink.port, { isClosedLoop: true, rate: 1, durationMs: 60_000 }));
  const running = generator.run();
  setTimeout(() => generator.stop(), 200);
  const result = await running;
  expect(result.requests).toBeGreaterThan(20);
  expect(result.seconds).toBeLessThan(10);
});

test('says so when its own thread is what is slow', async () => {
  const sink = await startSink((respond) => respond());
  const generator = new LoadGenerator(shortLoad(sink.port, { isClosedLoop: true, connections: 2, durationMs: 500 }));
  const busy = setInterval(() => {
    const endMs = performance.now() + 20;
    while (performance.now() < endMs);
  }, 0);
  const result = await generator.run();
  clearInterval(busy);
  expect(result.generator.bottleneck).toContain("the generator's thread was busy");
});

/** An HTTP server that answers 202 when `answer` has it do so. */
async function startSink(
  answer: (respond: () => void, request: http.IncomingMessage) => void,
): Promise<{ port: number; close: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => answer(() => response.writeHead(202).end('{}'), request));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  onTestFinished(() => server.closeAllConnections());
  onTestFinished(close);
  return { port: (server.address() as AddressInfo).port, close };
}
