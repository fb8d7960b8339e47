// What a journal costs: the same servers with and without one, in processes of their own, in turn, under the same load.
// Prints each run, and then a table of medians.
//
// npm run bench:journal [-- --rounds 3 --seconds 20 --target file --loads peak,half,small-8,small-64]
//
// peak: a closed loop of requests of 1,000 records, gzip, on 8 connections, until all is committed. half: the same at half
// the rate that peak came to without a journal. small-8, small-64: requests of one record on so many connections.

import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { LoadReport } from '../src/load/load-report.js';
import { load } from './end-to-end/load-client.js';
import { OurServer, type TargetName, TOKEN } from './end-to-end/our-server.js';
import { usageOf } from './end-to-end/process-usage.js';
import { median } from './median.js';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '20' },
    target: { type: 'string', default: 'file' },
    loads: { type: 'string', default: 'peak,half,small-8,small-64' },
  },
});

const modes = ['memory', 'journal'] as const;
type Mode = (typeof modes)[number];

interface Measured {
  /** Records committed a second, the last commit included. */
  readonly rate: number;
  /** Of the server, a request. */
  readonly cpuUs: number;
  readonly report: LoadReport;
  /** 0 without a journal. */
  readonly requestsPerSync: number;
}

type Runs = Readonly<Record<Mode, Measured[]>>;

const WARM_UP_SECONDS = 3;
const small = (connections: number) => ['--closed-loop', '--records-per-request', 1, '--connections', connections];

const root = mkdtempSync(join(tmpdir(), 'otelduck-bench-journal-'));
console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model}; into ${flags.target}`);
const wanted = (name: string) => flags.loads.split(',').includes(name);
const rows: string[] = [];
try {
  let peak = 0;
  if (wanted('peak') || wanted('half')) {
    const runs = await compare('peak', ['--closed-loop']);
    rows.push(tableRow('1,000 records, 8 connections', runs));
    peak = middle(runs.memory, ({ rate }) => rate);
  }
  if (wanted('half')) {
    const runs = await compare('half', ['--services', 1, '--rate', Math.round(peak / 2)]);
    rows.push(tableRow('the same, at half that rate', runs));
  }
  for (const connections of [8, 64]) {
    if (!wanted(`small-${connections}`)) continue;
    const runs = await compare(`small-${connections}`, small(connections));
    rows.push(tableRow(`1 record, ${connections} connections`, runs));
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(`
| Requests | Without: records/s | ack p50, p99 | With: records/s | ack p50, p99 | Ratio of rates | CPU-µs a request | Requests per sync |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}`);

/** Measures both modes in turn, and prints each run. */
async function compare(name: string, args: readonly (string | number)[]): Promise<Runs> {
  console.log(`\n${name}`);
  const runs: Runs = { memory: [], journal: [] };
  for (let round = 0; round < Number(flags.rounds); round++) {
    // The one that comes second finds a busier disk; so each does so half of the time.
    for (const mode of round % 2 === 0 ? modes : modes.toReversed()) {
      const measured = await measure(mode, args);
      runs[mode].push(measured);
      print(mode, measured);
    }
  }
  return runs;
}

async function measure(mode: Mode, args: readonly (string | number)[]): Promise<Measured> {
  const folder = mkdtempSync(join(root, 'run-'));
  const server = await OurServer.start(flags.target as TargetName, folder);
  try {
    const options = mode === 'memory' ? '' : `durability := 'journal', journal_path := '${join(folder, 'journal')}'`;
    const served = await server.serve(options);
    const before = usageOf(server.pid).cpuSeconds;
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
      cpuUs: (1e6 * (usageOf(server.pid).cpuSeconds - before)) / report.total.accepted_requests,
      report,
      requestsPerSync: syncs === 0 ? 0 : Number(status['journal_records_total']) / syncs,
    };
  } finally {
    await server.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

function middle(runs: readonly Measured[], of: (measured: Measured) => number): number {
  return median(runs.map(of));
}

function tableRow(name: string, { memory, journal }: Runs): string {
  const rate = (runs: readonly Measured[]) => Math.round(middle(runs, (run) => run.rate)).toLocaleString('en');
  const ack = (runs: readonly Measured[]) =>
    `${middle(runs, ({ report }) => report.latency_ms.p50).toFixed(1)}, ${middle(runs, ({ report }) => report.latency_ms.p99).toFixed(1)} ms`;
  const cpuUs = (runs: readonly Measured[]) => middle(runs, (run) => run.cpuUs).toFixed(0);
  const ratio = middle(journal, (run) => run.rate) / middle(memory, (run) => run.rate);
  const cells = [
    ...[name, rate(memory), ack(memory), rate(journal), ack(journal), ratio.toFixed(2)],
    ...[`${cpuUs(memory)}, ${cpuUs(journal)}`, middle(journal, (run) => run.requestsPerSync).toFixed(1)],
  ];
  return `| ${cells.join(' | ')} |`;
}

function print(mode: Mode, { rate, cpuUs, report, requestsPerSync }: Measured): void {
  const { latency_ms: ms, statuses } = report;
  const refused = Object.entries(statuses).filter(([status]) => status !== '202');
  console.log(
    `${mode.padEnd(8)} ${Math.round(rate).toLocaleString('en').padStart(9)} records/s committed  ack p50 ${ms.p50.toFixed(1).padStart(6)} p99 ${ms.p99.toFixed(1).padStart(6)} max ${ms.max.toFixed(0).padStart(5)} ms  ${cpuUs.toFixed(0)} CPU-µs a request` +
      (requestsPerSync === 0 ? '' : `  ${requestsPerSync.toFixed(1)} requests per sync`) +
      (refused.length === 0 ? '' : `  ${JSON.stringify(Object.fromEntries(refused))}`) +
      (report.generator.bottleneck === null ? '' : `  (${report.generator.bottleneck})`),
  );
}
