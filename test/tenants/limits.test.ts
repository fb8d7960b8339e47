// What one client or tenant may send is bounded for itself: it gets 429, and others are taken.

import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:http2';
import { tmpdir } from 'node:os';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { MAX_BUCKETS, TokenBuckets } from '../../src/base/token-buckets.js';
import { CommitRate } from '../../src/ingest/commit-rate.js';
import { RateLimits } from '../../src/ingest/rate-limits.js';
import { MAX_COUNTED_TENANTS, OTHER_TENANTS } from '../../src/ingest/tenant-counts.js';
import { soleTenant } from '../../src/server/identity/principal.js';
import { exportPath, GrpcClient, withToken } from '../grpc/grpc-client.js';
import { arrowPath, logs, statusIn } from '../grpc/otap-client.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { jsonOf, send, type TestRequest } from '../support/http-client.js';
import { ManualClock } from '../support/manual-clock.js';
import { OtelServer, openDatabase, serve } from '../support/otel-database.js';
import { largeLogRequest, logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;

function postAs(server: OtelServer, tenant: string, body = logsRequest(1)) {
  return server.post(body, { headers: { 'X-Tenant-ID': tenant } });
}

/** Lets no time pass for the server, however long its machine takes. */
function stopClock(): void {
  const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now());
  onTestFinished(() => clock.mockRestore());
}

describe('a bucket', () => {
  test('lets through what two seconds bring, and then as much as time brings', async () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(10, clock);
    const taken = () => {
      let count = 0;
      for (; buckets.secondsUntilUsable('a') === 0; count++) buckets.use('a', 1);
      return count;
    };
    expect(taken()).toBe(20);
    await clock.advance(100);
    expect(taken()).toBe(1);
    await clock.advance(1000);
    expect(taken()).toBe(10);
    await clock.advance(3_600_000);
    expect(taken()).toBe(20);
    expect(buckets.secondsUntilUsable('b')).toBe(0);
  });

  test('owes what was taken at once, and says when it has paid', async () => {
    const clock = new ManualClock();
    const buckets = new TokenBuckets(100, clock);
    buckets.use('a', 1200);
    expect(buckets.secondsUntilUsable('a')).toBeCloseTo(10, 1);
    await clock.advance(9_000);
    expect(buckets.secondsUntilUsable('a')).toBeGreaterThan(0);
    await clock.advance(1_100);
    expect(buckets.secondsUntilUsable('a')).toBe(0);
  });

  test('is forgotten when too many others came since, and never holds more', () => {
    const buckets = new TokenBuckets(1, new ManualClock());
    buckets.use('first', 100);
    for (let i = 0; i < MAX_BUCKETS + 10; i++) buckets.use(`key ${i}`, 1);
    expect(buckets.size).toBe(MAX_BUCKETS);
    expect(buckets.secondsUntilUsable('first')).toBe(0);
  });
});

test('an address of IPv6 counts with its network, and one of IPv4 however it is written', () => {
  const limited = { max_bytes_per_second: 0, max_requests_per_second_per_tenant: 0, rate_limit_by: 'address' } as const;
  const isShared = (one: string, other: string) => {
    const limits = RateLimits.of({ ...limited, max_requests_per_second: 1 }, new ManualClock())!;
    for (let i = 0; i < 2; i++) limits.request({ principal: soleTenant, address: one });
    try {
      limits.request({ principal: soleTenant, address: other });
      return false;
    } catch {
      return true;
    }
  };
  expect(isShared('2001:db8:1:2::1', '2001:db8:1:2:ffff::9')).toBe(true);
  expect(isShared('2001:db8:1:2::1', '2001:db8:1:3::1')).toBe(false);
  expect(isShared('::1', '::2')).toBe(true);
  expect(isShared('10.0.0.1', '::ffff:10.0.0.1')).toBe(true);
  expect(isShared('10.0.0.1', '10.0.0.2')).toBe(false);
  expect(isShared('fe80::1%eth0', 'fe80::2%eth1')).toBe(true);
});

test('the pause that is asked for is what commits take, from 1 to 30 seconds', async () => {
  const clock = new ManualClock();
  const rate = new CommitRate(clock);
  expect(rate.secondsFor(1 << 30)).toBe(1);
  await clock.advance(1000);
  rate.committed(1_000_000);
  expect(rate.secondsFor(1)).toBe(1);
  expect(rate.secondsFor(4_500_000)).toBe(5);
  expect(rate.secondsFor(1 << 30)).toBe(30);
  // Slower commits count more, the longer ago faster ones are.
  await clock.advance(300_000);
  rate.committed(30_000_000);
  expect(rate.secondsFor(1_000_000)).toBeGreaterThan(8);
});

