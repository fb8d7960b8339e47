// What a load generator costs: `otelduck load` and a client of node:http, both in processes of their own, send the same
// bodies to a sink that reads them and answers at once, in alternating runs. Then what it costs to number a request in
// place, beside encoding it anew.
//
// npm run bench:load [-- seconds (5) rounds (3)]

import { fork } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { encodeRequest } from '../src/load/protobuf-requests.js';
import { exportRequest } from '../src/load/records.js';
import { RequestTemplate } from '../src/load/request-template.js';
import { load } from './end-to-end/load-client.js';
import { UsageMeter } from './end-to-end/process-usage.js';
import { median } from './median.js';

const ANSWER = 'HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}';
const role = process.argv[2];

if (role === 'sink') runSink();
else if (role === 'client') await runClient(Number(process.argv[3]), Number(process.argv[4]), Number(process.argv[5]));
else await compare(Number(role ?? 5), Number(process.argv[3] ?? 3));

async function compare(seconds: number, rounds: number): Promise<void> {
  const sink = fork(import.meta.filename, ['sink']);
  const port = await new Promise<number>((resolve) => sink.once('message', (told) => resolve(Number(told))));
  for (const records of [1000, 1]) {
    const connections = records === 1 ? 64 : 8;
    const found: Record<'ours' | 'plain', { rate: number[]; cpu: number[] }> = {
      ours: { rate: [], cpu: [] },
      plain: { rate: [], cpu: [] },
    };
    for (let round = 0; round < rounds; round++) {
      const report = await load([
        ...['--url', `http://127.0.0.1:${port}`, '--duration', `${seconds}s`, '--warm-up', '1s', '--closed-loop'],
        ...['--connections', connections, '--records-per-request', records, '--compression', 'gzip'],
      ]);
      found.ours.rate.push(report.accepted_requests / report.seconds);
      found.ours.cpu.push((report.generator.cpu_seconds * 1e6) / report.accepted_requests);
      const plain = fork(import.meta.filename, ['client', ...[port, records, connections].map(String)]);
      const told = await new Promise<{ requests: number; cpuSeconds: number }>((resolve) => {
        plain.once('message', () => {
          const meter = new UsageMeter(plain.pid!);
          setTimeout(() => plain.send(0), seconds * 1000);
          plain.once('message', (requests) =>
            resolve({ requests: Number(requests), cpuSeconds: meter.stop().cpuSeconds }),
          );
        });
      });
      plain.kill();
      found.plain.rate.push(told.requests / seconds);
      found.plain.cpu.push((told.cpuSeconds * 1e6) / told.requests);
    }
    console.log(
      `requests of ${records} records, gzip, ${connections} connections, closed loop, a sink on the same machine`,
    );
    for (const [name, { rate, cpu }] of Object.entries(found)) {
      console.log(
        `  ${name === 'ours' ? 'otelduck load' : 'node:http'.padEnd(13)} ${Math.round(median(rate)).toLocaleString('en')} requests/s, ${Math.round(median(rate) * records).toLocaleString('en')} records/s, ${median(cpu).toFixed(0)} CPU-µs a request`,
      );
    }
  }
  sink.kill();

  const request = exportRequest('logs', 0, 1000);
  const template = new RequestTemplate(encodeRequest('logs', request), 1000);
  const copy = template.copy();
  console.log('numbering a request of 1,000 logs');
  console.log(`  in place       ${timed(200, (i) => template.write(copy, i, i * 1000)).toFixed(3)} ms`);
  console.log(
    `  encoding anew  ${timed(10, (i) => encodeRequest('logs', exportRequest('logs', i, 1000))).toFixed(3)} ms`,
  );
}

/** Reads requests with a length, and answers each with its last byte. */
function runSink(): void {
  const server = net.createServer((socket) => {
    let missing = 0;
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      let at = 0;
      while (at < chunk.length) {
        if (missing > 0) {
          const taken = Math.min(missing, chunk.length - at);
          missing -= taken;
          at += taken;
        } else {
          head += chunk.toString('latin1', at);
          const end = head.indexOf('\r\n\r\n');
          if (end === -1) return;
          at = chunk.length - (head.length - end - 4);
          missing = Number(/content-length: (\d+)/i.exec(head)![1]);
          head = '';
        }
        if (missing === 0) socket.write(ANSWER);
      }
    });
  });
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as net.AddressInfo).port));
}

/** The plain version of a generator: node:http, and nothing else. */
async function runClient(port: number, records: number, connections: number): Promise<void> {
  const { gzipSync } = await import('node:zlib');
  const body = gzipSync(encodeRequest('logs', exportRequest('logs', 0, records)));
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'gzip',
    'content-length': body.length,
  };
  let requests = 0;
  const send = () => {
    http
      .request({ agent, host: '127.0.0.1', port, path: '/v1/logs', method: 'POST', headers }, (response) => {
        response.resume().on('end', () => {
          requests++;
          send();
        });
      })
      .end(body);
  };
  for (let i = 0; i < connections; i++) send();
  setTimeout(() => {
    requests = 0;
    process.send!('warm');
  }, 1000);
  process.on('message', () => process.send!(requests));
}

function timed(runs: number, work: (i: number) => void): number {
  for (let i = 0; i < runs / 10; i++) work(i);
  const startMs = performance.now();
  for (let i = 0; i < runs; i++) work(i);
  return (performance.now() - startMs) / runs;
}
