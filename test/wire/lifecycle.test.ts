// Starting, stopping and dying of listeners.

import { createServer, type Server } from 'node:net';
import { DuckDBConnection } from '@duckdb/node-api';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ServerRegistry } from '../../src/control/server-registry.js';
import { eventually } from '../support/eventually.js';
import { jsonOf, send } from '../support/http-client.js';
import { type OtelServer, openDatabase, SEVERAL_THREADS, serve, TOKEN } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';

const NEVER_MS = 3_600_000;
/** For clients that have begun a request when their server stops. */
const GRACE_MS = 10_000;
const body = logsRequest(3);
const head = `${postHead({ 'content-length': String(body.length) })}\r\n`;
const count = 'SELECT count(*) FROM otlp_logs';

describe('otlp_serve', () => {
  test('names the port that it has found, and is reachable there', async () => {
    const server = await serve();
    expect(server.row).toEqual({
      listen_uri: expect.stringMatching(/^otlp:127\.0\.0\.1:[1-9]\d*$/),
      listen_url: `http://127.0.0.1:${server.port}`,
      auth_token: TOKEN,
      schema_name: 'main',
      logs_table: 'otlp_logs',
      traces_table: 'otlp_traces',
      metrics_gauge_table: 'otlp_metrics_gauge',
      metrics_sum_table: 'otlp_metrics_sum',
      metrics_histogram_table: 'otlp_metrics_histogram',
      metrics_exp_histogram_table: 'otlp_metrics_exp_histogram',
      catalog_name: '',
      metrics_summary_table: 'otlp_metrics_summary',
    });
    expect(Object.keys(server.row).slice(-2)).toEqual(['catalog_name', 'metrics_summary_table']);
    expect((await server.get('/healthz')).status).toBe(200);
  });

  test('on localhost listens on 127.0.0.1 and on ::1', async () => {
    const database = await openDatabase();
    const server = await database.serve({}, 'otlp:localhost:0');
    expect(server.uri).toBe(`otlp:localhost:${server.port}`);
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      expect((await send({ host, port: server.port, path: '/healthz', method: 'GET' })).status).toBe(200);
    }
    await server.stop();
    for (const host of ['127.0.0.1', '::1']) {
      await expect(send({ host, port: server.port, path: '/healthz' })).rejects.toThrow('ECONNREFUSED');
    }
  });

  test('on ::1 listens there alone', async () => {
    const server = await (await openDatabase()).serve({}, 'otlp:[::1]:0');
    expect(server.row['listen_url']).toBe(`http://[::1]:${server.port}`);
    expect((await send({ host: '::1', port: server.port, path: '/healthz', method: 'GET' })).status).toBe(200);
    await expect(server.get('/healthz')).rejects.toThrow('ECONNREFUSED');
    expect(await server.counters('host', 'port')).toEqual({ host: '::1', port: server.port });
  });

  test('on a port that is taken fails, and leaves nothing behind', async () => {
    // On ::1, which localhost binds second.
    const port = await takenPort('::1');
    const database = await openDatabase();
    for (const host of ['[::1]', 'localhost']) {
      const uri = `otlp:${host}:${port}`;
      await expect(database.serve({}, uri)).rejects.toThrow(`cannot listen on ${uri}: address already in use`);
    }
    expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
    expect((await database.serve({}, `otlp:127.0.0.1:${port}`)).port).toBe(port);
  });

  test('twice on a URI fails, however it is spelled, and the first goes on', async () => {
    const server = await serve();
    for (const uri of [server.uri, server.uri.replace('otlp:', 'otlp://')]) {
      await expect(server.database.serve({}, uri)).rejects.toThrow(`OTLP server already exists at ${server.uri}`);
    }
    expect((await server.post(body)).status).toBe(202);
  });

  test('twice at once on a URI starts one', async () => {
    const port = await freePort();
    const database = await openDatabase();
    const other = await database.otel.connect();
    const sql = `FROM otlp_serve('otlp:127.0.0.1:${port}')`;
    const starts = await Promise.allSettled([database.rows(sql), database.rows(sql, other)]);
    expect(starts.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    const [refused] = starts.filter((start) => start.status === 'rejected');
    expect(String(refused!.reason)).toContain('OTLP server already exists');
    expect(await database.value('SELECT count(*) FROM otlp_server_list()')).toBe('1');
    other.closeSync();
  });
});

