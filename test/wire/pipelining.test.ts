// Clients that send requests without reading, or waiting for, their answers.

import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { serve } from '../support/otel-database.js';
import { postHead, RawConnection } from '../support/raw-connection.js';
import { logsRequest } from '../support/telemetry.js';

const MiB = 1 << 20;
const READ_BYTES = 64 << 10;

/** Sends a text on each of some connections at once, and ends once on each of them so many bytes have come. */
const burst = `
  const [port, connections, text, bytes] = JSON.parse(process.argv[1]);
  const open = Array.from({ length: connections }, () => require('node:net').connect({ host: '127.0.0.1', port }));
  Promise.all(open.map((socket) => new Promise((resolve) => socket.once('connect', resolve)))).then(() => {
    for (const socket of open) {
      let left = bytes;
      socket.on('data', (chunk) => (left -= chunk.length) === 0 && socket.destroy());
      socket.write(text);
    }
  });
`;

// A server once held all answers of a turn of the event loop, and their requests: 6 MB for each of these connections.
test('a burst of requests does not take memory for all of them', async () => {
  const CONNECTIONS = 40;
  const server = await serve();
  const get = 'GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n';
  const probe = await RawConnection.open(server.port);
  probe.write(get);
  const answerBytes = (await probe.until(/\{.*\}/)).length;
  const count = Math.floor(READ_BYTES / get.length);
  const peakBytes = Math.max(process.resourceUsage().maxRSS * 1024, process.memoryUsage.rss() + 200 * MiB);
  // A process of its own, so that only the server's memory is measured.
  const client = JSON.stringify([server.port, CONNECTIONS, get.repeat(count), count * answerBytes]);
  await promisify(execFile)(process.execPath, ['-e', burst, client]);
  expect(process.resourceUsage().maxRSS * 1024).toBeLessThanOrEqual(peakBytes);
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
