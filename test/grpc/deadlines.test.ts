// Clients that say how long they wait, and clients that go on sending to calls that have ended.

import { expect, onTestFinished, test } from 'vitest';
import { OtapEncoder } from '../otap/otap-encoder.js';
import { eventually } from '../support/eventually.js';
import { logsRequest } from '../support/telemetry.js';
import { exportPath } from './grpc-client.js';
import { serveGrpc } from './grpc-server.js';
import { arrowPath, logs, serveOtap, statusIn } from './otap-client.js';
import { prefixed, RawGrpcConnection } from './raw-call.js';

// grpc-timeout was once not read.
for (const [what, path] of [
  ['an export whose message does not come', exportPath.logs],
  ['a watch of the health', '/grpc.health.v1.Health/Watch'],
] as const) {
  test(`${what} ends with DEADLINE_EXCEEDED when its deadline passes, and leaves nothing behind`, async () => {
    const server = await serveGrpc();
    const connection = await RawGrpcConnection.open(server.port);
    const call = connection.call(path, { 'grpc-timeout': '100m' });
    const message = prefixed(Buffer.alloc(0));
    call.write(path === exportPath.logs ? message.subarray(0, 3) : message);
    const { trailers } = await call.answer;
    expect(trailers).toMatchObject({ 'grpc-status': '4', 'grpc-message': 'the deadline of 100 ms has passed' });
    await eventually(async () => {
      expect(await server.counters('active_requests', 'admitted_bytes')).toEqual({
        active_requests: '0',
        admitted_bytes: '0',
      });
    });
  });
}

test('a call that is answered before its deadline is none the worse for it', async () => {
  const { port } = await serveGrpc();
  const connection = await RawGrpcConnection.open(port);
  for (const timeout of ['1H', '99999999M', '20S', '20000m', '20000000u', '99999999n']) {
    const body = prefixed(logsRequest(1));
    const { trailers } = await connection.unary(exportPath.logs, body, { 'grpc-timeout': timeout });
    expect([timeout, trailers['grpc-status']]).toEqual([timeout, timeout.endsWith('n') ? expect.any(String) : '0']);
  }
});

for (const timeout of ['1', 'S', '1s', '-1S', '1.5S', '123456789m']) {
  test(`a grpc-timeout of ${timeout} is refused`, async () => {
    const connection = await RawGrpcConnection.open((await serveGrpc()).port);
    const { trailers } = await connection.unary(exportPath.logs, prefixed(logsRequest(1)), { 'grpc-timeout': timeout });
    expect(trailers).toMatchObject({ 'grpc-status': '13', 'grpc-message': expect.stringContaining('grpc-timeout') });
  });
}

// What a reset keeps a client on node:http2 from sending stays in the memory of its connection: after some 60 of these
// streams it once could begin no other.
test('streams that end with bytes under way leave their connection to others', async () => {
  const server = await serveOtap({}, onTestFinished);
  const connection = await RawGrpcConnection.open(server.port);
  const encoder = new OtapEncoder('logs');
  const healthy = connection.call(arrowPath.logs);
  healthy.write(prefixed(encoder.encode(logs(1))));
  expect(statusIn(await healthy.next())).toMatchObject({ statusCode: 'OK' });
  for (let round = 0; round < 8; round++) {
    const calls = Array.from({ length: 10 }, () => connection.call(arrowPath.logs));
    for (const call of calls) {
      call.write(prefixed(Buffer.alloc(200, 0xff)));
      call.write(Buffer.alloc(700_000));
    }
    for (const call of calls) expect((await call.answer).trailers).toMatchObject({ 'grpc-status': '3' });
  }
  healthy.write(prefixed(encoder.encode(logs(1))));
  expect(statusIn(await healthy.next())).toMatchObject({ statusCode: 'OK' });
  const next = connection.call(arrowPath.logs);
  next.end();
  expect((await next.answer).trailers).toMatchObject({ 'grpc-status': '0' });
});