describe('otlp_stop', () => {
  test('answers the requests that have begun, commits their rows, and refuses new ones', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    const slow = await RawConnection.open(server.port);
    slow.write(head);
    slow.write(body.subarray(0, 10));
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));

    const stopping = onOwnConnection(server, `FROM otlp_stop('${server.uri}')`);
    await eventually(() => expect(server.get('/healthz')).rejects.toThrow('ECONNREFUSED'));
    expect(await server.counters('is_listening')).toEqual({ is_listening: false });
    slow.write(body.subarray(10));
    const answer = await slow.until(/"batches":1\}/);
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
    expect(answer).toMatch(/\r\nconnection: close\r\n/i);

    expect(await stopping).toEqual([{ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' }]);
    expect(await server.database.value(count)).toBe('3');
  });

  test('answers 503 to a request whose headers come after it', async () => {
    const server = await serve();
    const begun = await RawConnection.open(server.port);
    begun.write(head.slice(0, 30));
    // The listener has seen the other connection once it has answered this one.
    await server.get('/healthz');
    const stopping = onOwnConnection(server, `FROM otlp_stop('${server.uri}')`);
    await eventually(() => expect(server.get('/healthz')).rejects.toThrow('ECONNREFUSED'));
    begun.write(head.slice(30));
    begun.write(body);
    const answer = await begun.until(/\r\n\r\n\{.*\}/);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\nretry-after: \d+\r\n/i);
    await stopping;
    expect(await server.database.value(count)).toBe('0');
  });

  test('does not wait for idle connections', async () => {
    const server = await serve();
    const idle = await RawConnection.open(server.port);
    idle.write(head);
    idle.write(body);
    await idle.until(/"batches":1\}/);
    const startMs = performance.now();
    await server.stop();
    expect(performance.now() - startMs).toBeLessThan(5000);
    await idle.ended();
  });

  test('waits no longer than its grace for a client that stalls', async () => {
    const server = await serve();
    const stalled = await RawConnection.open(server.port);
    stalled.write(head);
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const stopping = onOwnConnection(server, `FROM otlp_stop('${server.uri}')`);
    await eventually(async () => expect(await server.counters('is_listening')).toEqual({ is_listening: false }));
    await vi.advanceTimersByTimeAsync(GRACE_MS - 1);
    expect(await server.counters('active_requests')).toEqual({ active_requests: '1' });
    await vi.advanceTimersByTimeAsync(1);
    expect(await stopping).toEqual([{ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' }]);
    await stalled.ended();
  });

  test('goes on when its query is interrupted', async () => {
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    const slow = await RawConnection.open(server.port);
    slow.write(head);
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));
    const connection = await server.database.otel.connect();
    const stopping = server.database.rows(`FROM otlp_stop('${server.uri}')`, connection);
    await eventually(async () => expect(await server.counters('is_listening')).toEqual({ is_listening: false }));
    connection.interrupt();
    await expect(stopping).rejects.toThrow(/interrupt/i);
    slow.write(body);
    await slow.until(/"batches":1\}/);
    await eventually(async () => expect(await server.status()).toBeUndefined());
    expect(await server.database.value(count)).toBe('3');
    connection.closeSync();
  });

  // Which of them came first, and whether the other found a server at all, once was a matter of luck here.
  test('twice at once is one stop, and then there is nothing to stop', async () => {
    const stops = watchCalls('stop');
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    // The first stop waits for this request, so the second one finds it in progress.
    const slow = await RawConnection.open(server.port);
    slow.write(head);
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));
    const sql = `FROM otlp_stop('${server.uri}')`;
    const both = [onOwnConnection(server, sql), onOwnConnection(server, sql)];
    await eventually(() => expect(stops).toHaveBeenCalledTimes(2));
    slow.write(body);
    const stopped = [{ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' }];
    expect(await Promise.all(both)).toEqual([stopped, stopped]);
    expect(await server.stop()).toEqual({ status: `No server found listening on ${server.uri}`, dropped_rows: '0' });
    expect(await server.database.value(count)).toBe('3');
  });

  // It once made a commit of its own, of which the stop knew nothing, or met a target that was closed.
  test('has a flush wait for its last commit', async () => {
    const flushes = watchCalls('flush');
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(body);
    const commit = holdNextCommit();
    const stopping = onOwnConnection(server, `FROM otlp_stop('${server.uri}')`);
    await commit.begun;
    const flushing = onOwnConnection(server, `FROM otlp_flush('${server.uri}')`);
    await eventually(() => expect(flushes).toHaveBeenCalledOnce());
    commit.fail(new Error('not yet'));
    expect(await stopping).toEqual([{ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' }]);
    expect(await flushing).toEqual([{ status: 'sealed', sealed_rows: '0', seals_total: '1', error: null }]);
    expect(await server.database.value(count)).toBe('3');
  });

  test('frees the port for the next server', async () => {
    const first = await serve();
    await first.post(body);
    for (let round = 0; round < 3; round++) {
      const { database, uri } = first;
      await first.stop();
      const again = await database.serve({}, uri);
      expect(again.uri).toBe(uri);
      expect((await again.post(body)).status).toBe(202);
    }
    await first.flush();
    expect(await first.database.value(count)).toBe('12');
  });

  for (const [size, rows] of [
    ['small', 3],
    ['large', 20_000],
  ] as const) {
    test(`beside a flush and a stream of ${size} requests loses nothing`, async () => {
      const database = await openDatabase(undefined, undefined, SEVERAL_THREADS);
      const server = await database.serve({ seal_max_age_ms: 20 });
      const request = logsRequest(rows);
      const answers = Array.from({ length: 20 }, () =>
        server.post(request).then(
          ({ status }) => status,
          () => 0,
        ),
      );
      await eventually(async () => expect((await server.status())!['total_rows']).not.toBe('0'));
      const [flushed] = await Promise.all([
        onOwnConnection(server, `FROM otlp_flush('${server.uri}')`),
        onOwnConnection(server, `FROM otlp_stop('${server.uri}')`),
      ]);
      expect(['sealed', `No server found listening on ${server.uri}`]).toContain(flushed[0]!['status']);
      const accepted = (await Promise.all(answers)).filter((status) => status === 202).length;
      expect(accepted).toBeGreaterThan(0);
      expect(await server.database.value(count)).toBe(String(rows * accepted));
    });
  }
});

describe('without a server', () => {
  const uri = 'otlp:127.0.0.1:1';
  test('a flush and a stop answer with a row that says so', async () => {
    const database = await openDatabase();
    expect(await database.rows(`FROM otlp_flush('${uri}')`)).toEqual([
      { status: `No server found listening on ${uri}`, sealed_rows: '0', seals_total: '0', error: null },
    ]);
    expect(await database.rows(`FROM otlp_stop('${uri}')`)).toEqual([
      { status: `No server found listening on ${uri}`, dropped_rows: '0' },
    ]);
    expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
    expect(await database.rows('FROM otlp_seal_list()')).toEqual([]);
  });
});

describe('a listener whose socket dies', () => {
  test('is listed as not listening, with the reason, keeps its rows, and can be stopped', async () => {
    const listeners = watchListeners();
    const server = await serve({ seal_max_age_ms: NEVER_MS });
    await server.post(body);
    const socket = listeners.find((listener) => portOf(listener) === server.port)!;
    expect(await server.counters('is_listening', 'last_error')).toEqual({ is_listening: true, last_error: null });
    socket.close();
    await eventually(async () => expect((await server.status())!['is_listening']).toBe(false));
    await eventually(async () => expect((await server.status())!['last_error']).toContain(server.uri));
    await expect(server.get('/healthz')).rejects.toThrow('ECONNREFUSED');
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '3' });
    expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
  });

  test('tells what its socket fell over', async () => {
    const listeners = watchListeners();
    const server = await serve();
    const socket = listeners.find((listener) => portOf(listener) === server.port)!;
    socket.emit('error', new Error('the network is gone'));
    socket.close();
    await eventually(async () => expect((await server.status())!['is_listening']).toBe(false));
    expect((await server.status())!['last_error']).toBe('the network is gone');
  });

  test('is dead when one of the two sockets of localhost is', async () => {
    const listeners = watchListeners();
    const server = await (await openDatabase()).serve({}, 'otlp:localhost:0');
    const sockets = listeners.filter((listener) => portOf(listener) === server.port);
    expect(sockets).toHaveLength(2);
    sockets[1]!.close();
    await eventually(async () => expect((await server.status())!['is_listening']).toBe(false));
    expect((await server.status())!['last_error']).toEqual(expect.any(String));
  });

  test('is not what a clean stop leaves, though one of its two sockets closes before the other', async () => {
    const listeners = watchListeners();
    const server = await (await openDatabase()).serve({}, 'otlp:localhost:0');
    const [ipv4, ipv6] = listeners.filter((listener) => portOf(listener) === server.port);
    const slow = await RawConnection.open(server.port);
    slow.write(head);
    await eventually(async () => expect(await server.counters('active_requests')).toEqual({ active_requests: '1' }));
    const ipv6Closed = new Promise((resolve) => ipv6!.once('close', resolve));
    const stopping = onOwnConnection(server, `FROM otlp_stop('${server.uri}')`);
    await ipv6Closed;
    expect(ipv4!.listening).toBe(false);
    expect(await server.counters('is_listening', 'last_error')).toEqual({ is_listening: false, last_error: null });
    slow.write(body);
    await stopping;
  });
});

