// Clients that send requests without reading, or waiting for, their answers.

import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { ChildProgram } from '../support/child-program.js';
import { serve } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';

const MiB = 1 << 20;
const READ_BYTES = 64 << 10;

/** A server that tells its URL, and when it is asked by SIGUSR2, how much its memory had grown at most. */
const measuredServer = `
  const { serve } = await otlp.attach(await DuckDBInstance.create());
  const { listen_uri } = await serve({ uri: 'otlp:127.0.0.1:0' });
  const before = process.memoryUsage.rss();
  process.on('SIGUSR2', () => say(process.resourceUsage().maxRSS * 1024 - before));
  say(listen_uri);
`;

// A server once held all answers of a turn of the event loop, and their requests: 6 MB for each of these connections.
// With a young generation this small, so that RSS shows what is held and not how rarely V8 collects, it took 290 to 330
// MiB on Node 20, 22 and 24, where it takes 60 to 95 now.
test('a burst of requests does not take memory for all of them', async () => {
  const CONNECTIONS = 40;
  const program = new ChildProgram(measuredServer, {
    NODE_OPTIONS: '--max-semi-space-size=1',
    UV_THREADPOOL_SIZE: '32',
  });
  const port = Number((await program.line<string>()).split(':').at(-1));
  const get = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n';
  const last = 'GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n';
  const text = get.repeat(Math.floor((READ_BYTES - last.length) / get.length)) + last;
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => RawConnection.open(port)));
  // What all of them send is there when the server next looks.
  program.process.kill('SIGSTOP');
  await Promise.all(clients.map((client) => client.write(text)));
  program.process.kill('SIGCONT');
  await Promise.all(clients.map((client) => client.ended()));
  program.process.kill('SIGUSR2');
  expect(await program.line<number>()).toBeLessThan(180 * MiB);
});

test('requests behind one another are all answered, in order, and lose no row', async () => {
  const server = await serve();
  const accepted = [1, 2, 3].flatMap((rows) => Array<number>(150).fill(rows));
  const client = await RawConnection.open(server.port);
  client.write(
    Buffer.concat(
      accepted.flatMap((rows) => {
        const body = logsRequest(rows);
        return [Buffer.from(`${postHead({ 'content-length': String(body.length) })}\r\n`), body];
      }),
    ),
  );
  client.write('GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n');
  const answers = await client.until(/"not_found"/);
  expect([...answers.matchAll(/"rows":(\d)/g)].map(([, rows]) => Number(rows))).toEqual(accepted);
  expect(await server.counters('total_rows')).toEqual({ total_rows: '900' });
});

// What had been answered earlier in the same turn was once overtaken.
test('what cannot be read is told after the answers to what came before', async () => {
  const client = await RawConnection.open((await serve()).port);
  client.write('GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nnonsense\r\n\r\n');
  expect((await client.ended()).match(/(?<=HTTP\/1\.1 )\d+/g)).toEqual(['200', '400']);
});

// Such a connection was once kept for ever, with the answers that did not fit into the kernel's buffers.
test('a client that does not read its answers is cut off', async () => {
  const server = await serve({ request_timeout_ms: 200 });
  const client = connect({ host: '127.0.0.1', port: server.port }).pause();
  onTestFinished(() => {
    client.destroy();
  });
  const closed = new Promise<void>((resolve) => client.on('error', () => undefined).once('close', () => resolve()));
  // More than kernels buffer, both ways.
  client.write(Buffer.alloc(24 * MiB, 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n'));
  await closed;
});
