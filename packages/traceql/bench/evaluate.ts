// How fast whole traces are evaluated in memory: `npm run bench:traceql-evaluation`. Each line is the median of five runs.

import {
  instantGrid,
  Metrics,
  type ReadContext,
  Search,
  type Span,
  type Trace,
  type TraceSource,
} from '../src/traceql.js';

const TRACES = 20_000;
const SPANS = 20;
const RUNS = 5;

const searches = [
  '{ span.code = 500 }',
  '{ name = "GET /" && duration > 50ms } || { status = error }',
  '{ name = "GET /" } >> { status = error }',
  '{ kind = client } !< { name =~ "query.*" }',
  '{ } | by(resource.service.name) | count() > 3',
  '{ } | avg(duration) > 20ms | select(span.code, nestedSetLeft)',
];
const metrics = [
  '{ status = error } | rate() by (resource.service.name)',
  '{ } | quantile_over_time(duration, 0.5, 0.9, 0.99) by (name)',
  '{ name = "GET /" } >> { status = error } | rate()',
];

const names = ['GET /', 'query users', 'query carts', 'render', 'publish'];
const resources = ['shop', 'db', 'mail'].map((serviceName) => ({ serviceName, attributes: new Map() }));
const instrumentation = { name: 'lib', version: '1', attributes: new Map() };

function spanOf(trace: number, index: number): Span {
  const random = (trace * 31 + index * 17) % 101;
  return {
    spanId: (trace * SPANS + index).toString(16).padStart(16, '0'),
    parentSpanId: index === 0 ? '' : (trace * SPANS + Math.floor((index - 1) / 3)).toString(16).padStart(16, '0'),
    startUnixNs: BigInt(trace * 1000 + index),
    durationNs: random * 1_000_000,
    name: names[(trace + index) % names.length]!,
    kind: random % 6,
    statusCode: random === 7 ? 2 : 0,
    statusMessage: '',
    attributes: new Map<string, string | bigint>([
      ['code', BigInt(random === 9 ? 500 : 200)],
      ['user', `u${random}`],
    ]),
    resource: resources[random % resources.length]!,
    instrumentation,
    events: [],
    links: [],
  };
}

const traces: Trace[] = Array.from({ length: TRACES }, (_trace, trace) => ({
  traceId: trace.toString(16).padStart(32, '0'),
  spans: Array.from({ length: SPANS }, (_span, index) => spanOf(trace, index)),
}));

const source: TraceSource<undefined> = {
  async *read() {
    for (let first = 0; first < traces.length; first += 1000) yield traces.slice(first, first + 1000);
  },
};
const context: ReadContext<undefined> = { principal: undefined, signal: new AbortController().signal };

async function search(query: string): Promise<number> {
  const request = { query, startUnixNs: 0n, endUnixNs: 1n << 62n, limit: Infinity, spansPerSpanset: 3 };
  let found = 0;
  for await (const batch of new Search(request).run(source, context)) found += batch.traces.length;
  return found;
}

async function measure(query: string): Promise<number> {
  const grid = instantGrid(0n, BigInt(TRACES * 1000));
  const result = await new Metrics({ query, grid, limits: { series: 1000, exemplars: 0 } }).run(source, context);
  return result.series.length;
}

async function report(query: string, run: (query: string) => Promise<number>): Promise<void> {
  const times: number[] = [];
  let results = 0;
  for (let count = 0; count < RUNS; count++) {
    const start = process.cpuUsage();
    results = await run(query);
    const { user, system } = process.cpuUsage(start);
    times.push((user + system) / 1e6);
  }
  const median = times.sort((left, right) => left - right)[Math.floor(RUNS / 2)]!;
  const rate = ((TRACES * SPANS) / median / 1e6).toFixed(2);
  console.log(`${rate.padStart(6)} million spans a second   ${String(results).padStart(6)} results   ${query}`);
}

for (const query of searches) await report(query, search);
for (const query of metrics) await report(query, measure);
