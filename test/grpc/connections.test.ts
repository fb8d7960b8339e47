// What clients may not do to a listener: fall silent, vanish, hold more than their share.

import { describe, expect, type TestContext, test } from 'vitest';
import { ConnectionLimit } from '../../src/server/connection-limit.js';
import { GrpcListener } from '../../src/server/grpc/listener.js';
import { parseListenUri } from '../../src/server/listen-uri.js';
import { eventually } from '../support/eventually.js';
import type { OtelServer } from '../support/otel-database.js';
import { RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';
import { exportPath, GrpcClient, withToken } from './grpc-client.js';
import { serveGrpc } from './grpc-server.js';
import { connectionStart, framesIn, headersFrame, resetFrame, settingsAck } from './h2-frames.js';
import { prefixed, RawGrpcConnection } from './raw-call.js';

const body = logsRequest(3);
const callHeaders = {
  ':method': 'POST',
  ':scheme': 'http',
  ':authority': 'localhost',
  ':path': exportPath.logs,
  'content-type': 'application/grpc',
  te: 'trailers',
  ...withToken,
};

async function expectNothingHeld(server: OtelServer): Promise<void> {
  await eventually(async () => {
    expect(await server.counters('admitted_bytes', 'active_requests', 'buffered_rows')).toEqual({
      admitted_bytes: '0',
      active_requests: '0',
      buffered_rows: '0',
    });
  });
}

async function expectServed(server: OtelServer): Promise<void> {
  expect(await new GrpcClient(server.port).unary(exportPath.logs, Buffer.alloc(0))).toMatchObject({ code: 'OK' });
}

/** A listener that asks its clients every so often whether they are there. */
async function askingListener(keepalive: {
  pingMs: number;
  timeoutMs: number;
}): Promise<GrpcListener & { port: number }> {
  const listener = new GrpcListener({
    uri: parseListenUri('otlp:127.0.0.1:0', 'anyPort'),
    methods: new Map(),
    maxMessageBytes: 1000,

    hooks: {
      connections: new ConnectionLimit(8),
      checks: () => ({}),
      internalError: () => undefined,
      failed: () => undefined,
    },
    keepalive,
  });
  return Object.assign(listener, { port: await listener.listen() });
}

test('a connection may have 128 calls, with half a megabyte of each under way', async () => {
  const { session } = await RawGrpcConnection.open((await serveGrpc()).port);
  expect(session.remoteSettings).toMatchObject({ maxConcurrentStreams: 128, initialWindowSize: 512 << 10 });
});

// What nobody read of it kept its session, and each stop waited ten seconds for that.
test('a call that was refused after its client had sent everything keeps no connection', async () => {
  const server = await serveGrpc({ max_buffered_bytes: 1000 });
  const connection = await RawGrpcConnection.open(server.port);
  const call = connection.call(exportPath.logs);
  // The message and its end, in frames that come at once.
  call.write(prefixed(Buffer.alloc(40_000)));
  call.end();
  expect((await call.answer).trailers['grpc-status']).toBe('8');
  connection.session.destroy();
  await eventually(async () => {
    expect(await server.counters('connections')).toEqual({ connections: '0' });
  });
});

describe('keep-alive', () => {
  test('a client that is dead is found, and its connection closed', async ({ onTestFinished }) => {
    const listener = await askingListener({ pingMs: 50, timeoutMs: 100 });
    onTestFinished(() => listener.stop());
    const client = await RawConnection.open(listener.port, onTestFinished);
    client.write(connectionStart);
    client.write(settingsAck);
    const received = framesIn(await client.ended());
    expect(received.map(({ type }) => type)).toContain('ping');
  });

  test('a connection on which nothing has come at all is closed too', async ({ onTestFinished }) => {
    const listener = await askingListener({ pingMs: 50, timeoutMs: 100 });
    onTestFinished(() => listener.stop());
    await (await RawConnection.open(listener.port, onTestFinished)).ended();
  });

  test('a client that answers is left alone', async ({ onTestFinished }) => {
    const listener = await askingListener({ pingMs: 20, timeoutMs: 1000 });
    onTestFinished(() => listener.stop());
    const { session } = await RawGrpcConnection.open(listener.port, onTestFinished);
    for (let pings = 0; pings < 5; pings++) await new Promise((resolve) => session.once('ping', resolve));
    expect(session.closed).toBe(false);
  });
});

describe.concurrent('a client that stalls', () => {
  for (const [where, bytes] of [
    ['before a byte', Buffer.alloc(0)],
    ['within the prefix', prefixed(body).subarray(0, 3)],
    ['within the message', prefixed(body).subarray(0, -1)],
    ['after the message', prefixed(body)],
  ] as const) {
    test(`${where} is told DEADLINE_EXCEEDED, and holds nothing any more`, async ({ onTestFinished }) => {
      const server = await serveGrpc({ request_timeout_ms: 300 }, onTestFinished);
      const call = (await RawGrpcConnection.open(server.port, onTestFinished)).call(exportPath.logs);
      call.write(bytes);
      const { trailers } = await call.answer;
      expect(trailers).toMatchObject({ 'grpc-status': '4', 'grpc-message': expect.stringContaining('300 ms') });
      await expectNothingHeld(server);
      expect(await server.counters('total_requests')).toEqual({ total_requests: '1' });
    });
  }
});

describe.concurrent('a client that vanishes within a message', () => {
  for (const [how, vanish] of [
    ['by a reset of the call', (_: RawGrpcConnection, call: { reset(): void }) => call.reset()],
    ['by a loss of the connection', (connection: RawGrpcConnection) => connection.reset()],
  ] as const) {
    test(`${how} leaves nothing behind`, async ({ onTestFinished }) => {
      const server = await serveGrpc({}, onTestFinished);
      const connection = await RawGrpcConnection.open(server.port, onTestFinished);
      const call = connection.call(exportPath.logs);
      call.write(prefixed(Buffer.alloc(100), 0, 5_000_000));
      await eventually(async () => {
        expect(await server.counters('admitted_bytes', 'active_requests')).toEqual({
          admitted_bytes: '100',
          active_requests: '1',
        });
      });
      vanish(connection, call);
      await expectNothingHeld(server);
    });
  }
});

describe('abuse', () => {
  /** Resolves once the server has said that it listens no longer. The connection goes when keep-alive finds it silent. */
  function goneAway(client: RawConnection): Promise<void> {
    return eventually(() => {
      expect(framesIn(client.received).map(({ type }) => type)).toContain('goaway');
    });
  }

  async function openRaw(server: OtelServer, { onTestFinished }: TestContext): Promise<RawConnection> {
    const client = await RawConnection.open(server.port, onTestFinished);
    client.write(connectionStart);
    client.write(settingsAck);
    return client;
  }

  for (const type of ['application/grpc', 'text/plain']) {
    test(`calls of ${type} that are begun and reset in a rush are listened to no longer, and hurt no other`, async (context) => {
      const server = await serveGrpc({}, context.onTestFinished);
      const client = await openRaw(server, context);
      const headers = { ...callHeaders, 'content-type': type };
      for (let stream = 1; stream < 8000; stream += 2) {
        client.write(Buffer.concat([headersFrame(stream, headers), resetFrame(stream)]));
      }
      await goneAway(client);
      await expectNothingHeld(server);
      await expectServed(server);
    });
  }

  test('calls beyond the limit are refused, and too many of them end the connection', async (context) => {
    const server = await serveGrpc({}, context.onTestFinished);
    const client = await openRaw(server, context);
    for (let stream = 1; stream < 2 * 400; stream += 2) client.write(headersFrame(stream, callHeaders));
    await client.ended();
    expect(Number((await server.counters('total_requests'))['total_requests'])).toBeLessThanOrEqual(128);
    await expectNothingHeld(server);
    await expectServed(server);
  });

  test('metadata without end is refused', async (context) => {
    const server = await serveGrpc({}, context.onTestFinished);
    const client = await openRaw(server, context);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`x-${i}`, 'y'.repeat(100)]));
    const block = headersFrame(1, { ...callHeaders, ...many });
    client.write(block);
    // Refused as a stream or as a connection: not served, in any case.
    await eventually(async () => {
      const types = framesIn(client.received).map(({ type }) => type);
      expect(types.some((type) => type === 'reset' || type === 'goaway' || type === 'headers')).toBe(true);
    });
    expect(await server.counters('total_requests', 'active_requests')).toEqual({
      total_requests: '0',
      active_requests: '0',
    });
    await expectServed(server);
  });

  for (const [what, bytes] of [
    ['HTTP/1.1', 'POST /v1/logs HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['noise', Buffer.alloc(1000, 0xa5)],
  ] as const) {
    test(`${what} ends the connection, and hurts no other`, async ({ onTestFinished }) => {
      const server = await serveGrpc({}, onTestFinished);
      const client = await RawConnection.open(server.port, onTestFinished);
      client.write(bytes);
      await client.ended();
      await expectServed(server);
    });
  }

  test('a frame longer than allowed is listened to no longer, and hurts no other', async (context) => {
    const server = await serveGrpc({}, context.onTestFinished);
    const client = await openRaw(server, context);
    client.write(Buffer.of(0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1));
    await goneAway(client);
    await expectServed(server);
  });
});
