// Streams of Arrow batches, over the wire: what is answered to each message, and how streams end.

import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MAX_OTAP_STREAMS } from '../../src/receive/otap-service.js';
import { readProtobuf } from '../oracle/protobuf-messages.js';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { eventually } from '../support/eventually.js';
import type { OtelServer } from '../support/otel-database.js';
import { metricsRequest, spansRequest } from '../support/telemetry.js';
import { zstdFrame } from '../support/zstd-frame.js';
import { exportPath, GrpcClient, type MessageStream } from './grpc-client.js';
import { NEVER_MS } from './grpc-server.js';
import { arrowPath, logs, serveOtap, statusIn } from './otap-client.js';
import { prefixed, RawGrpcConnection } from './raw-call.js';

const noMessage = Buffer.alloc(0);

async function bodies(server: OtelServer): Promise<unknown[]> {
  const rows = await server.database.rows('SELECT body FROM otlp_logs ORDER BY body');
  return rows.map((row) => row['body']);
}

async function answered(stream: MessageStream, message: Uint8Array) {
  stream.send(message);
  return statusIn(await stream.next());
}

const ok = (batchId: number) => ({ batchId, statusCode: 'OK', statusMessage: '' });

describe('a stream', () => {
  test('is answered message by message, in order, and ends with OK when its client ends it', async () => {
    const server = await serveOtap({}, onTestFinished);
    const encoder = new OtapEncoder('logs');
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    // All at once: the later ones build on the dictionaries of the earlier ones.
    for (let i = 0; i < 5; i++) stream.send(encoder.encode(logs(2, `batch ${i} `)));
    stream.end();
    for (let i = 0; i < 5; i++) expect(statusIn(await stream.next())).toEqual(ok(i));
    expect(await stream.next()).toBeUndefined();
    expect(await stream.ended).toEqual({ code: 'OK', details: '' });

    expect(
      await server.counters('total_requests', 'active_requests', 'total_rows', 'admitted_bytes > 0 AS holds'),
    ).toEqual({
      total_requests: '5',
      active_requests: '0',
      total_rows: '10',
      holds: true,
    });
    expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '10' });
    expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
    expect(await bodies(server)).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`batch ${i} 0`, `batch ${i} 1`]));
  });

  test('of traces, and of every kind of metric', async () => {
    const server = await serveOtap({}, onTestFinished);
    const client = new GrpcClient(server.port);
    const traces = client.stream(arrowPath.traces);
    const spans = readProtobuf('traces', spansRequest(3));
    expect(await answered(traces, new OtapEncoder('traces').encode(spans))).toEqual(ok(0));
    const metrics = client.stream(arrowPath.metrics);
    const points = readProtobuf('metrics', metricsRequest());
    expect(await answered(metrics, new OtapEncoder('metrics').encode(points))).toEqual(ok(0));
    await server.flush();
    for (const [table, rows] of [
      ['otlp_traces', '3'],
      ['otlp_metrics_gauge', '1'],
      ['otlp_metrics_sum', '1'],
      ['otlp_metrics_histogram', '1'],
      ['otlp_metrics_exp_histogram', '1'],
      ['otlp_metrics_summary', '1'],
    ] as const) {
      expect([table, await server.database.value(`SELECT count(*) FROM ${table}`)]).toEqual([table, rows]);
    }
    traces.end();
    metrics.end();
  });

  test('may end without a message, and counts as no request then', async () => {
    const server = await serveOtap({}, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.traces);
    stream.end();
    expect(await stream.ended).toMatchObject({ code: 'OK' });
    expect(await server.counters('total_requests')).toEqual({ total_requests: '0' });
  });

  test('may be silent for longer than a message may take', async () => {
    const server = await serveOtap({ request_timeout_ms: 100 }, onTestFinished);
    const encoder = new OtapEncoder('logs');
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    expect(await answered(stream, encoder.encode(logs(1)))).toEqual(ok(0));
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await answered(stream, encoder.encode(logs(1)))).toEqual(ok(1));
    stream.end();
  });

  test('that is cancelled leaves nothing behind, and what was answered stays', async () => {
    const server = await serveOtap({ seal_max_age_ms: NEVER_MS }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const message = new OtapEncoder('logs').encode(logs(1));
    const call = connection.call(arrowPath.logs);
    call.write(prefixed(message));
    expect(statusIn(await call.next())).toEqual(ok(0));
    call.write(prefixed(Buffer.alloc(10), 0, 3_000_000));
    await eventually(async () => {
      expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: String(message.length + 10) });
    });
    call.reset();
    await eventually(async () => {
      expect(await server.counters('admitted_bytes', 'active_requests', 'buffered_rows')).toEqual({
        admitted_bytes: String(message.length),
        active_requests: '0',
        buffered_rows: '1',
      });
    });
  });
});

