// Flush, stop and the lists treat a gRPC listener as they treat any other.

import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { openDatabase } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';
import { exportPath, GrpcClient } from './grpc-client.js';
import { NEVER_MS, serveGrpc } from './grpc-server.js';
import { prefixed, RawGrpcConnection } from './raw-call.js';

const body = logsRequest(3);

describe.each([
  { scheme: 'otlp', options: { transport: 'grpc' } },
  { scheme: 'otap', options: {} },
] as const)('$scheme over gRPC', ({ scheme, options }) => {
  test('starts, is listed, flushed and stopped under its URI', async () => {
    const database = await openDatabase();
    const server = await database.serve(options, `${scheme}:127.0.0.1:0`);
    expect(server.row).toMatchObject({
      listen_uri: `${scheme}:127.0.0.1:${server.port}`,
      listen_url: `http://127.0.0.1:${server.port}`,
      logs_table: 'otlp_logs',
      metrics_summary_table: 'otlp_metrics_summary',
    });
    expect(await server.status()).toMatchObject({ host: '127.0.0.1', port: server.port, is_listening: true });
    expect(await server.flush()).toEqual({ status: 'sealed', sealed_rows: '0', seals_total: '0', error: null });
    const other = scheme === 'otlp' ? 'otap' : 'otlp';
    expect(await database.rows(`FROM otlp_flush('${other}:127.0.0.1:${server.port}')`)).toMatchObject([
      { status: `No server found listening on ${other}:127.0.0.1:${server.port}` },
    ]);
    expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
    expect(await server.status()).toBeUndefined();
    expect((await database.serve(options, server.uri)).uri).toBe(server.uri);
  });

  test('listens on both addresses of localhost', async () => {
    const database = await openDatabase();
    const server = await database.serve(options, `${scheme}:localhost:0`);
    const answer = await new GrpcClient(server.port).unary('/grpc.health.v1.Health/Check', Buffer.alloc(0), {});
    expect(answer.code).toBe('OK');
  });

  test('is refused where it listens already, and on a port that is taken', async () => {
    const database = await openDatabase();
    const server = await database.serve(options, `${scheme}:127.0.0.1:0`);
    await expect(database.serve(options, server.uri)).rejects.toThrow('OTLP server already exists');
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const taken = `${scheme}:127.0.0.1:${(other.address() as { port: number }).port}`;
    await expect(database.serve(options, taken)).rejects.toThrow(`cannot listen on ${taken}: address already in use`);
    await new Promise((resolve) => other.close(resolve));
  });
});

test('OTLP/HTTP, OTLP/gRPC and OTAP listen side by side into the same tables', async () => {
  const database = await openDatabase();
  const http = await database.serve();
  const grpc = await database.serve({ transport: 'grpc' });
  const otap = await database.serve({}, 'otap:127.0.0.1:0');
  await http.post(body);
  await new GrpcClient(grpc.port).unary(exportPath.logs, body);
  const listed = await database.rows('SELECT listen_uri, total_rows FROM otlp_server_list()');
  expect(listed).toEqual([
    { listen_uri: http.uri, total_rows: '3' },
    { listen_uri: grpc.uri, total_rows: '3' },
    { listen_uri: otap.uri, total_rows: '0' },
  ]);
  await http.flush();
  await grpc.flush();
  expect(await database.value('SELECT count(*) FROM otlp_logs')).toBe('6');
});

describe('stop', () => {
  test('commits what is buffered', async () => {
    const server = await serveGrpc({ seal_max_age_ms: NEVER_MS });
    await new GrpcClient(server.port).unary(exportPath.logs, body);
    expect(await server.stop()).toEqual({ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' });
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
  });

  test('waits for the call in flight, answers later ones UNAVAILABLE, and ends the connection', async () => {
    const server = await serveGrpc();
    const connection = await RawGrpcConnection.open(server.port);
    const inFlight = connection.call(exportPath.logs);
    inFlight.write(prefixed(body).subarray(0, 20));
    await eventually(async () => {
      expect(await server.counters('active_requests')).toEqual({ active_requests: '1' });
    });

    // On a connection of its own: those on the other would wait for it.
    const stopped = server.database.rows(`FROM otlp_stop('${server.uri}')`, await server.database.otel.connect());
    await eventually(async () => {
      expect(await server.counters('is_listening')).toEqual({ is_listening: false });
    });
    const late = await connection.unary(exportPath.logs, prefixed(body));
    expect(late.trailers).toMatchObject({ 'grpc-status': '14', 'grpc-message': 'the server is stopping' });

    inFlight.write(prefixed(body).subarray(20));
    inFlight.end();
    expect((await inFlight.answer).trailers).toMatchObject({ 'grpc-status': '0' });
    expect(await stopped).toEqual([{ status: `Stopped listening on ${server.uri}`, dropped_rows: '0' }]);
    expect(await server.database.value('SELECT count(*) FROM otlp_logs')).toBe('3');
    await eventually(() => expect(connection.session.destroyed).toBe(true));
  });

  test('is not held up by an idle connection', async () => {
    const server = await serveGrpc();
    const connection = await RawGrpcConnection.open(server.port);
    const startMs = performance.now();
    await server.stop();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    await eventually(() => expect(connection.session.destroyed).toBe(true));
  });
});
