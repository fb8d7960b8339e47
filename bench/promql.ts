// PromQL from request to answer, of rows that are sealed in a DuckDB file or a DuckLake, beside a Prometheus that was sent the same.
// Each query is asked once to warm up, and then by turns. Linux only.
//
//   [PROMETHEUS=<binary>] npm run bench:promql [-- --series 10000 --hours 6 --rounds 5 --catalog ducklake]

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ApiAnswer, compareAnswers } from '../test/manual/prometheus/answers.js';
import { RealPrometheus } from '../test/manual/prometheus/real-prometheus.js';
import { OurServer, TOKEN } from './end-to-end/our-server.js';
import { usageOf } from './end-to-end/process-usage.js';
import { median } from './median.js';
import { requests, SERIES_PER_RESOURCE, STEP_S } from './promql/series.js';

const { values: flags } = parseArgs({
  options: {
    series: { type: 'string', default: '10000' },
    hours: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '5' },
    catalog: { type: 'string', default: 'file' },
  },
});
const { catalog } = flags;
if (catalog !== 'file' && catalog !== 'ducklake') throw new Error(`--catalog must be file or ducklake, got ${catalog}`);
const resources = Math.max(10, Math.round(Number(flags.series) / SERIES_PER_RESOURCE));
const seconds = Number(flags.hours) * 3600;
const endS = Math.floor(Date.now() / 1000 / 60) * 60;
const startS = endS - seconds;
const RANGE_STEPS = 240;

const queries: readonly (readonly [name: string, query: string])[] = [
  ['selector', 'http_server_requests_total{job="service-0"}'],
  ['sum by (rate)', 'sum by (job) (rate(http_server_requests_total[5m]))'],
  ['histogram_quantile', 'histogram_quantile(0.9, sum by (job, le) (rate(http_server_duration_seconds_bucket[5m])))'],
  [
    'ratio with group_left',
    'sum by (job, code) (rate(http_server_requests_total[5m])) / on (job) group_left sum by (job) (rate(http_server_requests_total[5m]))',
  ],
  ['topk', 'topk(5, queue_depth)'],
];

interface Asked {
  readonly name: string;
  readonly path: string;
}

const asked: readonly Asked[] = [
  ...queries.map(([name, query]) => ({ name: `${name}, instant`, path: `query?${form({ query, time: endS })}` })),
  {
    name: `avg_over_time of ${flags.hours} h, instant`,
    path: `query?${form({ query: `avg_over_time(queue_depth[${seconds}s])`, time: endS })}`,
  },
  ...queries.map(([name, query]) => ({
    name: `${name}, range`,
    path: `query_range?${form({ query, start: startS, end: endS, step: seconds / RANGE_STEPS })}`,
  })),
];

const differences: string[] = [];
const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-promql-'));
const ours = await OurServer.start(catalog, folder);
const program = process.env['PROMETHEUS'];
const theirs = program === undefined ? undefined : await RealPrometheus.start(program);
if (theirs === undefined) console.log('PROMETHEUS names no binary: there is nothing to compare with');
try {
  const served = await ours.serve();
  const home = catalog === 'ducklake' ? ", catalog := 'lake'" : '';
  const [queried] = await ours.sql(`FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true${home})`);
  const ourBase = String(queried!['listen_url']);
  await send(`http://127.0.0.1:${served.port}`);
  await ours.sql(`CALL otlp_flush('${served.uri}')`);
  await ours.sql(catalog === 'ducklake' ? 'CHECKPOINT lake' : 'CHECKPOINT');
  const samples = resources * SERIES_PER_RESOURCE * (seconds / STEP_S);
  console.log(
    `${resources * SERIES_PER_RESOURCE} series, ${(samples / 1e6).toFixed(1)} million samples, ${storedMiB()} MiB in ${catalog}`,
  );
  console.log(`\n| Query | otelduck, ms | Prometheus, ms | ratio | values equal |\n| --- | ---: | ---: | ---: | --- |`);
  for (const each of asked) console.log(await row(ourBase, each));
  for (const difference of differences) console.log(`\n${difference}`);
  console.log(
    `\nRSS: otelduck ${rss(ours.pid)} MiB${theirs === undefined ? '' : `, Prometheus ${rss(theirs.pid)} MiB`}`,
  );
} finally {
  await theirs?.close();
  await ours.stop();
  rmSync(folder, { recursive: true, force: true });
}

function form(parameters: Readonly<Record<string, string | number>>): string {
  return new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
}

async function send(ourUrl: string): Promise<void> {
  const targets = [
    { url: `${ourUrl}/v1/metrics`, headers: { authorization: `Bearer ${TOKEN}` } },
    ...(theirs === undefined ? [] : [{ url: `${theirs.url}/api/v1/otlp/v1/metrics`, headers: {} }]),
  ];
  for (const body of requests(resources, seconds / STEP_S + 1, startS)) {
    await Promise.all(
      targets.map(async ({ url, headers }) => {
        const response = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/x-protobuf' },
          body,
        });
        if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
        await response.arrayBuffer();
      }),
    );
  }
}

async function row(ourBase: string, { name, path }: Asked): Promise<string> {
  const bases = [ourBase, ...(theirs === undefined ? [] : [theirs.url])];
  const times = bases.map((): number[] => []);
  const answers: ApiAnswer[] = [];
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [i, base] of bases.entries()) {
      const startMs = performance.now();
      const response = await fetch(`${base}/api/v1/${path}`, { headers: { 'accept-encoding': 'identity' } });
      const text = await response.text();
      // The first round warms up.
      if (round > 0) times[i]!.push(performance.now() - startMs);
      if (!response.ok) throw new Error(`${base}: ${response.status} ${text}`);
      answers[i] = { status: response.status, body: JSON.parse(text) as ApiAnswer['body'] };
    }
  }
  const [mine, other] = times.map(median);
  const [ourAnswer, theirAnswer] = answers;
  if (other === undefined || theirAnswer === undefined) return `| ${name} | ${mine!.toFixed(0)} | | | |`;
  const { difference, samples } = compareAnswers(ourAnswer!, theirAnswer);
  if (difference !== undefined) differences.push(`${name}: ${difference}`);
  const verdict = difference === undefined ? `all ${samples}` : 'NO';
  return `| ${name} | ${mine!.toFixed(0)} | ${other.toFixed(0)} | ${(mine! / other).toFixed(2)} | ${verdict} |`;
}

/** What the folder's files take. */
function storedMiB(): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const bytes = files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
  return (bytes / 2 ** 20).toFixed(1);
}

function rss(pid: number): string {
  return (usageOf(pid).rssBytes / 2 ** 20).toFixed(0);
}
