// Every way in which an Export can end, as a gRPC library reports it.

import protobuf from 'protobufjs';
import { describe, expect, test } from 'vitest';
import { OtelDatabase, TOKEN } from '../support/otel-database.js';
import { logsRequest, metricsRequest, spansRequest } from '../support/telemetry.js';
import { exportPath, GrpcClient, type UnaryAnswer } from './grpc-client.js';
import { NEVER_MS, serveGrpc } from './grpc-server.js';

const bodies = { logs: logsRequest(3), traces: spansRequest(2), metrics: metricsRequest() };

/** Seconds to wait before a retry, from the answer's status details. */
function retryAfterSeconds({ trailers }: UnaryAnswer): number | undefined {
  const [details] = trailers.get('grpc-status-details-bin') as Buffer[];
  if (details === undefined) return undefined;
  const schema = `syntax = "proto3";
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message Any { string type_url = 1; bytes value = 2; }
    message RetryInfo { Duration retry_delay = 1; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }`;
  const { root } = protobuf.parse(schema);
  const status = root.lookupType('Status').decode(details) as unknown as {
    details: { typeUrl: string; value: Uint8Array }[];
  };
  expect(status.details.map(({ typeUrl }) => typeUrl)).toEqual(['type.googleapis.com/google.rpc.RetryInfo']);
  const info = root.lookupType('RetryInfo').decode(status.details[0]!.value) as unknown as {
    retryDelay: { seconds: { toString(): string } };
  };
  return Number(info.retryDelay.seconds.toString());
}

test('OK: rows of every signal are buffered, and the answer is an empty response', async () => {
  const server = await serveGrpc();
  const client = new GrpcClient(server.port);
  for (const signal of ['logs', 'traces', 'metrics'] as const) {
    const answer = await client.unary(exportPath[signal], bodies[signal]);
    expect({ ...answer, trailers: undefined }).toEqual({
      code: 'OK',
      details: '',
      message: Buffer.alloc(0),
      trailers: undefined,
    });
  }
  expect(await server.counters('total_requests', 'total_rows', 'active_requests')).toEqual({
    total_requests: '3',
    total_rows: '10',
    active_requests: '0',
  });
  expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '10' });
});

test('OK: a message of no bytes is an empty request', async () => {
  const server = await serveGrpc();
  expect(await new GrpcClient(server.port).unary(exportPath.logs, Buffer.alloc(0))).toMatchObject({ code: 'OK' });
  expect(await server.counters('total_requests', 'total_rows', 'admitted_bytes')).toEqual({
    total_requests: '1',
    total_rows: '0',
    admitted_bytes: '0',
  });
});

describe('a token', () => {
  for (const [metadata, code] of [
    [{ authorization: `Bearer ${TOKEN}` }, 'OK'],
    [{ authorization: `bearer ${TOKEN}` }, 'OK'],
    [{ 'x-api-key': TOKEN }, 'OK'],
    [{ authorization: 'Basic dXNlcjpwYXNz', 'x-api-key': TOKEN }, 'OK'],
    [{}, 'UNAUTHENTICATED'],
    [{ authorization: TOKEN }, 'UNAUTHENTICATED'],
    [{ authorization: `Bearer ${TOKEN}x` }, 'UNAUTHENTICATED'],
    [{ 'x-api-key': 'wrong' }, 'UNAUTHENTICATED'],
  ] as const) {
    test(`in ${JSON.stringify(metadata)} is answered ${code}`, async () => {
      const server = await serveGrpc();
      const answer = await new GrpcClient(server.port).unary(exportPath.logs, bodies.logs, metadata);
      expect(answer.code).toBe(code);
      expect(answer.details).not.toContain(TOKEN);
      expect(retryAfterSeconds(answer)).toBeUndefined();
      expect(await server.counters('total_requests')).toEqual({ total_requests: '1' });
    });
  }

  test('is not asked for with disable_auth', async () => {
    const server = await serveGrpc({ disable_auth: true });
    expect(server.row['auth_token']).toBe('');
    expect(await new GrpcClient(server.port).unary(exportPath.logs, bodies.logs, {})).toMatchObject({ code: 'OK' });
  });
});

test('INVALID_ARGUMENT: what is no request is refused whole, and says why', async () => {
  const server = await serveGrpc();
  const client = new GrpcClient(server.port);
  const cut = bodies.traces.subarray(0, -3);
  const answer = await client.unary(exportPath.traces, cut);
  expect(answer).toMatchObject({ code: 'INVALID_ARGUMENT', details: expect.stringContaining('cannot decode') });
  expect(retryAfterSeconds(answer)).toBeUndefined();
  expect(await server.counters('total_rows', 'buffered_rows', 'admitted_bytes')).toEqual({
    total_rows: '0',
    buffered_rows: '0',
    admitted_bytes: '0',
  });
});

