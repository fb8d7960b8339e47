// Whole servers under load: ours, its rows counted once they are committed, beside an OpenTelemetry Collector that
// writes JSON to a file, both in processes of their own, fed the same bodies by the same `otelduck load`, in turn.
// Linux only.
//
// npm run bench:end-to-end [-- --rows throughput,signals,single,latency,freshness,growth --targets parquet,ducklake,file
//   --seconds 180 --rounds 1 --connections 8 --options "http_threads := 2" --memory-limit 1GB --no-peer
//   --profile folder --csv file]
//
// throughput: protobuf logs, gzip, a closed loop; /healthz asked meanwhile. signals: other wires and signals, by bytes.
// single: requests of one record on 64 connections, beside a fastify server with an empty handler. latency: at half the
// rate that throughput came to (or --rate), with CHECKPOINT running in between. freshness: from an ack until SQL sees the
// row. growth: as throughput, with a line for each minute. sustained: as throughput, at --rate records a second.

import { fork } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import zlib from 'node:zlib';
import { LatencyHistogram } from '../src/load/latency-histogram.js';
import type { LoadReport } from '../src/load/load-report.js';
import type { Signal } from '../src/schema/column-declaration.js';
import { Collector, collectorSettings } from './end-to-end/collector.js';
import { HealthProbe } from './end-to-end/health-probe.js';
import { load } from './end-to-end/load-client.js';
import { OurServer, type Served, type TargetName, TOKEN, targetNames } from './end-to-end/our-server.js';
import { UsageMeter, usageOf } from './end-to-end/process-usage.js';
import { payloads } from './payloads.js';

const { values: flags } = parseArgs({
  options: {
    rows: { type: 'string', default: 'throughput,signals,single,latency,freshness' },
    targets: { type: 'string', default: 'parquet,ducklake,file' },
    seconds: { type: 'string', default: '180' },
    rounds: { type: 'string', default: '1' },
    connections: { type: 'string', default: '8' },
    options: { type: 'string', default: '' },
    'memory-limit': { type: 'string' },
    rate: { type: 'string' },
    'no-peer': { type: 'boolean', default: false },
    profile: { type: 'string' },
    csv: { type: 'string' },
  },
});
const seconds = Number(flags.seconds);
const targets = flags.targets.split(',').map((name) => {
  if (!(targetNames as readonly string[]).includes(name)) throw new Error(`there is no target "${name}"`);
  return name as TargetName;
});

/** Of shorter measurements, which have no growth to show. */
const shortSeconds = Math.min(seconds, 20);
const WARM_UP_SECONDS = Math.min(5, seconds / 4);
const SAMPLE_MS = 10_000;
const SAMPLES_A_MINUTE = 6;

const root = mkdtempSync(join(tmpdir(), 'otelduck-end-to-end-'));
const bodyFolder = join(root, 'bodies');
mkdirSync(bodyFolder);
const bodies = Object.fromEntries(
  (['logs', 'traces', 'metrics'] as const).map((signal) => [
    signal,
    payloads(signal).protobuf.map((bytes, i) => {
      const path = join(bodyFolder, `${signal}-${i}.pb`);
      writeFileSync(path, bytes);
      return path;
    }),
  ]),
) as Record<Signal, string[]>;

console.log(`Node ${process.version}, ${availableParallelism()} cores, ${cpus()[0]?.model}`);
console.log(`ours: ${flags.options === '' ? 'defaults' : flags.options}; peer: ${JSON.stringify(collectorSettings)}`);
console.log(`${bodies.logs.length} bodies of logs, ${statSync(bodies.logs[0]!).size} bytes, gzip`);

/** Rows of a Markdown table, for docs/performance.md. */
const resultRows: string[] = [];

/** What throughput has come to, in records a second. */
let peakRate = flags.rate === undefined ? undefined : 2 * Number(flags.rate);
const rows: Readonly<Record<string, () => Promise<void>>> = {
  throughput,
  signals: otherSignals,
  single,
  latency,
  freshness,
  growth,
  sustained,
};
try {
  for (const name of flags.rows.split(',')) {
    const run = rows[name];
    if (run === undefined) throw new Error(`there is no row "${name}", only ${Object.keys(rows).join(', ')}`);
    console.log(`\n${name}`);
    await run();
  }
  console.log(`\n| What | Result |\n| --- | --- |\n${resultRows.join('\n')}`);
} finally {
  rmSync(root, { recursive: true, force: true });
}

interface Measured {
  readonly report: LoadReport;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly maxRssBytes: number;
  /** Of bodies before compression, where their length is known. */
  readonly bytesPerSecond?: number | undefined;
  readonly health?: LatencyHistogram | undefined;
}

