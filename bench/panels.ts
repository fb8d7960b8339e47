// A wall of dashboards beside ingest: many people look at a dozen panels each, which are refreshed every ten seconds, while records of all
// kinds come in at a rate.
//
//   npm run bench:panels [-- --seconds 60 --clients 50 --rate 100000 --series 10000 --teams 10]
//
// `otelduck serve` with its defaults is one process, the generator of the load another, and this one the clients. First the load comes
// alone, and then beside the panels, so that acknowledgements can be compared. The panels are those of PromQL in the dashboard of
// services in examples/grafana, which each team looks at for a service of its own, and the six kinds of queries of bench:promql. As
// Grafana does, clients ask for times that are multiples of the step. A panel's time counts from when its refresh is due. The aim: no 503.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageMeter } from './end-to-end/process-usage.js';
import { requests, SERIES_PER_RESOURCE, STEP_S } from './promql/series.js';
import { serve } from './query-load/serve-process.js';
import { acknowledgements, type ViewerRequest, Viewers } from './query-load/viewers.js';
import { type LoadReport, load } from './served-command.js';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    clients: { type: 'string', default: '50' },
    rate: { type: 'string', default: '100000' },
    series: { type: 'string', default: '10000' },
    teams: { type: 'string', default: '10' },
  },
});

const SECONDS = Number(flags.seconds);
const CLIENTS = Number(flags.clients);
const TEAMS = Number(flags.teams);
/** Services that send the load. */
const SERVICES = 50;
const REFRESH_MS = 10_000;
const RANGE_S = 900;

const kinds = [
  'http_server_requests_total{job="service-0"}',
  'sum by (job) (rate(http_server_requests_total[5m]))',
  'histogram_quantile(0.9, sum by (job, le) (rate(http_server_duration_seconds_bucket[5m])))',
  'sum by (job, code) (rate(http_server_requests_total[5m])) / on (job) group_left sum by (job) (rate(http_server_requests_total[5m]))',
  'topk(5, queue_depth)',
  'avg_over_time(queue_depth{job="service-0"}[10m])',
];

interface Panel {
  readonly targets: readonly { readonly expr?: string; readonly datasource: { readonly type: string } }[];
}

/** The panels of one team. The metrics of bench:promql stand for those of an SDK. */
function panelsOf(team: number): readonly string[] {
  const { panels } = JSON.parse(readFileSync('examples/grafana/dashboards/services.json', 'utf8')) as {
    panels: readonly Panel[];
  };
  const ofDashboard = panels
    .flatMap(({ targets }) => targets)
    .filter(({ datasource }) => datasource.type === 'prometheus')
    .flatMap(({ expr = '' }) => (expr === '' ? [] : [expr]))
    .map((expr) =>
      expr
        .replaceAll('http_server_request_duration_seconds', 'http_server_duration_seconds')
        .replaceAll('http_request_method', 'method')
        .replaceAll('http_route', 'route')
        .replaceAll('http_response_status_code', 'code')
        .replaceAll(/\$\{?__rate_interval\}?/g, '1m')
        .replaceAll(/\$\{?__range\}?/g, `${RANGE_S}s`)
        .replaceAll(/\$\{?\w+(?::\w+)?\}?/g, `service-${team}`),
    );
  return [...ofDashboard.slice(0, 6), ...kinds];
}

const resources = Math.max(10, Math.round(Number(flags.series) / SERIES_PER_RESOURCE));
const { pid, ingestUrl, queryUrl, stop } = await serve('memory');
try {
  const nowS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const past = RANGE_S / STEP_S + 20;
  const points = requests(resources, past + 10_000, nowS - past * STEP_S);
  const sendNext = async () => {
    const headers = { 'content-type': 'application/x-protobuf' };
    const { status } = await fetch(`${ingestUrl}/v1/metrics`, { method: 'POST', headers, body: points.next().value! });
    if (status >= 300) throw new Error(`metrics were answered with ${status}`);
  };
  for (let step = 0; step < past; step++) await sendNext();
  const feeding = setInterval(() => void sendNext().catch(() => undefined), STEP_S * 1000);
  const alone = await loadOnce();
  const before = await evaluations();
  const usage = new UsageMeter(pid);
  const viewers = new Viewers({
    count: CLIENTS,
    refreshMs: REFRESH_MS,
    requests: (client) => panelsOf(client % TEAMS).map(rangeOf),
  });
  const beside = await loadOnce();
  await viewers.leave();
  clearInterval(feeding);
  const { cpuSeconds, maxRssBytes } = usage.stop();
  console.log(`alone:  ${acknowledgements(alone)}`);
  console.log(`beside: ${acknowledgements(beside)}`);
  viewers.report(`${(await evaluations()) - before} evaluations`);
  console.log(
    `server beside panels: ${cpuSeconds.toFixed(0)} CPU-s, RSS at most ${Math.round(maxRssBytes / 2 ** 20)} MiB`,
  );
} finally {
  await stop();
}

function loadOnce(): Promise<LoadReport> {
  const rate = String(Number(flags.rate) / SERVICES);
  const plan = ['--services', String(SERVICES), '--rate', rate, '--records-per-request', '1000', '--signal', 'mixed'];
  return load(ingestUrl, ...plan, '--warm-up', '2s', '--duration', `${SECONDS}s`);
}

/** The range of a panel, on whole steps. */
function rangeOf(query: string): ViewerRequest {
  const endS = Math.floor(Date.now() / 1000 / STEP_S) * STEP_S;
  const times = { start: String(endS - RANGE_S), end: String(endS), step: String(STEP_S) };
  return { url: `${queryUrl}/api/v1/query_range`, body: new URLSearchParams({ query, ...times }), name: query };
}

/** Queries that have been evaluated: those that are answered together count once. */
async function evaluations(): Promise<number> {
  const text = await (await fetch(`${ingestUrl}/metrics`)).text();
  return Number(/^otelduck_query_seconds_count (\S+)/m.exec(text)?.[1] ?? Number.NaN);
}
