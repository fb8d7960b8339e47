// Traces from OTLP to the answers of Tempo's API, beside a Tempo that is sent the same: how fast they are taken in, what they take on
// disk and in memory, and how long a trace by its id, searches and metrics take. Each kind of question is asked once to warm up, and
// then by turns. Linux only.
//
//   [TEMPO=<binary>] npm run bench:traceql [-- --spans 10000000 --hours 6 --catalog file|ducklake|parquet --seconds 60]

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as elapsed } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RealTempo } from '../test/manual/tempo/real-tempo.js';
import { SpanRequests } from './data/spans.js';
import { OurServer, TOKEN } from './end-to-end/our-server.js';
import { UsageMeter, usageOf } from './end-to-end/process-usage.js';
import { type Question, type QuestionKind, questionKinds, RELATIVE_TOLERANCE } from './traceql/questions.js';

const { values: flags } = parseArgs({
  options: {
    spans: { type: 'string', default: '10000000' },
    hours: { type: 'string', default: '6' },
    catalog: { type: 'string', default: 'file' },
    // How long one kind of question is asked at most.
    seconds: { type: 'string', default: '60' },
  },
});
const { catalog } = flags;
if (catalog !== 'file' && catalog !== 'ducklake' && catalog !== 'parquet') {
  throw new Error(`--catalog must be file, ducklake or parquet, got ${catalog}`);
}

/** Requests at once, as of a few Collectors. */
const CONNECTIONS = 4;
/** What was sent last is older than what Tempo looks for in memory, so that both answer from their disk. */
const NEWEST_AGE_MS = 20 * 60_000;
/** Of calls out of queues, which come after the last trace began. */
const TAIL_MS = 3_700_000;
const SEARCHABLE_TIMEOUT_MS = 300_000;

/** Nothing that is sent may be refused. */
const TEMPO_LIMITS = `overrides:
  defaults:
    ingestion: { rate_limit_bytes: 2000000000, burst_size_bytes: 2000000000, max_traces_per_user: 0 }
    global: { max_bytes_per_trace: 0 }
`;

const lengthMs = Number(flags.hours) * 3_600_000;
const startUnixMs = Math.floor((Date.now() - NEWEST_AGE_MS - TAIL_MS - lengthMs) / 60_000) * 60_000;
const range = { startS: startUnixMs / 1000, endS: (startUnixMs + lengthMs + TAIL_MS) / 1000 };
const plan = { spans: Number(flags.spans), startUnixMs, lengthMs };

interface Peer {
  readonly name: string;
  readonly pid: number;
  readonly ingestUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly queryUrl: string;
  readonly folder: string;
  /** Resolves when all spans can be searched. */
  searchable(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), 'otelduck-bench-traceql-'));
const server = await OurServer.start(catalog, folder);
const program = process.env['TEMPO'];
const tempo =
  program === undefined ? undefined : await RealTempo.start(program, { blocklistPoll: '5s', more: TEMPO_LIMITS });
