import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { logsRequest } from '../support/telemetry.js';
import { exportPath, GrpcClient, type MessageStream } from './grpc-client.js';
import { NEVER_MS, serveGrpc } from './grpc-server.js';

const proto = protobuf.loadSync(new URL('../../proto/grpc/health/v1/health.proto', import.meta.url).pathname);
const Request = proto.lookupType('grpc.health.v1.HealthCheckRequest');
const Response = proto.lookupType('grpc.health.v1.HealthCheckResponse');

const CHECK = '/grpc.health.v1.Health/Check';
const WATCH = '/grpc.health.v1.Health/Watch';
const noToken = {};

const asked = (service: string) => Request.encode({ service }).finish();
const statusIn = (message: Uint8Array | undefined) =>
  message && (Response.toObject(Response.decode(message), { enums: String }) as { status: string }).status;

function watched(client: GrpcClient, service: string): MessageStream {
  const stream = client.stream(WATCH, noToken);
  stream.send(asked(service));
  stream.end();
  return stream;
}

describe('Check', () => {
  for (const service of ['', 'opentelemetry.proto.collector.logs.v1.LogsService']) {
    test(`says SERVING of '${service}', without a token`, async () => {
      const client = new GrpcClient((await serveGrpc()).port);
      const answer = await client.unary(CHECK, asked(service), noToken);
      expect([answer.code, statusIn(answer.message)]).toEqual(['OK', 'SERVING']);
    });
  }

  for (const service of ['nothing.Here', 'opentelemetry.proto.experimental.arrow.v1.ArrowLogsService']) {
    test(`knows no ${service}`, async () => {
      const client = new GrpcClient((await serveGrpc()).port);
      expect(await client.unary(CHECK, asked(service), noToken)).toMatchObject({ code: 'NOT_FOUND' });
    });
  }

  test('refuses what is no request, and what is too long for one', async () => {
    const client = new GrpcClient((await serveGrpc()).port);
    expect(await client.unary(CHECK, Buffer.from([0x0a, 0x7f]), noToken)).toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await client.unary(CHECK, Buffer.alloc(5000), noToken)).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  });

  test('is no request of telemetry', async () => {
    const server = await serveGrpc();
    await new GrpcClient(server.port).unary(CHECK, asked(''), noToken);
    expect(await server.counters('total_requests')).toEqual({ total_requests: '0' });
  });
});

describe('Watch', () => {
  test('tells of rows that cannot be committed, and of their recovery', async () => {
    const server = await serveGrpc({ seal_max_age_ms: NEVER_MS });
    const client = new GrpcClient(server.port);
    const watch = watched(client, '');
    expect(statusIn(await watch.next())).toBe('SERVING');

    await server.database.rows('ALTER TABLE otlp_logs RENAME TO hidden');
    await client.unary(exportPath.logs, logsRequest(1));
    expect((await server.flush())['status']).toBe('failed');
    expect(statusIn(await watch.next())).toBe('NOT_SERVING');

    await server.database.rows('ALTER TABLE hidden RENAME TO otlp_logs');
    expect((await server.flush())['status']).toBe('sealed');
    expect(statusIn(await watch.next())).toBe('SERVING');
    watch.cancel();
  });

  test('says SERVICE_UNKNOWN of a service that there is not', async () => {
    const watch = watched(new GrpcClient((await serveGrpc()).port), 'nothing.Here');
    expect(statusIn(await watch.next())).toBe('SERVICE_UNKNOWN');
    watch.cancel();
  });

  test('ends with UNAVAILABLE when the server stops, and does not hold it up', async () => {
    const server = await serveGrpc();
    const watch = watched(new GrpcClient(server.port), '');
    expect(statusIn(await watch.next())).toBe('SERVING');
    const startMs = performance.now();
    await server.stop();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(await watch.ended).toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('takes 64 watchers, and again as many once they have gone', async () => {
    const server = await serveGrpc();
    const client = new GrpcClient(server.port);
    const watchers = Array.from({ length: 64 }, () => watched(client, ''));
    for (const watcher of watchers) expect(statusIn(await watcher.next())).toBe('SERVING');
    expect(await watched(client, '').ended).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
    for (const watcher of watchers) watcher.cancel();
    await Promise.all(watchers.map(({ ended }) => ended));
    // The server hears of it a little later.
    await eventually(async () => {
      const late = watched(client, '');
      expect(statusIn(await late.next())).toBe('SERVING');
      late.cancel();
    });
  });
});
