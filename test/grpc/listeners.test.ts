// One server with two listeners: OTLP/HTTP at its URI, OTLP/gRPC and OTAP on a port of their own.

import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { type OtelServer, openDatabase, serve } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';
import { exportPath, GrpcClient } from './grpc-client.js';
import { NEVER_MS } from './grpc-server.js';
import { arrowPath, logs, statusIn } from './otap-client.js';

const CHECK = '/grpc.health.v1.Health/Check';

async function grpcPort(server: OtelServer): Promise<number> {
  const { uri } = await server.counters('listeners[2].uri AS uri');
  return Number(/\d+$/.exec(String(uri))![0]);
}

async function serveBoth(options: Record<string, string | number> = {}) {
  const server = await serve({ grpc: '127.0.0.1:0', seal_max_age_ms: NEVER_MS, ...options });
  return { server, client: new GrpcClient(await grpcPort(server)) };
}

test('HTTP, gRPC and OTAP fill the same buffer, and one commit takes all of it', async () => {
  const { server, client } = await serveBoth();
  expect((await server.post(logsRequest(2, 'http '))).status).toBe(202);
  expect(await client.unary(exportPath.logs, logsRequest(3, 'grpc '))).toMatchObject({ code: 'OK' });
  const stream = client.stream(arrowPath.logs);
  stream.send(new OtapEncoder('logs').encode(logs(4, 'otap ')));
  expect(statusIn(await stream.next())).toMatchObject({ statusCode: 'OK' });
  stream.end();

  expect(await server.counters('total_requests', 'total_rows', 'buffered_rows')).toEqual({
    total_requests: '3',
    total_rows: '9',
    buffered_rows: '9',
  });
  expect(await server.flush()).toMatchObject({ status: 'sealed', sealed_rows: '9', seals_total: '1' });
  expect(
    await server.database.rows(
      `SELECT split_part(body, ' ', 1) AS wire, count(*)::INT AS rows FROM otlp_logs GROUP BY ALL ORDER BY ALL`,
    ),
  ).toEqual([
    { wire: 'grpc', rows: 3 },
    { wire: 'http', rows: 2 },
    { wire: 'otap', rows: 4 },
  ]);
});

test('they share limits and the token', async () => {
  const body = logsRequest(4, 'log ');
  const { server, client } = await serveBoth({ max_buffered_bytes: 2 * body.length - 1 });
  expect((await server.post(body)).status).toBe(202);
  expect(await client.unary(exportPath.logs, body)).toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
  expect(await client.unary(exportPath.logs, body, {})).toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('they start together or not at all', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as { port: number };
  const database = await openDatabase();
  const freed = await database.serve();
  await freed.stop();

  const serving = database.rows(`FROM otlp_serve('${freed.uri}', grpc := '127.0.0.1:${port}', disable_auth := true)`);
  await expect(serving).rejects.toThrow(`cannot listen on otlp:127.0.0.1:${port}: address already in use`);
  expect(await database.rows('FROM otlp_server_list()')).toEqual([]);
  // The port of the one that did come up is free again.
  await database.rows(`FROM otlp_serve('${freed.uri}', disable_auth := true)`);
});

test('health speaks for all of them, and each stops with its server', async () => {
  const { server, client } = await serveBoth();
  expect((await server.get('/readyz')).status).toBe(200);
  expect(await client.unary(CHECK, new Uint8Array(0), {})).toMatchObject({ code: 'OK' });
  await server.stop();
  await expect(server.get('/readyz')).rejects.toThrow();
  expect(await client.unary(CHECK, new Uint8Array(0), {})).toMatchObject({ code: 'UNAVAILABLE' });
});
