// Clients that leave in the middle of a request, and such that send a byte now and then.

import http2 from 'node:http2';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Protocol } from '../../../src/load/load-plan.js';
import { TOKEN } from './harness-database.js';
import { formByProtocol, type Ports, portFor, type Wire } from './wires.js';

const BODY_BYTES = 50_000;
const TRICKLERS = 3;
const TRICKLE_MS = 20;
/** Between one client that dies and the next. */
const PAUSE_MS = 5;

const grpcPaths = {
  grpc: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  otap: '/opentelemetry.proto.experimental.arrow.v1.ArrowLogsService/ArrowLogs',
} as const;

/** Goes on until it is enough, and resolves when all of these clients are gone. They take the wire's protocols in turn. */
export async function breakOffRequests(wire: Wire, ports: Ports, until: AbortSignal): Promise<void> {
  const protocols = formByProtocol(wire).map(({ protocol }) => protocol);
  const tricklers = Array.from({ length: TRICKLERS }, (_, index) =>
    trickle(protocols[index % protocols.length]!, ports, until),
  );
  for (let turn = 0; !until.aborted; turn++) {
    const client = await begin(protocols[turn % protocols.length]!, ports);
    client.write(Buffer.alloc(Math.floor(Math.random() * BODY_BYTES)));
    await new Promise(setImmediate);
    client.die();
    await pause(PAUSE_MS);
  }
  await Promise.all(tricklers);
}

async function trickle(protocol: Protocol, ports: Ports, until: AbortSignal): Promise<void> {
  const client = await begin(protocol, ports);
  while (!until.aborted) {
    client.write(Buffer.alloc(1));
    await pause(TRICKLE_MS);
  }
  client.die();
}

interface BrokenClient {
  write(bytes: Uint8Array): void;
  /** Ends the connection without a word. */
  die(): void;
}

/** A client that has announced a request. */
function begin(protocol: Protocol, ports: Ports): Promise<BrokenClient> {
  const port = portFor(protocol, ports);
  return protocol === 'http' ? beginHttp(port) : beginGrpc(grpcPaths[protocol], port);
}

async function beginHttp(port: number): Promise<BrokenClient> {
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  socket.resume();
  socket.write(
    `POST /v1/logs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${TOKEN}\r\ncontent-type: application/x-protobuf\r\ncontent-length: ${BODY_BYTES}\r\n\r\n`,
  );
  return {
    write: (bytes) => void (socket.writable && socket.write(bytes)),
    die: () => void socket.resetAndDestroy(),
  };
}

async function beginGrpc(path: string, port: number): Promise<BrokenClient> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  session.on('error', () => undefined);
  await new Promise((resolve) => session.once('connect', resolve).once('close', resolve));
  const stream = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: `Bearer ${TOKEN}`,
  });
  stream.on('error', () => undefined).resume();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(BODY_BYTES, 1);
  stream.write(prefix);
  return {
    write: (bytes) => void (stream.writable && stream.write(bytes)),
    die: () => session.destroy(),
  };
}