describe('requests', () => {
  test('beyond max_requests_per_second get 429 with a pause, on every wire, and are counted', async () => {
    stopClock();
    const server = await serve({ max_requests_per_second: 2, grpc: '127.0.0.1:0', seal_max_age_ms: NEVER_MS });
    for (let i = 0; i < 4; i++) expect((await server.post(logsRequest(1))).status).toBe(202);
    const answer = await server.post(logsRequest(1));
    expect(answer.status).toBe(429);
    expect(jsonOf(answer)).toEqual({
      error: 'rate_limited',
      message: 'this address may send 2 a second by max_requests_per_second, and has sent more',
    });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    const uri = String(await server.database.value('SELECT listeners[2].uri FROM otlp_server_list()'));
    const client = new GrpcClient(Number(/\d+$/.exec(uri)![0]));
    const refused = await client.unary(exportPath.logs, logsRequest(1), withToken);
    expect(refused).toMatchObject({ code: 'RESOURCE_EXHAUSTED', details: expect.stringContaining('2 a second') });
    // Exporters send again what is refused with RetryInfo alone.
    expect(String(refused.trailers.get('grpc-status-details-bin'))).toContain('RetryInfo');
    const stream = client.stream(arrowPath.logs, withToken);
    stream.send(new OtapEncoder('logs').encode(logs(1)));
    expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
    stream.end();
    expect(await stream.ended).toMatchObject({ code: 'OK' });
    expect(
      await server.database.value(
        "SELECT value FROM otlp_metrics() WHERE name = 'otelduck_requests_total' AND (labels->>'outcome') = 'rate_limited'",
      ),
    ).toBe(3);
  });

  test('of one tenant do not use up what another may send', async () => {
    stopClock();
    const server = await serve({ tenants: 'header', max_requests_per_second_per_tenant: 1, seal_max_age_ms: NEVER_MS });
    expect([(await postAs(server, 'loud')).status, (await postAs(server, 'loud')).status]).toEqual([202, 202]);
    expect((await postAs(server, 'loud')).status).toBe(429);
    expect((await postAs(server, 'quiet')).status).toBe(202);
  });

  // One that may both write and read was once counted with the next one of the file, which was another tenant's.
  test('of one token do not use up what another may send', async () => {
    stopClock();
    const [loud, quiet] = ['a-token-of-loud-ones', 'a-token-of-quiet-ones'];
    const folder = mkdtempSync(`${tmpdir()}/otelduck-limits-`);
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tokens = { loud: { write: [loud], read: [loud] }, quiet: { write: [quiet] } };
    writeFileSync(`${folder}/tokens`, JSON.stringify(tokens), { mode: 0o600 });
    const database = await openDatabase();
    const [row] = await database.rows(
      `FROM otlp_serve('otlp:127.0.0.1:0', tenants := 'token', tenant_tokens_file := '${folder}/tokens',
         rate_limit_by := 'token', max_requests_per_second := 1, seal_max_age_ms := ${NEVER_MS})`,
    );
    const server = new OtelServer(database, row!);
    const post = async (token: string) =>
      (await server.post(logsRequest(1), { headers: { authorization: `Bearer ${token}` } })).status;
    expect([await post(loud), await post(loud), await post(loud)]).toEqual([202, 202, 429]);
    expect(await post(quiet)).toBe(202);
  });

  test('whose bytes are too many are refused from the next one on', async () => {
    stopClock();
    const server = await serve({ max_bytes_per_second: 1000, seal_max_age_ms: NEVER_MS });
    expect((await server.post(largeLogRequest(50_000))).status).toBe(202);
    const answer = await server.post(logsRequest(1));
    expect([answer.status, Number(answer.headers['retry-after'])]).toEqual([429, expect.any(Number)]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(40);
  });
});

describe('queries', () => {
  test('beyond api_rate_limit_rps get 429 in the words of the API, and probes are not counted', async () => {
    stopClock();
    const database = await openDatabase();
    const [row] = await database.rows(
      "FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true, api_rate_limit_rps := 2)",
    );
    const port = Number(/\d+$/.exec(String(row!['listen_uri']))![0]);
    const ask = (path: string) => send({ port, method: 'GET', path });
    for (let i = 0; i < 4; i++) expect((await ask('/api/v1/format_query?query=up')).status).toBe(200);
    const answer = await ask('/api/v1/format_query?query=up');
    expect([answer.status, jsonOf(answer)]).toEqual([
      429,
      {
        status: 'error',
        errorType: 'rate_limited',
        error: 'this address may ask 2 times a second by api_rate_limit_rps, and has asked more often',
      },
    ]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await ask('/loki/api/v1/labels')).status).toBe(429);
    expect((await ask('/api/search/tags')).status).toBe(429);
    const call = new GrpcClient(port).stream('/tempopb.StreamingQuerier/SearchTags', {});
    call.end();
    expect(await call.ended).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    expect((await ask('/ready')).status).toBe(200);
  });

  // They were once refused without being counted, so that tokens could be tried without end.
  test('with wrong tokens are counted, and so are sign-ins', async () => {
    stopClock();
    const database = await openDatabase();
    const uri = await database.value(
      "SELECT listen_uri FROM otlp_query_serve('query:127.0.0.1:0', read_token := 'a-token-that-reads', api_rate_limit_rps := 2)",
    );
    const port = Number(/\d+$/.exec(String(uri))![0]);
    const statusOf = async (request: Partial<TestRequest>) =>
      (await send({ port, method: 'GET', path: '/api/v1/labels', ...request })).status;
    const headers = { host: `localhost:${port}`, origin: `http://localhost:${port}` };
    const signIn = { method: 'POST', path: '/ui/session', headers, body: '{"token": "wrong"}' };
    const signOut = { method: 'DELETE', path: '/ui/session', headers };
    const call = async () => {
      const stream = new GrpcClient(port).stream('/tempopb.StreamingQuerier/SearchTags', {});
      stream.end();
      return (await stream.ended).code;
    };
    expect([await statusOf({}), await statusOf(signIn), await statusOf(signOut)]).toEqual([401, 401, 200]);
    expect(await call()).toBe('UNAUTHENTICATED');
    expect([await statusOf({}), await statusOf(signIn), await statusOf(signOut)]).toEqual([429, 429, 429]);
    expect(await call()).toBe('RESOURCE_EXHAUSTED');
    const free = ['/live', '/ready', '/metrics', '/'];
    expect(await Promise.all(free.map((path) => statusOf({ path })))).toEqual([200, 200, 200, 302]);
  });
});