describe('RESOURCE_EXHAUSTED', () => {
  test('for a message above max_body_bytes, not to be sent again', async () => {
    const server = await serveGrpc({ max_body_bytes: bodies.logs.length });
    const client = new GrpcClient(server.port);
    expect(await client.unary(exportPath.logs, bodies.logs)).toMatchObject({ code: 'OK' });
    const answer = await client.unary(exportPath.logs, logsRequest(100));
    expect(answer).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringContaining(`larger than max_body_bytes ${bodies.logs.length}`),
    });
    expect(retryAfterSeconds(answer)).toBeUndefined();
  });

  test('for a message above the default of 16 MiB while the client is still sending', async () => {
    const server = await serveGrpc();
    const answer = await new GrpcClient(server.port).unary(exportPath.logs, Buffer.alloc((16 << 20) + 1));
    expect(answer).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringContaining('max_body_bytes 16777216'),
    });
  });

  test('when max_buffered_bytes is reached, to be sent again after a second; a flush makes room', async () => {
    const server = await serveGrpc({ max_buffered_bytes: bodies.logs.length, seal_max_age_ms: NEVER_MS });
    const client = new GrpcClient(server.port);
    expect(await client.unary(exportPath.logs, bodies.logs)).toMatchObject({ code: 'OK' });
    const answer = await client.unary(exportPath.logs, bodies.logs);
    expect(answer).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringContaining('max_buffered_bytes'),
    });
    expect(retryAfterSeconds(answer)).toBe(1);
    expect(await server.counters('admitted_bytes', 'total_rows')).toEqual({
      admitted_bytes: String(bodies.logs.length),
      total_rows: '3',
    });
    await server.flush();
    expect(await client.unary(exportPath.logs, bodies.logs)).toMatchObject({ code: 'OK' });
  });

  test('when max_decoded_bytes is reached, to be sent again', async () => {
    const server = await serveGrpc({ max_decoded_bytes: 1000, seal_max_age_ms: NEVER_MS });
    // Half of the limit requests a seal; without a table to seal into, rows wait.
    await server.database.rows('DROP TABLE otlp_logs');
    const client = new GrpcClient(server.port);
    expect(await client.unary(exportPath.logs, logsRequest(100))).toMatchObject({ code: 'OK' });
    const answer = await client.unary(exportPath.logs, bodies.logs);
    expect(answer).toMatchObject({
      code: 'RESOURCE_EXHAUSTED',
      details: expect.stringContaining('max_decoded_bytes'),
    });
    expect(retryAfterSeconds(answer)).toBe(1);
  });
});

describe('UNIMPLEMENTED', () => {
  for (const path of [
    '/opentelemetry.proto.experimental.arrow.v1.ArrowLogsService/ArrowLogs',
    '/opentelemetry.proto.collector.logs.v1.LogsService/Import',
    '/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export',
    '/v1/logs',
    '/',
  ]) {
    test(`for ${path}`, async () => {
      const server = await serveGrpc();
      const answer = await new GrpcClient(server.port).unary(path, bodies.logs);
      expect(answer).toMatchObject({ code: 'UNIMPLEMENTED', details: `unknown method ${path}` });
    });
  }
});

test('a status message arrives as it was, whatever is in it', async () => {
  const server = await serveGrpc();
  const answer = await new GrpcClient(server.port).unary('/100%25%zz', Buffer.alloc(0));
  expect(answer.details).toBe('unknown method /100%25%zz');
});

test('several clients of several signals at once lose nothing', async () => {
  const database = await OtelDatabase.open();
  try {
    const server = await database.serve({ transport: 'grpc' });
    const clients = Array.from({ length: 4 }, () => new GrpcClient(server.port));
    const answers = await Promise.all(
      clients.flatMap((client) =>
        Array.from({ length: 25 }, () => [
          client.unary(exportPath.logs, bodies.logs),
          client.unary(exportPath.traces, bodies.traces),
          client.unary(exportPath.metrics, bodies.metrics),
        ]).flat(),
      ),
    );
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(['OK']));
    await server.flush();
    expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('300');
    expect(await database.value('SELECT count(*) FROM otlp_traces')).toBe('200');
    expect(await database.value('SELECT count(*) FROM otlp_metrics_summary')).toBe('100');
  } finally {
    await database.close();
  }
});
