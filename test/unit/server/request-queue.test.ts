import http, { type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { RequestQueues } from '../../../src/server/http/request-queue.js';
import { eventually } from '../../support/eventually.js';
import { RawConnection } from '../../support/raw-connection.js';

const REQUESTS = 500;

// All that a client pipelined was once begun at once.
test('128 requests of a connection are in progress at once, and all are answered in order', async () => {
  const begun: ServerResponse[] = [];
  const queues = new RequestQueues((_request, response) => begun.push(response));
  const server = http.createServer((request, response) => queues.of(request.socket).add(request, response));
  server.on('connection', (socket) => queues.open(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });

  const client = await RawConnection.open((server.address() as AddressInfo).port);
  client.write(Array.from({ length: REQUESTS }, (_, i) => `GET /${i} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  await eventually(() => expect(begun).toHaveLength(128));
  for (let answered = 0; answered < REQUESTS; answered++) {
    const response = begun[answered]!;
    const { socket } = response.req;
    response.end(`answer ${answered}\n`);
    queues.of(socket).answered();
    expect(begun).toHaveLength(Math.min(REQUESTS, 128 + answered + 1));
    expect(socket.isPaused()).toBe(begun.length < REQUESTS);
  }
  const answers = await client.until(/answer 499\n/);
  expect(answers.match(/(?<=answer )\d+/g)).toEqual(Array.from({ length: REQUESTS }, (_, i) => String(i)));
});