describe('a message', () => {
  for (const [encoding, compressed] of [
    ['zstdarrow5', zstdFrame],
    ['zstd', zstdFrame],
    ['gzip', gzipSync],
  ] as const) {
    test(`may be compressed as ${encoding}`, async () => {
      const server = await serveOtap({}, onTestFinished);
      const encoder = new OtapEncoder('logs');
      const connection = await RawGrpcConnection.open(server.port);
      const call = connection.call(arrowPath.logs, { 'grpc-encoding': encoding });
      for (const i of [0, 1]) {
        call.write(prefixed(compressed(encoder.encode(logs(1, `${i} `))), 1));
        expect(statusIn(await call.next())).toEqual(ok(i));
      }
      call.end();
      expect((await call.answer).trailers['grpc-status']).toBe('0');
      await server.flush();
      expect(await bodies(server)).toEqual(['0 0', '1 0']);
    });
  }

  test('may carry headers, which are passed over', async () => {
    const server = await serveOtap({}, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    const encoder = new OtapEncoder('logs');
    // Field 3. The second refers to an entry of the first's HPACK table.
    for (const [i, headers] of ['408b3a68ad6ae41a46b20decbf8469b65e17', '7e8469d65f6b'].entries()) {
      const block = Buffer.from(headers, 'hex');
      const message = Buffer.concat([encoder.encode(logs(1)), Buffer.of(0x1a, block.length), block]);
      expect(await answered(stream, message)).toEqual(ok(i));
    }
    stream.end();
  });

  test('of no bytes is a batch without rows', async () => {
    const server = await serveOtap({}, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.metrics);
    expect(await answered(stream, noMessage)).toEqual(ok(0));
    stream.end();
    expect(await server.counters('total_requests', 'admitted_bytes')).toEqual({
      total_requests: '1',
      admitted_bytes: '0',
    });
  });

  test('that cannot be decoded is refused by its id, ends its stream, and leaves no other', async () => {
    const server = await serveOtap({}, onTestFinished);
    const client = new GrpcClient(server.port);
    const encoder = new OtapEncoder('logs');
    const stream = client.stream(arrowPath.logs);
    const other = client.stream(arrowPath.logs);
    expect(await answered(stream, encoder.encode(logs(1, 'good ')))).toEqual(ok(0));
    const bad = Buffer.from(encoder.encode(logs(1, 'bad ')));
    bad.fill(0xff, 20, 60);
    const refused = await answered(stream, bad);
    expect(refused).toMatchObject({ batchId: 1, statusCode: 'INVALID_ARGUMENT' });
    expect(refused!.statusMessage).toContain('cannot decode');
    expect(await stream.ended).toEqual({ code: 'INVALID_ARGUMENT', details: refused!.statusMessage });

    expect(await answered(other, new OtapEncoder('logs').encode(logs(1, 'other ')))).toEqual(ok(0));
    other.end();
    await server.flush();
    expect(await bodies(server)).toEqual(['good 0', 'other 0']);
    expect(await server.counters('total_requests', 'admitted_bytes')).toEqual({
      total_requests: '3',
      admitted_bytes: '0',
    });
  });

  test('of another signal is refused', async () => {
    const server = await serveOtap({}, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.metrics);
    const refused = await answered(stream, new OtapEncoder('logs').encode(logs(1)));
    expect(refused).toMatchObject({ batchId: 0, statusCode: 'INVALID_ARGUMENT' });
    expect(await stream.ended).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await server.counters('buffered_rows')).toEqual({ buffered_rows: '0' });
  });

  test('that is not compressed as it says ends the stream', async () => {
    const server = await serveOtap({}, onTestFinished);
    const call = (await RawGrpcConnection.open(server.port)).call(arrowPath.logs, { 'grpc-encoding': 'zstdarrow1' });
    call.write(prefixed(Buffer.from('not zstd'), 1));
    expect((await call.answer).trailers).toMatchObject({
      'grpc-status': '3',
      'grpc-message': expect.stringContaining('cannot decompress zstd'),
    });
  });

  test('longer than max_body_bytes ends the stream with RESOURCE_EXHAUSTED', async () => {
    const server = await serveOtap({ max_body_bytes: 5000 }, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    const encoder = new OtapEncoder('logs');
    expect(await answered(stream, encoder.encode(logs(1)))).toEqual(ok(0));
    stream.send(Buffer.alloc(5001));
    expect(await stream.next()).toBeUndefined();
    expect(await stream.ended).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringContaining('max_body_bytes 5000'),
    });
  });

  test('sent by half ends the stream with DEADLINE_EXCEEDED, and holds nothing any more', async () => {
    const server = await serveOtap({ request_timeout_ms: 200 }, onTestFinished);
    const call = (await RawGrpcConnection.open(server.port)).call(arrowPath.logs);
    call.write(prefixed(Buffer.alloc(10), 0, 1000));
    expect((await call.answer).trailers).toMatchObject({ 'grpc-status': '4' });
    expect(await server.counters('admitted_bytes', 'active_requests', 'total_requests')).toEqual({
      admitted_bytes: '0',
      active_requests: '0',
      total_requests: '1',
    });
  });
});

