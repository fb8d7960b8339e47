// One port that takes HTTP/1 and gRPC: what a connection begins with decides.

import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { whenProtocolKnown } from '../../src/server/first-bytes.js';
import { GrpcServer } from '../../src/server/grpc/server.js';
import { send } from '../support/http-client.js';

const LATE_MS = 300;

async function sharedPort(gone: () => void = () => undefined): Promise<number> {
  const grpc = new GrpcServer({
    methods: new Map([
      ['/test.Echo/Echo', async (call) => call.send(Buffer.from('echo'))],
      [
        '/test.Echo/Wait',
        async (call) => {
          await call.send(Buffer.from('waiting'));
          await call.messages().prefix().catch(gone);
        },
      ],
    ]),
    maxMessageBytes: 1000,
    internalError: (error) => {
      throw error;
    },
  });
  const h1 = http.createServer((request, response) => {
    request.on('data', () => undefined).on('end', () => response.end(`${request.method} ${request.url}`));
  });
  const h2 = grpc.newHttp2Server();
  // As the listener of queries opens them: clients of HTTP/1 may end their side.
  const sockets = net.createServer({ allowHalfOpen: true }, (socket) =>
    whenProtocolKnown(socket, LATE_MS, (protocol) => (protocol === 'http2' ? h2 : h1).emit('connection', socket)),
  );
  await new Promise<void>((resolve) => {
    sockets.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(async () => {
    h1.closeAllConnections();
    await grpc.stop(new Promise((resolve) => sockets.close(() => resolve())));
  });
  return (sockets.address() as net.AddressInfo).port;
}

test('requests of HTTP/1, and calls, are answered on the same port', async () => {
  const port = await sharedPort();
  for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'PROPFIND']) {
    const answer = await send({
      port,
      path: '/there',
      method,
      ...(method === 'POST' && { body: Buffer.alloc(100_000) }),
    });
    expect(answer.text).toBe(`${method} /there`);
  }
  const session = http2.connect(`http://127.0.0.1:${port}`);
  onTestFinished(() => session.destroy());
  for (let i = 0; i < 3; i++) {
    const call = session.request({ ':method': 'POST', ':path': '/test.Echo/Echo', 'content-type': 'application/grpc' });
    call.end(Buffer.from([0, 0, 0, 0, 0]));
    const parts: Buffer[] = [];
    for await (const part of call) parts.push(part as Buffer);
    expect(Buffer.concat(parts).subarray(5).toString()).toBe('echo');
  }
});

// On connections that may be half open, calls went on after their clients had gone, and held up a stop.
test('a call ends when its client has gone', async () => {
  let gone!: () => void;
  const isNoticed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  const session = http2.connect(`http://127.0.0.1:${await sharedPort(gone)}`);
  const call = session.request({ ':method': 'POST', ':path': '/test.Echo/Wait', 'content-type': 'application/grpc' });
  call.on('error', () => undefined);
  await once(call, 'data');
  session.destroy();
  await isNoticed;
});

test('bytes that come one by one are waited for', async () => {
  const port = await sharedPort();
  const socket = net.connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  for (const byte of Buffer.from('PROPFIND /slowly HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')) {
    await new Promise<void>((resolve) => {
      socket.write(Buffer.from([byte]), () => resolve());
    });
  }
  const parts: Buffer[] = [];
  for await (const part of socket) parts.push(part as Buffer);
  expect(Buffer.concat(parts).toString()).toContain('PROPFIND /slowly');
});

for (const said of ['', 'PRI']) {
  test(`a client that says '${said}' and nothing more is cut off`, async () => {
    const port = await sharedPort();
    const socket = net.connect(port, '127.0.0.1').on('error', () => undefined);
    if (said !== '') socket.write(said);
    await new Promise((resolve) => {
      socket.once('close', resolve);
      socket.resume();
    });
  });
}
