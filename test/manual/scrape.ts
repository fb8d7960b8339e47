// A real Prometheus scrapes a service under load, and loads our alerts: does each scrape succeed, how long does it take, and is the rule
// file one that it runs? Exit code 1 if not.
//
//   PROMETHEUS=path/to/prometheus npm run scrape -- [--seconds 60] [--rate 50000]

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const TOKEN = 'a-token-for-scrapes';
const READY_WITHIN_MS = 20_000;

const { values } = parseArgs({ options: { seconds: { type: 'string' }, rate: { type: 'string' } } });
const seconds = Number(values.seconds ?? 60);
const rate = Number(values.rate ?? 50_000);
const binary = process.env['PROMETHEUS'];
if (binary === undefined) throw new Error('PROMETHEUS must name the program of a Prometheus');

const folder = mkdtempSync(join(tmpdir(), 'otelduck-scrape-'));
const children: ChildProcess[] = [];
const launcher = resolve('bin/otelduck.cjs');
try {
  const ours = `127.0.0.1:${await freePort()}`;
  const theirs = `127.0.0.1:${await freePort()}`;
  const service = ['serve', join(folder, 'telemetry.duckdb'), '--uri', `otlp:${ours}`];
  start(process.execPath, [launcher, ...service, '--durability', 'journal', '--journal-path', join(folder, 'journal')]);
  await ready(`http://${ours}/ready`);
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [resolve('examples/alerts.yml')],
    scrape_configs: [{ job_name: 'otelduck', static_configs: [{ targets: [ours] }] }],
  };
  // YAML takes JSON.
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  start(binary, [
    `--config.file=${join(folder, 'prometheus.yml')}`,
    `--storage.tsdb.path=${join(folder, 'prometheus')}`,
    `--web.listen-address=${theirs}`,
  ]);
  await ready(`http://${theirs}/-/ready`);
  const load = [
    'load',
    '--url',
    `http://${ours}`,
    '--signal',
    'mixed',
    '--services',
    '200',
    '--rate',
    String(rate / 200),
  ];
  const checked = ['--duration', `${seconds}s`, '--warm-up', '2s', '--check-metrics', `http://${ours}/metrics`];
  const loading = start(process.execPath, [launcher, ...load, ...checked], 'inherit');
  const [loadExit] = (await once(loading, 'exit')) as [number | null];
  const at = `[${seconds}s]`;
  const ask = (query: string) => sampleOf(`http://${theirs}/api/v1/query?${new URLSearchParams({ query })}`);
  const scrapes = await ask(`count_over_time(up${at})`);
  const succeeded = await ask(`sum_over_time(up${at})`);
  const figures = {
    scrapes,
    failed: scrapes - succeeded,
    samples: await ask('scrape_samples_scraped'),
    median_ms: 1000 * (await ask(`quantile_over_time(0.5, scrape_duration_seconds${at})`)),
    longest_ms: 1000 * (await ask(`max_over_time(scrape_duration_seconds${at})`)),
    rows_per_second: await ask(`rate(otelduck_rows_total${at})`),
  };
  const rules = (await (await fetch(`http://${theirs}/api/v1/rules`)).json()) as Rules;
  const broken = rules.data.groups.flatMap((group) => group.rules).filter(({ health }) => health !== 'ok');
  const firing = rules.data.groups.flatMap((group) => group.rules).filter(({ state }) => state === 'firing');
  console.log(figures);
  console.log(`rules that cannot be run: ${names(broken)}; alerts that fire: ${names(firing)}`);
  const isGood =
    loadExit === 0 && scrapes >= seconds - 5 && succeeded === scrapes && broken.length + firing.length === 0;
  process.exitCode = isGood ? 0 : 1;
} finally {
  await Promise.all(
    children.map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }),
  );
  rmSync(folder, { recursive: true, force: true });
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly state: string;
}

interface Rules {
  readonly data: { readonly groups: readonly { readonly rules: readonly Rule[] }[] };
}

function names(found: readonly Rule[]): string {
  return found.length === 0 ? 'none' : found.map(({ name }) => name).join(', ');
}

function start(program: string, args: readonly string[], stdio: 'ignore' | 'inherit' = 'ignore'): ChildProcess {
  const env = { ...process.env, OTELDUCK_TOKEN: TOKEN };
  const child = spawn(program, args, { stdio: ['ignore', stdio, stdio === 'ignore' ? 'ignore' : 'inherit'], env });
  children.push(child);
  return child;
}

async function ready(url: string): Promise<void> {
  for (const endMs = performance.now() + READY_WITHIN_MS; ; await pause(50)) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    if (performance.now() > endMs) throw new Error(`${url} is not ready`);
  }
}

/** The value of an instant query's only series. */
async function sampleOf(url: string): Promise<number> {
  const { data } = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  const [series] = data.result;
  if (series === undefined) throw new Error(`${url} has no result`);
  return Number(series.value[1]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