if (tempo === undefined) console.log('TEMPO names no binary: there is nothing to compare with');
try {
  const peers = [await ourPeer(), ...(tempo === undefined ? [] : [tempoPeer(tempo)])];
  console.log(`\n| ${catalog} | spans/s | CPU-s per million | searchable after, s | peak RSS, MiB | disk, B/span |`);
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  const samples = [];
  for (const peer of peers) samples.push(await load(peer));
  const kinds = questionKinds(samples[0]!, range);
  console.log(
    `\n| Question | asked | ${peers.map(({ name }) => `${name}, median and p99 in ms`).join(' | ')} | ratio | equal |`,
  );
  console.log(`| --- | ---: | ${peers.map(() => '---:').join(' | ')} | ---: | --- |`);
  for (const kind of kinds) console.log(await row(kind, peers));
  console.log(`\nRSS now: ${peers.map(({ name, pid }) => `${name} ${mib(usageOf(pid).rssBytes)} MiB`).join(', ')}`);
} finally {
  await tempo?.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function ourPeer(): Promise<Peer> {
  const served = await server.serve("fidelity := 'exact'");
  const home = catalog === 'ducklake' ? ", catalog := 'lake'" : '';
  const [queried] = await server.sql(`FROM otlp_query_serve('query:127.0.0.1:0', disable_auth := true${home})`);
  return {
    name: 'otelduck',
    pid: server.pid,
    ingestUrl: `http://127.0.0.1:${served.port}/v1/traces`,
    headers: { authorization: `Bearer ${TOKEN}` },
    queryUrl: String(queried!['listen_url']),
    folder,
    searchable: async () => {
      await server.sql(`CALL otlp_flush('${served.uri}')`);
      if (catalog !== 'parquet') await server.sql(catalog === 'ducklake' ? 'CHECKPOINT lake' : 'CHECKPOINT');
    },
  };
}

function tempoPeer({ url, ingestUrl, pid, folder: stored }: RealTempo): Peer {
  return {
    name: 'Tempo',
    pid,
    ingestUrl: `${ingestUrl}/v1/traces`,
    headers: {},
    queryUrl: url,
    folder: stored,
    searchable: async () => {
      const question = `${url}/api/metrics/query?${new URLSearchParams({ q: '{ } | count_over_time()', start: String(range.startS), end: String(range.endS) }).toString()}`;
      let counted = 0;
      for (const startMs = Date.now(); Date.now() - startMs < SEARCHABLE_TIMEOUT_MS; await elapsed(1000)) {
        const answer = await fetch(question);
        const { series = [] } = (answer.ok ? await answer.json() : {}) as { series?: { value?: number }[] };
        counted = series[0]?.value ?? 0;
        if (counted >= plan.spans) return;
      }
      console.log(`Tempo counts ${counted} spans ${SEARCHABLE_TIMEOUT_MS / 1000} s after the last was sent`);
    },
  };
}

/** Sends all spans to one of them. Resolves with traces to ask for. */
async function load(peer: Peer) {
  const requests = new SpanRequests(plan);
  const source = requests[Symbol.iterator]();
  const meter = new UsageMeter(peer.pid);
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let next = source.next(); next.done !== true; next = source.next()) await post(peer, next.value.body);
    }),
  );
  const sentMs = performance.now();
  await peer.searchable();
  const searchableMs = performance.now();
  const { cpuSeconds, maxRssBytes } = meter.stop();
  const figures = [
    Math.round(requests.spans / ((sentMs - startMs) / 1000)),
    (cpuSeconds / (requests.spans / 1e6)).toFixed(1),
    ((searchableMs - sentMs) / 1000).toFixed(1),
    mib(maxRssBytes),
    (storedBytes(peer.folder) / requests.spans).toFixed(0),
  ];
  console.log(`| ${peer.name}: ${requests.spans} spans, ${requests.traces} traces | ${figures.join(' | ')} |`);
  return requests.samples;
}

async function post({ ingestUrl, headers }: Peer, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const response = await fetch(ingestUrl, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/x-protobuf' },
    body,
  });
  if (!response.ok) throw new Error(`${ingestUrl}: ${response.status} ${await response.text()}`);
  await response.arrayBuffer();
}

async function row({ name, asks, checks, told }: QuestionKind, peers: readonly Peer[]): Promise<string> {
  const times = peers.map((): number[] => []);
  const untilMs = performance.now() + Number(flags.seconds) * 1000;
  for (const peer of peers) await ask(peer, asks[0]!);
  for (const question of asks) {
    if (performance.now() > untilMs) break;
    for (const [i, peer] of peers.entries()) {
      const startMs = performance.now();
      await ask(peer, question);
      times[i]!.push(performance.now() - startMs);
    }
  }
  const equal = peers.length < 2 ? '' : await comparison(peers, checks, told);
  const shown = times.map((list) => `${ms(quantile(list, 0.5))} / ${ms(quantile(list, 0.99))}`);
  const ratio = times[1] === undefined ? '' : (quantile(times[0]!, 0.5) / quantile(times[1], 0.5)).toFixed(2);
  return `| ${name} | ${times[0]!.length} | ${shown.join(' | ')} | ${ratio} | ${equal} |`;
}

async function comparison(
  peers: readonly Peer[],
  questions: readonly Question[],
  told: QuestionKind['told'],
): Promise<string> {
  let [same, total] = [0, 0];
  let example = '';
  for (const question of questions) {
    const [ours, theirs] = await Promise.all(peers.map(async (peer) => told(await ask(peer, question))));
    for (const key of new Set([...ours!.keys(), ...theirs!.keys()])) {
      const [mine, other] = [ours!.get(key), theirs!.get(key)];
      const isSame =
        mine !== undefined && other !== undefined && Math.abs(mine - other) <= RELATIVE_TOLERANCE * Math.abs(other);
      total++;
      if (isSame) same++;
      else example ||= `, ${key}: ${mine} and ${other}`;
    }
  }
  return same === total ? `all ${total}` : `${same} of ${total}${example}`;
}

async function ask({ queryUrl }: Peer, { path, accept }: Question): Promise<Uint8Array> {
  const response = await fetch(`${queryUrl}${path}`, { headers: { accept, 'accept-encoding': 'identity' } });
  const body = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) throw new Error(`${queryUrl}${path}: ${response.status} ${Buffer.from(body).toString()}`);
  return body;
}

/** The value that a part of the others does not exceed. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

function storedBytes(path: string): number {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}