describe('without room', () => {
  test('messages are refused, their stream stays open, and those after them build on them', async () => {
    const encoder = new OtapEncoder('logs');
    const [first, second, third] = ['first ', 'second ', 'third '].map((prefix) => encoder.encode(logs(2, prefix)));
    const server = await serveOtap({ max_buffered_bytes: first!.length, seal_max_age_ms: NEVER_MS }, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    expect(await answered(stream, first!)).toEqual(ok(0));
    expect(await answered(stream, second!)).toEqual({
      batchId: 1,
      statusCode: 'RESOURCE_EXHAUSTED',
      statusMessage: expect.stringContaining('max_buffered_bytes'),
    });
    expect(await server.counters('admitted_bytes', 'buffered_rows', 'total_rows', 'total_requests')).toEqual({
      admitted_bytes: String(first!.length),
      buffered_rows: '2',
      total_rows: '2',
      total_requests: '2',
    });
    await server.flush();
    expect(await answered(stream, third!)).toEqual(ok(2));
    stream.end();
    expect(await stream.ended).toMatchObject({ code: 'OK' });
    await server.flush();
    expect(await bodies(server)).toEqual(['first 0', 'first 1', 'third 0', 'third 1']);
  });

  // What a message announced was once reserved before any of it had come, so that one client could keep out all others.
  test('is not what a message makes that has announced much and sent little', async () => {
    const message = new OtapEncoder('logs').encode(logs(1));
    const server = await serveOtap({ max_buffered_bytes: 1 << 20, seal_max_age_ms: NEVER_MS }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    for (let i = 0; i < 3; i++) connection.call(arrowPath.logs).write(prefixed(Buffer.alloc(10), 0, 400_000));
    await eventually(async () => {
      expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '30' });
    });
    const stream = new GrpcClient(server.port).stream(arrowPath.logs);
    expect(await answered(stream, message)).toEqual(ok(0));
  });

  test('a message waits in its midst for its turn, and does not run out of its time meanwhile', async () => {
    const message = new OtapEncoder('logs').encode(logs(1));
    const server = await serveOtap(
      { max_buffered_bytes: message.length, request_timeout_ms: 1000, seal_max_age_ms: NEVER_MS },
      onTestFinished,
    );
    const active = (requests: number) =>
      eventually(async () => {
        expect(await server.counters('active_requests')).toEqual({ active_requests: String(requests) });
      });
    const connection = await RawGrpcConnection.open(server.port);
    const [stalled, waiting] = [connection.call(arrowPath.logs), connection.call(arrowPath.logs)] as const;
    // There is room for what they announce, and none any more when it comes.
    for (const call of [stalled, waiting]) call.write(prefixed(message).subarray(0, 5));
    await active(2);
    expect(await answered(new GrpcClient(server.port).stream(arrowPath.logs), message)).toEqual(ok(0));
    stalled.write(message.subarray(0, 100));
    // Not before the stalled one has its turn.
    await connection.unary('/grpc.health.v1.Health/Check', prefixed(Buffer.alloc(0)));
    waiting.write(message.subarray(0, -1));
    await server.flush();
    expect((await stalled.answer).trailers).toMatchObject({ 'grpc-status': '4' });
    // Its time began as early, and it has spent nearly all of it in waiting.
    await eventually(async () => {
      expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: String(message.length - 1) });
    });
    waiting.write(message.subarray(-1));
    expect(statusIn(await waiting.next())).toEqual(ok(0));
  });

  test('one message is read at a time, and the others wait for their turn', async () => {
    const message = new OtapEncoder('logs').encode(logs(1));
    const server = await serveOtap({ max_buffered_bytes: 1, request_timeout_ms: 20_000 }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const slow = connection.call(arrowPath.logs);
    slow.write(prefixed(message).subarray(0, 100));
    await eventually(async () => {
      expect(await server.counters('active_requests')).toEqual({ active_requests: '1' });
    });
    const waiting = [connection.call(arrowPath.logs), connection.call(arrowPath.logs)];
    for (const call of waiting) call.write(prefixed(message));
    const statuses = waiting.map((call) => call.next());
    await eventually(async () => {
      expect(await server.counters('active_requests')).toEqual({ active_requests: '3' });
    });
    expect(await Promise.race([...statuses, 'none yet'])).toBe('none yet');

    // One that goes while it waits holds up nobody.
    waiting[0]!.reset();
    expect(await statuses[0]).toBeUndefined();
    slow.write(prefixed(message).subarray(100));
    expect(statusIn(await slow.next())).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
    expect(statusIn(await statuses[1])).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
    expect(await server.counters('admitted_bytes')).toEqual({ admitted_bytes: '0' });
  });

  test('a message that stalls in its turn gives it up in time', async () => {
    const message = new OtapEncoder('logs').encode(logs(1));
    const server = await serveOtap({ max_buffered_bytes: 1, request_timeout_ms: 300 }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const slow = connection.call(arrowPath.logs);
    slow.write(prefixed(message).subarray(0, 100));
    await eventually(async () => {
      expect(await server.counters('active_requests')).toEqual({ active_requests: '1' });
    });
    const waiting = connection.call(arrowPath.logs);
    waiting.write(prefixed(message));
    expect((await slow.answer).trailers).toMatchObject({ 'grpc-status': '4' });
    expect(statusIn(await waiting.next())).toMatchObject({ statusCode: 'RESOURCE_EXHAUSTED' });
  });
});