test('a 500 is written to duckdb_logs, holds no room, and the server goes on', async () => {
  const server = await serve();
  await server.database.rows("CALL enable_logging(level := 'error')");
  // Nothing that a client may send is known to cause one, so a part of the runtime breaks once.
  const { concat } = Buffer;
  onTestFinished(() => {
    Buffer.concat = concat;
  });
  Buffer.concat = () => {
    Buffer.concat = concat;
    throw new Error('out of something');
  };
  const response = await server.post([body.subarray(0, 10), body.subarray(10)]);
  expect([response.status, jsonOf(response)]).toEqual([500, { error: 'internal_error', message: 'out of something' }]);
  await eventually(async () => {
    expect(await server.database.rows("SELECT log_level, message FROM duckdb_logs WHERE type = 'otelduck'")).toEqual([
      { log_level: 'ERROR', message: `${server.uri}: cannot answer a request: out of something` },
    ]);
  });
  expect(await server.counters('admitted_bytes', 'active_requests')).toEqual({
    admitted_bytes: '0',
    active_requests: '0',
  });
  expect((await server.post(body)).status).toBe(202);
});

async function onOwnConnection({ database }: OtelServer, sql: string) {
  const connection = await database.otel.connect();
  try {
    return await database.rows(sql, connection);
  } finally {
    connection.closeSync();
  }
}

