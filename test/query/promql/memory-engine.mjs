// PromQL's engine over a few series that are in no table, for tests of what surrounds it. On the thread it runs what was built.
//
// `requests{code, job}` rises by 1 and 2 a second; `latency` is a native histogram; `odd` has labels of any characters; reading
// `endless` ends when the query does; `many{count="1000"}` are so many series, each with a label of a hundred characters.

import { once } from 'node:events';
import { promqlEngine } from '../../../dist/query/promql/promql-engine.js';
import { Labels } from '../../../packages/promql/dist/promql.js';

const STEP_MS = 15_000;
const SAMPLES = 400;
/** 2026-01-01 00:00:00. */
const START_MS = 1_767_225_600_000;

const latency = {
  schema: 0,
  count: 6,
  sum: 9.5,
  zeroThreshold: 0.001,
  zeroCount: 1,
  positive: { indexes: [0, 2], counts: [2, 3] },
  negative: { indexes: [], counts: [] },
  bounds: [],
  hint: 'unknown',
};

const series = [
  seriesOf({ __name__: 'requests', job: 'shop', code: '200' }, (i) => 15 * i),
  seriesOf({ __name__: 'requests', job: 'shop', code: '500' }, (i) => 30 * i),
  seriesOf({ __name__: 'odd', 'a label': 'ü"\\\n😀', empty: '' }, () => Number.NaN),
  { ...seriesOf({ __name__: 'latency', job: 'shop' }, () => 0), histograms: Array(SAMPLES).fill(latency) },
];

function seriesOf(labels, valueAt) {
  return {
    labels: Labels.of(labels),
    times: Float64Array.from({ length: SAMPLES }, (_, i) => START_MS + i * STEP_MS),
    values: Float64Array.from({ length: SAMPLES }, (_, i) => valueAt(i)),
    stale: undefined,
    histograms: undefined,
    startTimes: undefined,
  };
}

function matching(matchers) {
  return series.filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))));
}

function part(each, startMs, endMs) {
  const from = each.times.findIndex((time) => time >= startMs);
  const to = each.times.findLastIndex((time) => time <= endMs) + 1;
  if (from === -1 || to <= from) return [];
  const cut = (column) => column?.slice(from, to);
  return [{ ...each, times: cut(each.times), values: cut(each.values), histograms: cut(each.histograms) }];
}

const MANY_BATCH = 100;

function manySeries(from, startMs, endMs) {
  return Array.from({ length: MANY_BATCH }, (_, at) => {
    const labels = { __name__: 'many', id: String(from + at).padStart(100, '0') };
    return part({ ...series[0], labels: Labels.of(labels) }, startMs, endMs);
  }).flat();
}

const store = {
  source: {
    async *read({ matchers, startMs, endMs }, { signal }) {
      if (matchers.some(({ value }) => value === 'endless')) {
        await once(signal, 'abort');
        throw signal.reason;
      }
      const [count] = matchers.filter(({ name }) => name === 'count');
      for (let from = 0; from < Number(count?.value ?? 0); from += MANY_BATCH) yield manySeries(from, startMs, endMs);
      for (const each of matching(matchers)) yield part(each, startMs, endMs);
    },
  },
  async plan({ matchers }) {
    const found = matching(matchers);
    return [
      {
        table: 'otlp_metrics_sum',
        sql: `FROM {{otlp_metrics_sum}} WHERE metric_name = $1 AND unit <> '$2''{{otlp_logs}}' AND int_value < $2 AND double_value > $3 AND is_monotonic = $4 AND sum IS NOT DISTINCT FROM $5`,
        parameters: ['requests', 2n ** 60n, 1e-7, true, null],
        metrics: ['requests'],
        series: found.length,
        pushed: ['time', 'name'],
      },
    ];
  },
};

export const run = promqlEngine(() => store);