async function throughput(): Promise<void> {
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const target of targets) {
      const peer = flags['no-peer'] ? undefined : await collectorThroughput(seconds);
      const measured = await ourThroughput(target, seconds, 'logs', {});
      addResult(`logs into ${target}, ${seconds} s`, described(measured));
      if (peer !== undefined) {
        const ratio = (of: (run: Measured) => number) => (of(measured) / of(peer)).toFixed(2);
        addResult(
          'the Collector before it',
          `${described(peer)}: ours ${ratio((run) => run.recordsPerSecond)} × its records/s, ${ratio((run) => run.cpuSecondsPerMillion)} × its CPU`,
        );
      }
      peakRate = Math.max(peakRate ?? 0, measured.recordsPerSecond);
    }
  }
}

async function sustained(): Promise<void> {
  if (flags.rate === undefined) throw new Error('sustained needs --rate, in records a second');
  for (const target of targets) {
    const measured = await ourThroughput(target, seconds, 'logs', { rate: Number(flags.rate) });
    const { p50, p99 } = measured.report.latency_ms;
    const ack = `ack p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms`;
    addResult(`logs into ${target} at ${flags.rate} records/s, ${seconds} s`, `${described(measured)}, ${ack}`);
  }
}

async function growth(): Promise<void> {
  for (const target of targets) await ourThroughput(target, seconds, 'logs', { isGrowthShown: true });
}

async function otherSignals(): Promise<void> {
  const target = targets[0]!;
  let logsBytesPerSecond: number | undefined;
  for (const [signal, protocol] of [
    ['logs', 'http'],
    ['traces', 'http'],
    ['metrics', 'http'],
    ['logs', 'grpc'],
    ['logs', 'otap'],
  ] as const) {
    const measured = await ourThroughput(target, shortSeconds, signal, { protocol });
    logsBytesPerSecond ??= measured.bytesPerSecond;
    const { bytesPerSecond } = measured;
    const byBytes =
      bytesPerSecond === undefined
        ? ''
        : `, ${(bytesPerSecond / 1e6).toFixed(0)} MB/s of protobuf: ${(bytesPerSecond / logsBytesPerSecond!).toFixed(2)} × HTTP logs`;
    addResult(`${signal} over ${protocol} into ${target}`, `${described(measured)}${byBytes}`);
  }
}

interface Ways {
  readonly protocol?: 'http' | 'grpc' | 'otap';
  readonly isGrowthShown?: boolean;
  /** Records a second; without it, as fast as they are answered. */
  readonly rate?: number;
}

/** Load on a server of its own, until all that was accepted is committed. */
async function ourThroughput(target: TargetName, forSeconds: number, signal: Signal, ways: Ways): Promise<Measured> {
  const { protocol = 'http', isGrowthShown = false, rate } = ways;
  return onOurServer(target, async (server) => {
    const options = [flags.options, protocol === 'grpc' ? "transport := 'grpc'" : ''].filter((text) => text !== '');
    const served = await server.serve(options.join(', '), protocol === 'otap' ? 'otap:127.0.0.1:0' : undefined);
    const health = protocol === 'http' ? new HealthProbe(served.port) : undefined;
    const meter = new UsageMeter(server.pid);
    const stopGrowth = isGrowthShown ? showGrowth(server, served, target) : async () => undefined;
    const startMs = performance.now();
    const sent = protocol === 'otap' ? ['--signal', signal] : payloadArgs(signal);
    const report = await load([
      ...clientArgs(served.port, forSeconds, 0),
      '--protocol',
      protocol,
      ...(rate === undefined ? ['--closed-loop'] : ['--services', 1, '--rate', rate]),
      ...sent,
    ]);
    await stopGrowth();
    const [flushed] = await server.sql(`FROM otlp_flush('${served.uri}')`);
    const elapsedSeconds = (performance.now() - startMs) / 1000;
    const { cpuSeconds, maxRssBytes } = meter.stop();
    await health?.stop();
    const status = await server.status(served);
    const committed = Number(status['committed_rows_total']);
    const stored = await storedRows(server, signal);
    const uncompressed = protocol === 'otap' ? undefined : statSync(bodies[signal][0]!).size / recordsPerBody(report);
    const recordsPerSecond = committed / elapsedSeconds;
    const measured = {
      report,
      recordsPerSecond,
      cpuSecondsPerMillion: (cpuSeconds * 1e6) / committed,
      maxRssBytes,
      bytesPerSecond: uncompressed === undefined ? undefined : recordsPerSecond * uncompressed,
      health: health?.latency,
    };
    print(`ours, ${protocol} ${signal} into ${target}`, measured);
    const { accepted_records: accepted } = report.total;
    console.log(
      `  ${(committed / 1e6).toFixed(1)} M committed of ${(accepted / 1e6).toFixed(1)} M accepted, ${stored === committed ? 'all there' : `ONLY ${stored} THERE`}; ` +
        `${measured.bytesPerSecond === undefined ? '' : `${(measured.bytesPerSecond / 1e6).toFixed(0)} MB/s of protobuf; `}` +
        `${status['seals_total']} seals, ${status['seal_failures_total']} failed; thread's delay p99 ${Number(status['event_loop_delay_p99_ms']).toFixed(0)} ms, max ${Number(status['event_loop_delay_max_ms']).toFixed(0)} ms` +
        (health === undefined
          ? ''
          : `; /healthz p99 ${health.latency.percentileMs(99).toFixed(1)} ms, max ${health.latency.maxMs.toFixed(0)} ms, ${health.failures} failed`),
    );
    if (flushed!['status'] !== 'sealed') console.log(`  FLUSH: ${JSON.stringify(flushed)}`);
    if (accepted !== committed) console.log('  ROWS DIFFER');
    return measured;
  });
}

