// What it buys to write the answers of a turn of the event loop together: two servers of node:http, which read a body and
// are busy for some microseconds as decoding is, in alternating runs. One answers each request as soon as it can, as
// anybody would; the other one once all sockets of the turn have been read. 64 connections, a closed loop.
//
// npm run bench:answers [-- seconds (4) rounds (3) microseconds of work (15)]

import { fork } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { EndOfTurn } from '../src/server/http/end-of-turn.js';
import { load } from './end-to-end/load-client.js';
import { median } from './median.js';

const ANSWER = JSON.stringify({ status: 'buffered', rows: 1, batches: 1 });
const ways = ['at once', 'together'] as const;
type Way = (typeof ways)[number];

if (process.send === undefined) {
  const [seconds = 4, rounds = 3, workMicroseconds = 15] = process.argv.slice(2).map(Number);
  await compare(seconds, rounds, workMicroseconds);
} else {
  runServer(process.argv[2] as Way, Number(process.argv[3]));
}

async function compare(seconds: number, rounds: number, workMicroseconds: number): Promise<void> {
  const found = ways.map((way) => ({ way, rate: [] as number[], p99: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { way, rate, p99 } of found) {
      const server = fork(import.meta.filename, [way, String(workMicroseconds)]);
      const port = await new Promise<number>((resolve) => server.once('message', (told) => resolve(Number(told))));
      const report = await load([
        ...['--url', `http://127.0.0.1:${port}`, '--duration', `${seconds}s`, '--warm-up', '1s', '--closed-loop'],
        ...['--connections', 64, '--records-per-request', 1, '--compression', 'none'],
      ]);
      rate.push(report.accepted_requests / report.seconds);
      p99.push(report.latency_ms.p99);
      server.kill();
    }
  }
  console.log(`${workMicroseconds} µs of work a request, 64 connections; medians of ${rounds} rounds`);
  for (const { way, rate, p99 } of found) {
    console.log(
      `  ${way.padEnd(8)} ${Math.round(median(rate)).toLocaleString('en')} requests/s, ack p99 ${median(p99).toFixed(1)} ms`,
    );
  }
}

function runServer(way: Way, workMicroseconds: number): void {
  const endOfTurn = new EndOfTurn();
  const server = http.createServer((request, response) => {
    const answer = () => response.writeHead(202, { 'content-type': 'application/json' }).end(ANSWER);
    request.resume().on('end', () => {
      const until = performance.now() + workMicroseconds / 1000;
      while (performance.now() < until);
      if (way === 'together') endOfTurn.add(answer);
      else answer();
    });
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit(0));
}
