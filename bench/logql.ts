// Logs from request to answer, of rows that are sealed in a DuckDB file or a DuckLake, beside a Loki that was sent the same: rate of
// ingest, disk, memory, and latency of queries. Each query is asked once to warm up, and then by turns; answers are compared.
// Linux only.
//
//   [LOKI=<binary>] npm run bench:logql [-- --records 10000000 --hours 6 --rounds 5 --catalog ducklake]
//
// Or only subscribers of `tail` beside ingest, some of which never read:
//
//   npm run bench:logql -- --tail 1000 [--stalled 50 --rate 50000 --seconds 20]

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { HttpConnection } from '../src/load/http-connection.js';
import { DEFAULT_INDEX_ATTRIBUTES } from '../src/schema/loki-options.js';
import { compareAnswers, type LokiAnswer } from '../test/manual/loki/answers.js';
import { RealLoki } from '../test/manual/loki/real-loki.js';
import { LogRequests } from './data/log-requests.js';
import { OurServer, TOKEN } from './end-to-end/our-server.js';
import { peakRssBytes, usageOf } from './end-to-end/process-usage.js';
import { type Question, questionsAbout } from './logql/questions.js';
import { benchTails } from './logql/tails.js';
import { median } from './median.js';

const { values: flags } = parseArgs({
  options: {
    records: { type: 'string', default: '10000000' },
    hours: { type: 'string', default: '6' },
    rounds: { type: 'string', default: '5' },
    catalog: { type: 'string', default: 'file' },
    connections: { type: 'string', default: '8' },
    tail: { type: 'string' },
    stalled: { type: 'string', default: '50' },
    rate: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '20' },
  },
});
const { catalog } = flags;
if (catalog !== 'file' && catalog !== 'ducklake') throw new Error(`--catalog must be file or ducklake, got ${catalog}`);

const SEND_TIMEOUT_MS = 60_000;
const RETRY_MS = 20;

const seconds = Number(flags.hours) * 3600;
/** On a full minute; the last record is a minute old. */
const endS = Math.floor(Date.now() / 60_000) * 60 - 60;
const startS = endS - seconds;