function recordsPerBody(report: LoadReport): number {
  return report.total.accepted_records / report.total.accepted_requests;
}

/** Counts by reading, not from metadata. */
async function storedRows(server: OurServer, signal: Signal): Promise<number> {
  const tables = {
    logs: ['otlp_logs'],
    traces: ['otlp_traces'],
    metrics: ['gauge', 'sum', 'histogram', 'exp_histogram', 'summary'].map((kind) => `otlp_metrics_${kind}`),
  }[signal];
  let sum = 0;
  for (const table of tables) {
    const [row] = await server.sql(`SELECT count(service_name) AS count FROM ${server.table(table)}`);
    sum += Number(row!['count']);
  }
  return sum;
}

async function collectorThroughput(forSeconds: number): Promise<Measured> {
  const folder = mkdtempSync(join(root, 'peer-'));
  const collector = await Collector.start(folder);
  const meter = new UsageMeter(collector.pid);
  const report = await load([...clientArgs(collector.port, forSeconds, 0), '--closed-loop', ...payloadArgs('logs')]);
  // Stopped while a batch waits, it has crashed instead of writing it.
  await pause(1000);
  const { cpuSeconds, maxRssBytes } = meter.stop();
  await collector.stop();
  const accepted = report.total.accepted_records;
  const measured = {
    report,
    recordsPerSecond: accepted / report.seconds,
    cpuSecondsPerMillion: (cpuSeconds * 1e6) / accepted,
    maxRssBytes,
  };
  print('Collector, http logs into JSON', measured);
  const written = statSync(join(folder, 'telemetry.json')).size;
  console.log(`  ${(accepted / 1e6).toFixed(1)} M accepted, ${(written / 1e6).toFixed(0)} MB written`);
  rmSync(folder, { recursive: true });
  return measured;
}

/** A line for each minute: a rate that falls would show there. Returns how to end it. */
function showGrowth(server: OurServer, served: Served, target: TargetName): () => Promise<void> {
  if (flags.csv !== undefined && !existsSync(flags.csv)) {
    appendFileSync(flags.csv, 'target,seconds,committed_rows,records_per_second,cpu,rss_mb\n');
  }
  const startMs = performance.now();
  let last = { committed: 0, cpuSeconds: usageOf(server.pid).cpuSeconds, ms: startMs };
  const samples = [last];
  const rate = (from: number, to: number) =>
    ((samples.at(to)!.committed - samples.at(from)!.committed) * 1000) / (samples.at(to)!.ms - samples.at(from)!.ms);
  let isStopped = false;
  const showing = (async () => {
    for (let sample = 1; !isStopped; sample++) {
      await pause(Math.max(0, startMs + sample * SAMPLE_MS - performance.now()));
      // In a sample in which the load ended it is not the rate that would be seen.
      if (isStopped) return;
      const committed = Number((await server.status(served))['committed_rows_total']);
      const { cpuSeconds, rssBytes } = usageOf(server.pid);
      const ms = performance.now();
      const passed = (ms - last.ms) / 1000;
      const rateNow = (committed - last.committed) / passed;
      const cpu = (cpuSeconds - last.cpuSeconds) / passed;
      const line = [
        target,
        ((ms - startMs) / 1000).toFixed(0),
        committed,
        rateNow.toFixed(0),
        cpu.toFixed(2),
        (rssBytes / 1e6).toFixed(0),
      ];
      if (flags.csv !== undefined) appendFileSync(flags.csv, `${line.join(',')}\n`);
      last = { committed, cpuSeconds, ms };
      samples.push(last);
      if (sample % SAMPLES_A_MINUTE === 0) {
        const ofMinute = Math.round(rate(-1 - SAMPLES_A_MINUTE, -1));
        console.log(`  ${line[1]} s: ${line[2]} rows, ${ofMinute} records/s, ${line[4]} cores, ${line[5]} MB`);
      }
    }
  })();
  return async () => {
    isStopped = true;
    await showing;
    const minute = Math.min(SAMPLES_A_MINUTE, samples.length - 1);
    const [first, end] = [rate(0, minute), rate(-1 - minute, -1)];
    addResult(
      `growth, ${target}, ${seconds} s`,
      `${(last.committed / 1e6).toFixed(0)} M rows; first minute ${Math.round(first)} records/s, last ${Math.round(end)} (${(end / first).toFixed(2)} ×)`,
    );
  };
}