/** Calls that SQL makes of the servers, from now on until the test ends. */
function watchCalls(method: 'stop' | 'flush') {
  const calls = vi.spyOn(ServerRegistry.prototype, method);
  onTestFinished(() => calls.mockRestore());
  return calls;
}

/** Has the next COMMIT wait, and then fail. Later ones are DuckDB's. */
function holdNextCommit(): { readonly begun: Promise<void>; fail(error: Error): void } {
  const { run } = DuckDBConnection.prototype;
  let begin: () => void;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  let fail!: (error: Error) => void;
  const held = new Promise<never>((_resolve, reject) => {
    fail = reject;
  });
  const holding = vi.spyOn(DuckDBConnection.prototype, 'run').mockImplementation(function (
    this: DuckDBConnection,
    ...args: Parameters<typeof run>
  ) {
    if (args[0] !== 'COMMIT') return run.apply(this, args);
    holding.mockRestore();
    begin();
    return held;
  });
  onTestFinished(() => holding.mockRestore());
  return { begun, fail };
}

/** Gathers the listening sockets that are opened from now on until the test ends. */
function watchListeners(): Server[] {
  const listeners: Server[] = [];
  const prototype = Object.getPrototypeOf(createServer()) as Server;
  const { listen } = prototype;
  prototype.listen = function (this: Server, ...args: unknown[]) {
    listeners.push(this);
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen;
  onTestFinished(() => {
    prototype.listen = listen;
  });
  return listeners;
}

function portOf(listener: Server): number | undefined {
  const address = listener.address();
  return address !== null && typeof address === 'object' ? address.port : undefined;
}

/** A port that somebody else listens on until the test ends. */
async function takenPort(host: string): Promise<number> {
  const holder = createServer();
  onTestFinished(() => {
    holder.close();
  });
  await new Promise<void>((resolve) => holder.listen({ host, port: 0 }, resolve));
  return portOf(holder)!;
}

async function freePort(): Promise<number> {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const port = portOf(holder)!;
  await new Promise((resolve) => holder.close(resolve));
  return port;
}
