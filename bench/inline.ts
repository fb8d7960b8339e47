// From which size on a body is better decoded on a thread than where it arrived: time on the main thread, which all
// requests share, and CPU time in all, for each size, both ways. This is where MAX_INLINE_BYTES in src/ingest/ingest.ts
// comes from. Linux only.
//
// npm run bench:inline [-- milliseconds per measurement (1000)]

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { DecodePool } from '../src/decode/decode-pool.js';
import { type EncodedRequest, RequestDecoder } from '../src/decode/request-decoder.js';
import { encodeRequest } from '../src/load/protobuf-requests.js';
import { exportRequest } from '../src/load/records.js';

const measureMs = Number(process.argv[2] ?? 1000);
const limits = { maxBodyBytes: 16 << 20, fidelity: 'standard' } as const;
const THREADS = 2;
/** Requests on their way to threads at a time, as of as many connections. */
const CONCURRENCY = 8;
const TICK_MS = 10;

console.log('body                    main thread, µs a request       all threads, CPU-µs a request');
console.log('                        inline     on a thread          inline     on a thread');
for (const encoding of ['gzip', 'identity'] as const) {
  for (const records of [1, 5, 10, 20, 40, 80, 160, 320]) {
    const bytes = encodeRequest('logs', exportRequest('logs', 0, records));
    const body = encoding === 'gzip' ? gzipSync(bytes) : bytes;
    const request = (): EncodedRequest => ({
      signal: 'logs',
      format: 'protobuf',
      encoding,
      body: new Uint8Array(body),
    });
    const decoder = new RequestDecoder(limits);
    const inline = await measured(async () => {
      decoder.decode(request());
    }, 1);
    const pool = new DecodePool(limits, THREADS);
    const threaded = await measured(async () => {
      pool.recycle(await pool.decode(request(), undefined));
    }, CONCURRENCY);
    await pool.close();
    const cell = (value: number) => value.toFixed(0).padStart(6);
    console.log(
      `${encoding.padEnd(8)} ${String(body.length).padStart(7)} bytes  ${cell(inline.mainUs)}          ${cell(threaded.mainUs)}             ${cell(inline.allUs)}          ${cell(threaded.allUs)}`,
    );
  }
}

async function measured(work: () => Promise<void>, concurrency: number): Promise<{ mainUs: number; allUs: number }> {
  let requests = 0;
  const loop = async (endMs: number) => {
    while (performance.now() < endMs) {
      await work();
      requests++;
    }
  };
  const runFor = (ms: number) => {
    const endMs = performance.now() + ms;
    return Promise.all(Array.from({ length: concurrency }, () => loop(endMs)));
  };
  await runFor(measureMs / 4);
  requests = 0;
  const cpu = process.cpuUsage();
  const mainMs = mainThreadCpuMs();
  await runFor(measureMs);
  const { user, system } = process.cpuUsage(cpu);
  return { mainUs: ((mainThreadCpuMs() - mainMs) * 1000) / requests, allUs: (user + system) / requests };
}

/** Linux counts by thread; the main one has the process's number. */
function mainThreadCpuMs(): number {
  const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