async function single(): Promise<void> {
  // As SDKs send by default. The last of a flag's values counts.
  const args = ['--closed-loop', '--records-per-request', 1, '--connections', 64, '--compression', 'none'];
  await onOurServer('memory', async (server) => {
    const served = await server.serve(flags.options);
    for (let round = 0; round < 3; round++) {
      const fastify = fork(join(import.meta.dirname, 'end-to-end/empty-fastify.js'));
      const port = await new Promise<number>((resolve) => fastify.once('message', (told) => resolve(Number(told))));
      const theirs = await load([...clientArgs(port, shortSeconds / 2, 1), ...args]);
      fastify.disconnect();
      const ours = await load([...clientArgs(served.port, shortSeconds / 2, 1), ...args]);
      const rate = ({ seconds: passed, accepted_requests: requests }: LoadReport) => requests / passed;
      console.log(
        `requests/s: fastify ${Math.round(rate(theirs))}, ours ${Math.round(rate(ours))} (${(rate(ours) / rate(theirs)).toFixed(2)} ×), ack p99 ${ours.latency_ms.p99.toFixed(1)} ms, ` +
          `generator busy ${Math.round(100 * ours.generator.event_loop_utilization)} %`,
      );
      addResult(
        'requests of one record, 64 connections',
        `${Math.round(rate(ours))} requests/s, ${(rate(ours) / rate(theirs)).toFixed(2)} × fastify's ${Math.round(rate(theirs))}; ack p99 ${ours.latency_ms.p99.toFixed(1)} ms`,
      );
    }
  });
}

async function latency(): Promise<void> {
  if (peakRate === undefined) throw new Error('latency needs throughput before it, or --rate');
  for (const target of targets) {
    for (const isCheckpointed of [false, true]) {
      await onOurServer(target, async (server) => {
        const served = await server.serve(flags.options);
        let isDone = false;
        let checkpoints = 0;
        const catalogs: Readonly<Record<TargetName, string>> = {
          parquet: 'memory',
          memory: 'memory',
          file: 'bench',
          ducklake: 'lake',
        };
        const checkpointing = (async () => {
          for (; isCheckpointed && !isDone; checkpoints++) {
            await server.sql(`CHECKPOINT ${catalogs[target]}`).catch(() => undefined);
            await pause(500);
          }
        })();
        const rate = Math.round(peakRate! / 2);
        const report = await load([
          ...clientArgs(served.port, shortSeconds, WARM_UP_SECONDS),
          ...payloadArgs('logs'),
          '--services',
          1,
          '--rate',
          rate,
        ]);
        isDone = true;
        await checkpointing;
        const status = await server.status(served);
        const { p50, p99, p99_9: p999, max } = report.latency_ms;
        addResult(
          `ack at ${rate} records/s into ${target}${isCheckpointed ? ', with CHECKPOINTs' : ''}`,
          `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(0)} ms over ${status['seals_total']} seals`,
        );
        console.log(
          `${target} at ${rate} records/s${isCheckpointed ? `, ${checkpoints} CHECKPOINTs` : ''}: ack p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} p99.9 ${p999.toFixed(1)} max ${max.toFixed(0)} ms, ` +
            `${status['seals_total']} seals, never sent ${report.never_sent}, ${JSON.stringify(report.statuses)}${report.generator.bottleneck === null ? '' : `, ${report.generator.bottleneck}`}`,
        );
      });
    }
  }
}