const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-logql-'));
const ours = await OurServer.start(catalog, folder);
try {
  if (flags.tail === undefined) await besideLoki();
  else {
    await benchTails(ours, {
      subscribers: Number(flags.tail),
      stalled: Number(flags.stalled),
      recordsPerSecond: Number(flags.rate),
      seconds: Number(flags.seconds),
    });
  }
} finally {
  await ours.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** A server that was sent all records. */
interface Loaded {
  readonly name: string;
  readonly queryUrl: string;
}

async function besideLoki(): Promise<void> {
  const requests = new LogRequests({ records: Number(flags.records), startUs: startS * 1e6, endUs: endS * 1e6 });
  const program = process.env['LOKI'];
  const theirs = program === undefined ? undefined : await RealLoki.start(program, DEFAULT_INDEX_ATTRIBUTES);
  if (theirs === undefined) console.log('LOKI names no binary: there is nothing to compare with');
  try {
    await compare(requests, theirs);
  } finally {
    await theirs?.close();
  }
}

async function compare(requests: LogRequests, theirs: RealLoki | undefined): Promise<void> {
  console.log(
    `${requests.records.toLocaleString('en')} records of ${requests.shop.pods.length} pods in ${flags.hours} h, ${catalog}\n`,
  );
  console.log(
    '| Server | records/s until acknowledged | until stored | CPU-s per million | on disk, MiB | RSS, MiB | peak |',
  );
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |');
  const loaded = [await loadOurs(requests), ...(theirs === undefined ? [] : [await loadTheirs(requests, theirs)])];
  console.log(`\n| Query | ${loaded.map(({ name }) => `${name}, ms`).join(' | ')} | times faster | equal |`);
  console.log(`| --- | ${loaded.map(() => '---: | ').join('')}---: | --- |`);
  const differences: string[] = [];
  const ratios: number[] = [];
  for (const question of questionsAbout(requests, seconds)) {
    const { text, ratio, difference } = await measured(loaded, question);
    console.log(text);
    if (ratio !== undefined && question.isAimed) ratios.push(ratio);
    if (difference !== undefined) differences.push(`${question.name}: ${difference}`);
  }
  if (ratios.length > 0)
    console.log(`\nmedian of the first ${ratios.length}: ${median(ratios).toFixed(1)} times faster`);
  for (const difference of differences) console.log(`\n${difference}`);
  const pids = [ours.pid, ...(theirs === undefined ? [] : [theirs.pid])];
  console.log(`\nRSS after the queries, MiB: ${pids.map((pid) => mebibytes(usageOf(pid).rssBytes)).join(' and ')}`);
}

async function loadOurs(requests: LogRequests): Promise<Loaded> {
  const served = await ours.serve();
  const home = catalog === 'ducklake' ? ", catalog := 'lake'" : '';
  const [queried] = await ours.sql(`FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true${home})`);
  await load(requests, 'otelduck', ours.pid, `http://127.0.0.1:${served.port}`, folder, async () => {
    await ours.sql(`CALL otlp_flush('${served.uri}')`);
    await ours.sql(catalog === 'ducklake' ? 'CHECKPOINT lake' : 'CHECKPOINT');
  });
  return { name: 'otelduck', queryUrl: String(queried!['listen_url']) };
}

async function loadTheirs(requests: LogRequests, loki: RealLoki): Promise<Loaded> {
  await load(requests, 'Loki', loki.pid, `${loki.url}/otlp`, loki.folder, () => loki.flush());
  await loki.forgotten();
  return { name: 'Loki', queryUrl: loki.url };
}

/** Sends everything, and writes a row about it. */
async function load(
  requests: LogRequests,
  name: string,
  pid: number,
  url: string,
  stored: string,
  store: () => Promise<void>,
): Promise<void> {
  const cpuSeconds = usageOf(pid).cpuSeconds;
  const startMs = performance.now();
  await send(requests, url);
  const acknowledgedMs = performance.now() - startMs;
  await store();
  const storedMs = performance.now() - startMs;
  const rate = (ms: number) => Math.round((requests.records / ms) * 1000).toLocaleString('en');
  const usage = usageOf(pid);
  const cpu = ((usage.cpuSeconds - cpuSeconds) / requests.records) * 1e6;
  console.log(
    `| ${name} | ${rate(acknowledgedMs)} | ${rate(storedMs)} | ${cpu.toFixed(1)} | ${mebibytes(bytesIn(stored))} | ${mebibytes(usage.rssBytes)} | ${mebibytes(peakRssBytes(pid))} |`,
  );
}

/** Sends the requests in turn, on several connections. One that finds no room is sent again. */
async function send(requests: LogRequests, url: string): Promise<void> {
  let next = 0;
  const settings = { contentType: 'application/x-protobuf', encoding: undefined, timeoutMs: SEND_TIMEOUT_MS };
  const sender = async () => {
    const connection = new HttpConnection({ url: new URL(url), token: TOKEN, ...settings });
    while (next < requests.count) {
      const body = requests.bytes(next++);
      for (;;) {
        const { outcome, status } = await connection.send({ signal: 'logs', bytes: () => body });
        if (outcome === 'accepted') break;
        if (outcome !== 'overloaded') throw new Error(`${url} answered ${status}`);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: Number(flags.connections) }, sender));
}

async function measured(
  servers: readonly Loaded[],
  { name, parameters }: Question,
): Promise<{ text: string; ratio: number | undefined; difference: string | undefined }> {
  const query = new URLSearchParams({ ...parameters, start: `${startS}000000000`, end: `${endS}000000000` });
  const times = servers.map((): number[] => []);
  const answers: LokiAnswer[] = [];
  for (let round = 0; round <= Number(flags.rounds); round++) {
    for (const [i, { queryUrl }] of servers.entries()) {
      const startMs = performance.now();
      const response = await fetch(`${queryUrl}/loki/api/v1/query_range?${query}`, {
        headers: { 'accept-encoding': 'identity' },
      });
      answers[i] = { status: response.status, text: await response.text() };
      // The first round warms up.
      if (round > 0) times[i]!.push(performance.now() - startMs);
      if (!response.ok) throw new Error(`${name}: ${queryUrl} answered ${response.status} ${answers[i]!.text}`);
    }
  }
  const [mine, other] = times.map(median);
  if (other === undefined)
    return { text: `| ${name} | ${mine!.toFixed(1)} | | |`, ratio: undefined, difference: undefined };
  const { difference, compared } = compareAnswers(answers[0]!, answers[1]!);
  const verdict = difference === undefined ? `all ${compared}` : 'NO';
  const text = `| ${name} | ${mine!.toFixed(1)} | ${other.toFixed(1)} | ${(other / mine!).toFixed(1)} | ${verdict} |`;
  return { text, ratio: other / mine!, difference };
}

/** What files take, without those of a log that is written ahead of them. */
function bytesIn(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.parentPath.startsWith(join(path, 'wal')),
  );
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}