test('a gRPC connection has as many streams as it is told, and one whose client is gone is closed', async () => {
  const server = await serve({ transport: 'grpc', grpc_max_concurrent_streams: 3, grpc_keepalive_ms: 20 });
  const session = connect(`http://127.0.0.1:${server.port}`);
  onTestFinished(() => session.destroy());
  const [settings] = (await once(session, 'remoteSettings')) as [{ maxConcurrentStreams: number }];
  expect(settings.maxConcurrentStreams).toBe(3);
  // Pings are answered by the client's library: the server asks, and goes on asking.
  await once(session, 'ping');
  await once(session, 'ping');
});

describe('max_buffered_bytes_per_tenant', () => {
  test.each(['memory', 'journal'])(
    'bounds what waits of one tenant until its commit, with durability %s',
    async (durability) => {
      const folder = mkdtempSync(`${tmpdir()}/otelduck-limits-`);
      const server = await serve({
        ...{ tenants: 'header', max_buffered_bytes_per_tenant: 10_000, seal_max_age_ms: NEVER_MS, durability },
        ...(durability === 'journal' && { journal_path: folder }),
      });
      expect((await postAs(server, 'loud', largeLogRequest(8_000))).status).toBe(202);
      const answer = await postAs(server, 'loud', largeLogRequest(4_000));
      expect([answer.status, jsonOf(answer)['message']]).toEqual([
        429,
        expect.stringMatching(
          /^request of 40\d\d bytes does not fit: of tenant loud, 80\d\d of max_buffered_bytes_per_tenant 10000 wait/,
        ),
      ]);
      expect((await postAs(server, 'loud', logsRequest(1))).status).toBe(202);
      expect((await postAs(server, 'quiet', largeLogRequest(8_000))).status).toBe(202);
      await server.flush();
      expect((await postAs(server, 'loud', largeLogRequest(8_000))).status).toBe(202);
      // What was refused holds nothing.
      await server.flush();
      expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  );
});

test('metrics tell what each of a hundred tenants has sent, and of the others together', async () => {
  const server = await serve({ tenants: 'header', seal_max_age_ms: NEVER_MS });
  for (let i = 0; i < MAX_COUNTED_TENANTS + 2; i++) await postAs(server, `tenant-${i}`, logsRequest(2));
  await postAs(server, 'tenant-0', logsRequest(3));
  const rows = await server.database.rows(
    "SELECT labels->>'tenant' AS tenant, value FROM otlp_metrics() WHERE name = 'otelduck_tenant_rows_total'",
  );
  expect(rows.length).toBe(MAX_COUNTED_TENANTS + 1);
  expect(rows[0]).toEqual({ tenant: 'tenant-0', value: 5 });
  expect(rows.at(-1)).toEqual({ tenant: OTHER_TENANTS, value: 4 });
});