describe('a stream is refused', () => {
  for (const [metadata, code] of [
    [{}, 'UNAUTHENTICATED'],
    [{ authorization: 'Bearer wrong' }, 'UNAUTHENTICATED'],
  ] as const) {
    test(`with ${code} for the token in ${JSON.stringify(metadata)}`, async () => {
      const server = await serveOtap({}, onTestFinished);
      const stream = new GrpcClient(server.port).stream(arrowPath.logs, metadata);
      expect(await stream.ended).toMatchObject({ code });
      expect(await server.counters('total_requests')).toEqual({ total_requests: '1' });
    });
  }

  test('not for a token with disable_auth', async () => {
    const server = await serveOtap({ disable_auth: true }, onTestFinished);
    const stream = new GrpcClient(server.port).stream(arrowPath.logs, {});
    expect(await answered(stream, new OtapEncoder('logs').encode(logs(1)))).toEqual(ok(0));
    stream.end();
  });

  test('with UNIMPLEMENTED for an encoding that is not known', async () => {
    const server = await serveOtap({}, onTestFinished);
    const call = (await RawGrpcConnection.open(server.port)).call(arrowPath.logs, { 'grpc-encoding': 'zstdarrow0' });
    const { trailers } = await call.answer;
    expect(trailers).toMatchObject({ 'grpc-status': '12', 'grpc-accept-encoding': 'identity,gzip,deflate,zstd' });
  });

  test('beyond the number that a server takes, and taken again once others have ended', async () => {
    const server = await serveOtap({}, onTestFinished);
    const connections = await Promise.all([0, 1, 2].map(() => RawGrpcConnection.open(server.port)));
    const begun = await Promise.all(
      Array.from({ length: MAX_OTAP_STREAMS }, async (_, i) => {
        const call = connections[i % 3]!.call(arrowPath.traces);
        call.write(prefixed(noMessage));
        expect(statusIn(await call.next())).toEqual(ok(0));
        return call;
      }),
    );
    const refused = await connections[0]!.call(arrowPath.traces).answer;
    expect(refused.trailers).toMatchObject({ 'grpc-status': '8', 'grpc-status-details-bin': expect.any(String) });
    for (const call of begun) call.end();
    await Promise.all(begun.map((call) => call.answer));
    const late = connections[0]!.call(arrowPath.traces);
    late.write(prefixed(noMessage));
    expect(statusIn(await late.next())).toEqual(ok(0));
  });

  test('as UNIMPLEMENTED on a server of OTLP, as are OTLP requests here', async () => {
    const server = await serveOtap({}, onTestFinished);
    const answer = await new GrpcClient(server.port).unary(exportPath.logs, noMessage);
    expect(answer).toMatchObject({ code: 'UNIMPLEMENTED' });
    const otlp = await server.database.serve({ transport: 'grpc' });
    const stream = new GrpcClient(otlp.port).stream(arrowPath.logs);
    expect(await stream.ended).toMatchObject({ code: 'UNIMPLEMENTED' });
  });
});

