// Queries of dashboards over series in memory → milliseconds, and how many samples a second that is. Samples come as a
// store hands them out, so that nothing but the evaluation is measured. `npm run bench:promql-engine`
//
// With a file as argument the answers of another engine stand beside ours: JSON, `{"query": milliseconds}`.

import { readFileSync } from 'node:fs';
import { Labels } from '../src/data/labels.js';
import { type EngineOptions, evaluateInstant, evaluateRange } from '../src/eval/query.js';
import type { SampleSource, Selection, SeriesSamples } from '../src/source.js';

const SERIES = 1_000;
const SAMPLES = 240;
const STEPS = 360;
const INTERVAL_MS = 15_000;
const RUNS = 15;

const endMs = (SAMPLES - 1) * INTERVAL_MS;
const stepMs = Math.floor(endMs / (STEPS - 1));

class ArraySource implements SampleSource<undefined> {
  readonly #series: readonly SeriesSamples[];

  constructor(series: readonly SeriesSamples[]) {
    this.#series = series;
  }

  async *read({ matchers }: Selection): AsyncGenerator<readonly SeriesSamples[]> {
    yield this.#series.filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))));
  }
}

/** Ten counters that are reset at different times, a gauge and a histogram of ten buckets; a tenth of them one job. */
function series(): SeriesSamples[] {
  const times = Float64Array.from({ length: SAMPLES }, (_, index) => index * INTERVAL_MS);
  const made: SeriesSamples[] = [];
  const add = (labels: Record<string, string>, valueAt: (index: number) => number) =>
    made.push({
      labels: Labels.of(labels),
      times,
      values: Float64Array.from({ length: SAMPLES }, (_, index) => valueAt(index)),
      stale: undefined,
      histograms: undefined,
      startTimes: undefined,
    });
  for (let each = 0; each < SERIES; each++) {
    const job = `job-${each % 10}`;
    const instance = `instance-${each}`;
    add({ __name__: 'requests_total', job, instance }, (index) => ((index + each) % 97) * 3);
    add({ __name__: 'memory_bytes', job, instance }, (index) => ((index * 7 + each * 13) % 101) / 7);
    const le = each % 10 === 9 ? '+Inf' : String(2 ** (each % 10));
    const pod = `pod-${Math.floor(each / 10)}`;
    add(
      { __name__: 'latency_bucket', job: `job-${Math.floor(each / 100)}`, pod, le },
      (index) => index * ((each % 10) + 1),
    );
  }
  for (let job = 0; job < 10; job++)
    add({ __name__: 'quota', job: `job-${job}`, team: `team-${job % 3}` }, () => job + 1);
  return made;
}

export const queries = [
  'memory_bytes',
  'sum by (job) (rate(requests_total[5m]))',
  'rate(requests_total[5m])',
  'avg_over_time(memory_bytes[30m])',
  'max_over_time(memory_bytes[5m])',
  'histogram_quantile(0.99, sum by (job, le) (rate(latency_bucket[5m])))',
  'histogram_quantile(0.99, rate(latency_bucket[5m]))',
  'memory_bytes / on (job) group_left (team) quota',
  'rate(requests_total[5m]) / ignoring () memory_bytes',
  'topk(10, memory_bytes)',
  'quantile by (job) (0.9, memory_bytes)',
  'max_over_time(sum by (job) (rate(requests_total[1m]))[5m:30s])',
];

const source = new ArraySource(series());
const options: EngineOptions = { delayedNameRemoval: true };
const other = process.argv[2] === undefined ? undefined : JSON.parse(readFileSync(process.argv[2], 'utf8'));

/** The least of several runs is the one that other work on the machine disturbed least. */
async function leastMs(run: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let index = 0; index < RUNS; index++) {
    const start = performance.now();
    await run();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

console.log(`${SERIES} series, ${SAMPLES} samples each, ${STEPS} steps; least of ${RUNS}`);
console.log(
  `${'range ms'.padStart(9)} ${'instant ms'.padStart(11)} ${other === undefined ? '' : 'other range ms'}  query`,
);
for (const query of queries) {
  const request = { query, source, principal: undefined };
  const range = await leastMs(() => evaluateRange(request, { startMs: 0, endMs, stepMs }, options));
  const instant = await leastMs(() => evaluateInstant(request, endMs, options));
  const beside = other === undefined ? '' : String(other[query]?.toFixed(1) ?? '').padStart(14);
  console.log(`${range.toFixed(1).padStart(9)} ${instant.toFixed(1).padStart(11)} ${beside}  ${query}`);
}
