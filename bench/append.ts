// What it costs the main thread to take the rows of requests of 1,000 logs, as a decode thread hands them over: each frozen
// at once, as OpenRows does with requests of that size, and, the plain way, copied into columns that grow first. And what a
// scan of the batches that this makes costs.
//
// npm run bench:append [-- requests (200) rounds (9)]

import { DuckDBInstance } from '@duckdb/node-api';
import type { FrozenBatch } from '../src/buffer/generation.js';
import { NO_SEQUENCES, OpenRows } from '../src/buffer/open-rows.js';
import { packRows, unpackRows } from '../src/buffer/packed-rows.js';
import { SignalRows } from '../src/buffer/signal-rows.js';
import { decodeProtobuf } from '../src/decode/protobuf/decode-protobuf.js';
import { Database } from '../src/duckdb/database.js';
import { FrozenRows } from '../src/duckdb/frozen-rows.js';
import { letHeapGrow } from '../src/host/heap-growth.js';
import { logsTable } from '../src/schema/logs.js';
import { median } from './median.js';
import { payloads } from './payloads.js';

const requests = Number(process.argv[2] ?? 200);
const rounds = Number(process.argv[3] ?? 9);
/** What growing columns are frozen at. */
const GROWN_HEAP_BYTES = 8 << 20;

letHeapGrow();
const instance = await DuckDBInstance.create(':memory:');
const database = await Database.open(instance);
const connection = await database.connect();
const packed = payloads('logs').protobuf.map((body) => {
  const rows = new SignalRows('logs');
  decodeProtobuf('logs', body, rows);
  return packRows(rows);
});
const requestRows = (i: number): SignalRows => unpackRows(packed[i % packed.length]!);

interface Run {
  readonly append: number;
  readonly scan: number;
  readonly longestMs: number;
  readonly batches: number;
}

const ways: Readonly<Record<string, (took: () => void) => readonly FrozenBatch[]>> = {
  'frozen at once': (took) => {
    const open = new OpenRows((rows) => FrozenRows.copyOf(rows));
    for (let i = 0; i < requests; i++) {
      const rows = requestRows(i);
      open.append([rows], { admittedBytes: 1, storedBytes: rows.storedBytes, sequences: NO_SEQUENCES }, 0);
      took();
    }
    return open.detach()!.batches.get('logs')!;
  },
  'copied first': (took) => {
    const frozen: FrozenBatch[] = [];
    const growing = new SignalRows('logs');
    const freeze = () => {
      frozen.push(FrozenRows.copyOf(growing));
      growing.reset({ heapBytes: 2 * GROWN_HEAP_BYTES, rows: Number.MAX_SAFE_INTEGER });
    };
    for (let i = 0; i < requests; i++) {
      growing.append(requestRows(i));
      if (growing.heap.end >= GROWN_HEAP_BYTES) freeze();
      took();
    }
    freeze();
    return frozen;
  },
};

const runs: Record<string, Run[]> = {};
for (let round = 0; round <= rounds; round++) {
  for (const [name, way] of Object.entries(ways)) {
    let lastMs = performance.now();
    let longestMs = 0;
    let batches: readonly FrozenBatch[] = [];
    const append = await cpuSeconds(() => {
      lastMs = performance.now();
      batches = way(() => {
        const nowMs = performance.now();
        longestMs = Math.max(longestMs, nowMs - lastMs);
        lastMs = nowMs;
      });
    });
    const sum = (scan: string) => connection.run(`SELECT sum(flags) FROM ${scan}`);
    const scan = await cpuSeconds(() =>
      database.scans.read(batches, logsTable, { fidelity: 'standard', tenants: 'none' }, sum),
    );
    // The first one warms up.
    if (round > 0) runs[name] = [...(runs[name] ?? []), { append, scan, longestMs, batches: batches.length }];
  }
}
for (const [name, measured] of Object.entries(runs)) {
  const of = (value: (run: Run) => number) => median(measured.map(value));
  const perMillion = (value: (run: Run) => number) => ((of(value) * 1000) / requests).toFixed(2);
  console.log(
    `${name.padEnd(16)} ${perMillion((run) => run.append)} CPU-s per million, longest ${of((run) => run.longestMs).toFixed(1)} ms; ` +
      `scan ${perMillion((run) => run.scan)} CPU-s per million, ${measured[0]!.batches} batches`,
  );
}
connection.closeSync();

async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