describe('stop', () => {
  test('ends streams that wait with UNAVAILABLE at once, and loses nothing that was answered', async () => {
    const server = await serveOtap({ seal_max_age_ms: NEVER_MS }, onTestFinished);
    const client = new GrpcClient(server.port);
    const idle = client.stream(arrowPath.traces);
    const stream = client.stream(arrowPath.logs);
    expect(await answered(stream, new OtapEncoder('logs').encode(logs(3)))).toEqual(ok(0));
    const startMs = performance.now();
    expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    expect(performance.now() - startMs).toBeLessThan(5_000);
    for (const { ended } of [idle, stream]) expect(await ended).toMatchObject({ code: 'UNAVAILABLE' });
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
  });

  test('every row that was answered OK is committed, while clients send on', async () => {
    const server = await serveOtap({ seal_max_age_ms: NEVER_MS }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const streams = [0, 1, 2].map(() => {
      const encoder = new OtapEncoder('logs');
      const call = connection.call(arrowPath.logs);
      for (let i = 0; i < 200; i++) call.write(prefixed(encoder.encode(logs(5))));
      return call;
    });
    const counted = streams.map(async (call) => {
      let accepted = 0;
      for (let message = await call.next(); message !== undefined; message = await call.next()) {
        expect(statusIn(message)).toEqual(ok(accepted++));
      }
      return accepted;
    });
    await eventually(async () => {
      expect(await server.counters('total_rows > 0 AS has_some')).toEqual({ has_some: true });
    });
    expect(await server.stop()).toMatchObject({ dropped_rows: '0' });
    for (const call of streams) expect((await call.answer).trailers).toMatchObject({ 'grpc-status': '14' });
    const accepted = (await Promise.all(counted)).reduce((sum, count) => sum + count, 0);
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe(String(5 * accepted));
  });

  test('ends a message that has come by half, and one that waits for room', async () => {
    const server = await serveOtap({ max_buffered_bytes: 1 }, onTestFinished);
    const connection = await RawGrpcConnection.open(server.port);
    const calls = [0, 1].map(() => connection.call(arrowPath.logs));
    for (const call of calls) call.write(prefixed(Buffer.alloc(10), 0, 1000));
    await eventually(async () => {
      expect(await server.counters('active_requests')).toEqual({ active_requests: '2' });
    });
    const startMs = performance.now();
    await server.stop();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    for (const call of calls) expect((await call.answer).trailers).toMatchObject({ 'grpc-status': '14' });
  });
});
