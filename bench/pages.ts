// Pages beside ingest: people who look at services, traces and logs of the last minutes, refreshed every five seconds, while records of all
// kinds come in at a rate.
//
//   npm run bench:pages [-- --seconds 60 --clients 50 --rate 100000]
//
// `otelduck serve` with its defaults is one process, the generator of the load another, and this one the clients. First the load comes
// alone, and then beside the pages. The requests are those that the pages send; an answer's time counts from when its refresh is due. The
// aim: acknowledgements beside the pages have at most twice the 99th percentile.

import { parseArgs } from 'node:util';
import { UsageMeter } from './end-to-end/process-usage.js';
import { serve } from './query-load/serve-process.js';
import { acknowledgements, type ViewerRequest, Viewers } from './query-load/viewers.js';
import { type LoadReport, load } from './served-command.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '50' },
    rate: { type: 'string', default: '100000' },
  },
});

/** Services that send the load. */
const SERVICES = 50;
const REFRESH_MS = 5000;
const RANGE_MS = 5 * 60_000;

/** What each page asks when it is refreshed. */
const pages: readonly ((nowMs: number) => readonly ViewerRequest[])[] = [
  (nowMs) => [get('services', '/ui/api/services', { start: nowMs - RANGE_MS, end: nowMs, buckets: 40 })],
  (nowMs) => {
    const times = { start: Math.floor((nowMs - RANGE_MS) / 1000), end: Math.ceil(nowMs / 1000) };
    return [get('traces', '/api/search', { q: '{ }', ...times, limit: 200, spss: 1 })];
  },
  (nowMs) => {
    const selector = '{service_name=~".+"}';
    const times = { start: `${nowMs - RANGE_MS}000000`, end: `${nowMs}000000` };
    const counts = `sum by (detected_level) (count_over_time(${selector} [5s]))`;
    return [
      get('lines', '/loki/api/v1/query_range', { query: selector, ...times, limit: 1000, step: 2 }),
      get('volume', '/loki/api/v1/query_range', { query: counts, ...times, step: 5 }),
    ];
  },
];

const { pid, ingestUrl, queryUrl, stop } = await serve('memory');
try {
  const alone = await loadOnce();
  const usage = new UsageMeter(pid);
  const viewers = new Viewers({
    count: Number(flags.clients),
    refreshMs: REFRESH_MS,
    // A third of them each.
    requests: (viewer) => pages[viewer % pages.length]!(Date.now()),
  });
  const beside = await loadOnce();
  await viewers.leave();
  const { cpuSeconds, maxRssBytes } = usage.stop();
  console.log(`alone:  ${acknowledgements(alone)}`);
  console.log(`beside: ${acknowledgements(beside)}`);
  viewers.report('of pages');
  console.log(`p99 beside, over p99 alone: ${(beside.latency_ms.p99 / alone.latency_ms.p99).toFixed(2)}`);
  console.log(
    `server beside pages: ${cpuSeconds.toFixed(0)} CPU-s, RSS at most ${Math.round(maxRssBytes / 2 ** 20)} MiB`,
  );
} finally {
  await stop();
}

function loadOnce(): Promise<LoadReport> {
  const rate = String(Number(flags.rate) / SERVICES);
  const plan = ['--services', String(SERVICES), '--rate', rate, '--records-per-request', '1000', '--signal', 'mixed'];
  return load(ingestUrl, ...plan, '--warm-up', '2s', '--duration', `${flags.seconds}s`);
}

function get(name: string, path: string, values: Readonly<Record<string, string | number>>): ViewerRequest {
  const query = new URLSearchParams(
    Object.entries(values).map(([key, value]): [string, string] => [key, String(value)]),
  );
  return { name, url: `${queryUrl}${path}?${query}` };
}