/** From the moment that a request is acknowledged until a query sees its row, one request after the other. */
async function freshness(): Promise<void> {
  for (const target of targets) {
    for (const [options, samples, pauseMs] of [
      ['', 10, 10],
      ['seal_max_age_ms := 200', 60, 1],
    ] as const) {
      await onOurServer(target, async (server) => {
        const served = await server.serve([flags.options, options].filter((text) => text !== '').join(', '));
        const histogram = new LatencyHistogram();
        const table = server.table('otlp_logs');
        const background = load([...clientArgs(served.port, samples * (options === '' ? 5.5 : 0.4), 0), '--rate', 25]);
        for (let sample = 0; sample < samples; sample++) {
          const name = `fresh-${sample}`;
          const attributes = [{ key: 'service.name', value: { stringValue: name } }];
          const scopeLogs = [{ logRecords: [{ body: { stringValue: 'fresh' } }] }];
          const response = await fetch(`http://127.0.0.1:${served.port}/v1/logs`, {
            method: 'POST',
            headers: {
              authorization: `Bearer ${TOKEN}`,
              'content-type': 'application/json',
              'content-encoding': 'gzip',
            },
            body: new Uint8Array(
              zlib.gzipSync(JSON.stringify({ resourceLogs: [{ resource: { attributes }, scopeLogs }] })),
            ),
          });
          await response.arrayBuffer();
          const ackedMs = performance.now();
          for (;;) {
            const [row] = await server.sql(`SELECT count(*) AS count FROM ${table} WHERE service_name = '${name}'`);
            if (Number(row!['count']) > 0) break;
            await pause(pauseMs);
          }
          histogram.add(performance.now() - ackedMs);
        }
        await background;
        addResult(
          `visible in ${target}, ${options || 'defaults'}`,
          `p50 ${histogram.percentileMs(50).toFixed(0)}, p99 ${histogram.percentileMs(99).toFixed(0)} ms of ${samples}`,
        );
        console.log(
          `${target}, ${options || 'defaults'}: visible after p50 ${histogram.percentileMs(50).toFixed(0)} p99 ${histogram.percentileMs(99).toFixed(0)} max ${histogram.maxMs.toFixed(0)} ms, ${samples} samples`,
        );
      });
    }
  }
}

async function onOurServer<T>(target: TargetName, work: (server: OurServer) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(root, `${target}-`));
  const profiled = flags.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`];
  const server = await OurServer.start(target, folder, profiled);
  try {
    if (flags['memory-limit'] !== undefined) await server.sql(`SET memory_limit = '${flags['memory-limit']}'`);
    return await work(server);
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function clientArgs(port: number, forSeconds: number, warmUpSeconds: number): (string | number)[] {
  return [
    '--url',
    `http://127.0.0.1:${port}`,
    '--token',
    TOKEN,
    '--duration',
    `${forSeconds}s`,
    '--warm-up',
    `${warmUpSeconds}s`,
    '--connections',
    flags.connections,
    '--compression',
    'gzip',
  ];
}

function payloadArgs(signal: Signal): string[] {
  return ['--signal', signal, ...bodies[signal].flatMap((path) => ['--payload', path])];
}

function addResult(what: string, result: string): void {
  resultRows.push(`| ${what} | ${result} |`);
}

function described({ report, recordsPerSecond, cpuSecondsPerMillion, maxRssBytes, health }: Measured): string {
  const refused = report.statuses['503'] ?? 0;
  return (
    `${Math.round(recordsPerSecond).toLocaleString('en')} records/s, ${cpuSecondsPerMillion.toFixed(2)} CPU-s per million, RSS ${Math.round(maxRssBytes / 1e6).toLocaleString('en')} MB` +
    (refused === 0 ? '' : `, ${refused} × 503`) +
    (health === undefined ? '' : `, /healthz p99 ${health.percentileMs(99).toFixed(0)} ms`)
  );
}

function print(name: string, { report, recordsPerSecond, cpuSecondsPerMillion, maxRssBytes }: Measured): void {
  const { latency_ms: ms, statuses, generator } = report;
  const refused = Object.entries(statuses).filter(([status]) => !['200', '202', 'OK'].includes(status));
  console.log(
    `${name.padEnd(34)} ${Math.round(recordsPerSecond).toLocaleString('en').padStart(9)} records/s  ${cpuSecondsPerMillion.toFixed(2).padStart(6)} CPU-s per million  ` +
      `${Math.round(maxRssBytes / 1e6)
        .toLocaleString('en')
        .padStart(
          5,
        )} MB  ack p50 ${ms.p50.toFixed(1)} p99 ${ms.p99.toFixed(1)} ms  client ${generator.cpu_seconds_per_million_records} CPU-s per million` +
      `${refused.length === 0 ? '' : `  ${JSON.stringify(Object.fromEntries(refused))}`}`,
  );
}
