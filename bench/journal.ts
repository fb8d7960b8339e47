// What a journal costs: the same servers with and without one, in processes of their own, in turn, under the same load.
//
// npm run bench:journal [-- --rounds 3 --seconds 20 --target file]
//
// throughput: a closed loop of requests of 1,000 records, gzip, 8 connections, until all is committed. latency: the same
// at half the rate that throughput came to without a journal. small: requests of one record on 64 connections.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadReport } from '../src/load/load-report.js';
import { load } from './end-to-end/load-client.js';
import { OurServer, type TargetName, TOKEN } from './end-to-end/our-server.js';
import { median } from './median.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    target: { type: 'string', default: 'file' },
  },
});

const modes = ['memory', 'journal'] as const;
type Mode = (typeof modes)[number];

interface Measured {
  /** Records committed a second, the last commit included. */
  readonly rate: number;
  readonly report: LoadReport;
  /** 0 without a journal. */
  readonly requestsPerSync: number;
}

const WARM_UP_SECONDS = 3;

const root = mkdtempSync(join(tmpdir(), 'otelduck-bench-journal-'));
console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model}; into ${flags.target}`);
try {
  const peak = await compare('throughput', ['--closed-loop']);
  await compare('latency', ['--services', 1, '--rate', Math.round(peak / 2)]);
  await compare('small', ['--closed-loop', '--records-per-request', 1, '--connections', 64]);
} finally {
  rmSync(root, { recursive: true, force: true });
}

/** Measures both modes in turn, prints each run and the medians. Resolves with the rate without a journal. */
async function compare(name: string, args: readonly (string | number)[]): Promise<number> {
  console.log(`\n${name}`);
  const runs: Record<Mode, Measured[]> = { memory: [], journal: [] };
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const mode of modes) {
      const measured = await measure(mode, args);
      runs[mode].push(measured);
      print(mode, measured);
    }
  }
  const middle = (mode: Mode, of: (measured: Measured) => number) => median(runs[mode].map(of));
  const rates = modes.map((mode) => middle(mode, ({ rate }) => rate)) as [number, number];
  const p99 = middle('journal', ({ report }) => report.latency_ms.p99);
  console.log(
    `median: ${(rates[1] / rates[0]).toFixed(2)} × the rate without a journal, ack p99 ${p99.toFixed(1)} ms, ` +
      `${middle('journal', ({ requestsPerSync }) => requestsPerSync).toFixed(1)} requests per sync`,
  );
  return rates[0];
}

async function measure(mode: Mode, args: readonly (string | number)[]): Promise<Measured> {
  const folder = mkdtempSync(join(root, 'run-'));
  const server = await OurServer.start(flags.target as TargetName, folder);
  try {
    const options = mode === 'memory' ? '' : `durability := 'journal', journal_path := '${join(folder, 'journal')}'`;
    const served = await server.serve(options);
    const startMs = performance.now();
    const report = await load([
      ...['--url', `http://127.0.0.1:${served.port}`, '--token', TOKEN, '--signal', 'logs', '--compression', 'gzip'],
      ...['--duration', `${flags.seconds}s`, '--warm-up', `${WARM_UP_SECONDS}s`, ...args],
    ]);
    await server.sql(`FROM otlp_flush('${served.uri}')`);
    const seconds = (performance.now() - startMs) / 1000;
    const status = await server.status(served);
    const syncs = Number(status['journal_syncs_total']);
    return {
      rate: Number(status['committed_rows_total']) / seconds,
      report,
      requestsPerSync: syncs === 0 ? 0 : Number(status['journal_records_total']) / syncs,
    };
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function print(mode: Mode, { rate, report, requestsPerSync }: Measured): void {
  const { latency_ms: ms, statuses } = report;
  const refused = Object.entries(statuses).filter(([status]) => status !== '202');
  console.log(
    `${mode.padEnd(8)} ${Math.round(rate).toLocaleString('en').padStart(9)} records/s committed  ack p50 ${ms.p50.toFixed(1).padStart(6)} p99 ${ms.p99.toFixed(1).padStart(6)} max ${ms.max.toFixed(0).padStart(5)} ms` +
      (requestsPerSync === 0 ? '' : `  ${requestsPerSync.toFixed(1)} requests per sync`) +
      (refused.length === 0 ? '' : `  ${JSON.stringify(Object.fromEntries(refused))}`) +
      (report.generator.bottleneck === null ? '' : `  (${report.generator.bottleneck})`),
  );
}
