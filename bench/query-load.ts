// What queries cost ingest: the time until metrics are acknowledged, with and without queries, by turns on one server.
//
// npm run bench:query-load [-- --seconds 10 --turns 3 --rate 20000 --clients 8]
//
// `otelduck serve` takes in metrics at a rate, in memory first and then with a journal. In every second turn, clients ask its
// Prometheus API for ranges of the last minutes, each as soon as it was answered: far more than a wall of dashboards does. The
// plain version is the turn before. The aim is twice its 99th percentile.

import { parseArgs } from 'node:util';
import { median } from './median.js';
import { serve } from './query-load/serve-process.js';
import { type LoadReport, load } from './served-command.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    turns: { type: 'string', default: '3' },
    rate: { type: 'string', default: '20000' },
    clients: { type: 'string', default: '8' },
  },
});

const SERVICES = 50;
/** Metrics of the load, each of another kind of panel. */
const panels = [
  'sum by (job) (rate({__name__=~"shop_metric_1.*"}[1m]))',
  'topk(5, {__name__=~"shop_metric_[2-4].*"})',
  'count({job=~".+"})',
];
const RANGE_S = 300;
const STEP_S = 15;

interface Queried {
  readonly latencies: readonly number[];
  readonly statuses: Readonly<Record<number, number>>;
}

for (const durability of ['memory', 'journal'] as const) {
  const { ingestUrl, queryUrl, stop } = await serve(durability);
  const alone: LoadReport[] = [];
  const beside: LoadReport[] = [];
  // Rows to ask for.
  await loadOnce(ingestUrl);
  for (let turn = 0; turn < Number(flags.turns); turn++) {
    alone.push(await loadOnce(ingestUrl));
    const isOver = new AbortController();
    const asked = Promise.all(
      Array.from({ length: Number(flags.clients) }, (_, i) => askOn(queryUrl, i, isOver.signal)),
    );
    beside.push(await loadOnce(ingestUrl));
    isOver.abort();
    report(durability, turn, alone.at(-1)!, beside.at(-1)!, await asked);
  }
  const p99 = (reports: readonly LoadReport[]) => median(reports.map(({ latency_ms }) => latency_ms.p99));
  const ratio = median(beside.map(({ latency_ms }, i) => latency_ms.p99 / alone[i]!.latency_ms.p99));
  console.log(
    `${durability}: p99 of acknowledgements alone ${p99(alone).toFixed(1)} ms, beside queries ${p99(beside).toFixed(1)} ms; ratio, turn by turn: ${ratio.toFixed(2)}`,
  );
  await stop();
}

/** Sends metrics at the rate, for one turn. */
function loadOnce(url: string): Promise<LoadReport> {
  const rate = String(Number(flags.rate) / SERVICES);
  const plan = ['--services', String(SERVICES), '--rate', rate, '--records-per-request', '100', '--signal', 'metrics'];
  return load(url, ...plan, '--warm-up', '1s', '--duration', `${flags.seconds}s`);
}

/** One client: panel after panel, until the turn is over. */
async function askOn(url: string, client: number, isOver: AbortSignal): Promise<Queried> {
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  for (let i = client; !isOver.aborted; i++) {
    const endS = Date.now() / 1000;
    const query = new URLSearchParams({
      query: panels[i % panels.length]!,
      start: String(endS - RANGE_S),
      end: String(endS),
      step: String(STEP_S),
    });
    const askedMs = performance.now();
    try {
      const answer = await fetch(`${url}/api/v1/query_range?${query}`, { signal: isOver });
      await answer.arrayBuffer();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      latencies.push(performance.now() - askedMs);
    } catch (error) {
      if (!isOver.aborted) throw error;
    }
  }
  return { latencies, statuses };
}

function report(
  durability: string,
  turn: number,
  alone: LoadReport,
  beside: LoadReport,
  asked: readonly Queried[],
): void {
  const sorted = asked.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]?.toFixed(0) ?? '-';
  const statuses: Record<string, number> = {};
  for (const one of asked) {
    for (const [status, count] of Object.entries(one.statuses)) statuses[status] = (statuses[status] ?? 0) + count;
  }
  const acks = ({ latency_ms: { p50, p99, max }, accepted_records_per_second: rate }: LoadReport) =>
    `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms, ${Math.round(rate)} records/s`;
  console.log(
    `${durability}, turn ${turn + 1}: alone ${acks(alone)}; beside ${acks(beside)}; ${sorted.length} queries, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, statuses ${JSON.stringify(statuses)}`,
  );
}
