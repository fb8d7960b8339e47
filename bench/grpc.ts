// Unary gRPC calls per second: our listener and a server of @grpc/grpc-js, both with a handler that does nothing with the
// message. One after the other in one run, with the same client in a process of its own.
//
// npx tsc -p tsconfig.bench.json && node dist-bench/bench/grpc.js

import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { ConnectionLimit } from '../src/server/connection-limit.js';
import { GrpcListener } from '../src/server/grpc/listener.js';
import { onlyMessage } from '../src/server/grpc/message-reader.js';
import { parseListenUri } from '../src/server/listen-uri.js';
import { median } from './median.js';

const PATH = '/bench.Service/Call';
const SIZES = [100, 10_000, 500_000];
const ROUNDS = 5;
const ROUND_MS = 2_000;
const CONCURRENT_CALLS = 32;

const asItIs = (bytes: Buffer) => bytes;

interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

async function startOurs(): Promise<Running> {
  const listener = new GrpcListener({
    uri: parseListenUri('otlp:127.0.0.1:0', 'anyPort'),
    methods: new Map([
      [
        PATH,
        async (call) => {
          await onlyMessage(call.messages());
          await call.send(new Uint8Array(0));
        },
      ],
    ]),
    maxMessageBytes: 16 << 20,
    hooks: {
      connections: new ConnectionLimit(1024),
      checks: () => ({}),
      internalError: (error) => console.error(error),
      failed: (error) => console.error(error),
    },
  });
  return { port: await listener.listen(), stop: () => listener.stop() };
}

async function startGrpcJs(): Promise<Running> {
  const server = new Server({ 'grpc.max_receive_message_length': 16 << 20 });
  const call = {
    path: PATH,
    requestStream: false,
    responseStream: false,
    requestDeserialize: asItIs,
    requestSerialize: asItIs,
    responseDeserialize: asItIs,
    responseSerialize: asItIs,
  };
  server.addService(
    { call },
    { call: (_call: unknown, answer: (error: null, message: Buffer) => void) => answer(null, Buffer.alloc(0)) },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: () => new Promise((resolve) => server.tryShutdown(() => resolve())) };
}

/** Calls for a while, and says how many calls were answered. */
async function beClient(port: number, bytes: number): Promise<number> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const message = Buffer.alloc(bytes, 1);
  const callOnce = () =>
    new Promise<void>((resolve, reject) => {
      client.makeUnaryRequest(PATH, asItIs, asItIs, message, (error) => (error ? reject(error) : resolve()));
    });
  const endMs = performance.now() + ROUND_MS;
  let calls = 0;
  await Promise.all(
    Array.from({ length: CONCURRENT_CALLS }, async () => {
      while (performance.now() < endMs) {
        await callOnce();
        calls++;
      }
    }),
  );
  client.close();
  return calls;
}

/** Runs a client against a server of this process: calls per second, and our CPU time for each. */
async function measure(start: () => Promise<Running>, bytes: number): Promise<{ perSecond: number; cpuUs: number }> {
  const server = await start();
  const before = process.cpuUsage();
  const calls = await new Promise<number>((resolve, reject) => {
    const client = fork(fileURLToPath(import.meta.url), ['client', String(server.port), String(bytes)]);
    client.once('message', (message) => resolve(Number(message)));
    client.once('exit', (code) => reject(new Error(`the client ended with ${code}`)));
  });
  const { user, system } = process.cpuUsage(before);
  await server.stop();
  return { perSecond: calls / (ROUND_MS / 1000), cpuUs: (user + system) / calls };
}

async function compare(): Promise<void> {
  for (const bytes of SIZES) {
    const results = {
      ours: [] as Awaited<ReturnType<typeof measure>>[],
      'grpc-js': [] as Awaited<ReturnType<typeof measure>>[],
    };
    for (let round = 0; round < ROUNDS; round++) {
      results.ours.push(await measure(startOurs, bytes));
      results['grpc-js'].push(await measure(startGrpcJs, bytes));
    }
    for (const [name, rounds] of Object.entries(results)) {
      const perSecond = median(rounds.map((round) => round.perSecond));
      const cpuUs = median(rounds.map((round) => round.cpuUs));
      console.log(
        `${String(bytes).padStart(7)} bytes  ${name.padEnd(8)} ${perSecond.toFixed(0).padStart(6)} calls/s  ${cpuUs.toFixed(0).padStart(5)} µs of CPU a call`,
      );
    }
  }
}

if (process.argv[2] === 'client') {
  process.send!(await beClient(Number(process.argv[3]), Number(process.argv[4])), () => process.exit());
} else {
  await compare();
}
