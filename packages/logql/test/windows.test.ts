import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Labels } from '#promql/data/labels';
import { NOTHING } from '#promql/data/step-series';
import { quantileOf } from '#promql/vector/quantile';
import { evaluateRange } from '../src/eval/query.js';
import { type MemoryRow, MemorySource } from './support/memory-source.js';

// Windows are made of cells that are folded once and merged. Here each window is taken by itself.

const START_NS = 1_700_000_000_000_000_000n;
const stream = Labels.of({ app: 'a' });

/** What an aggregation makes of the values of one window, in the order of time. */
const aggregations: Readonly<Record<string, (values: readonly number[], rangeSeconds: number) => number>> = {
  'count_over_time({app="a"}[R])': (values) => values.length,
  'rate({app="a"}[R])': (values, seconds) => values.length / seconds,
  'sum_over_time({app="a"} | unwrap v [R])': sum,
  'rate({app="a"} | unwrap v [R])': (values, seconds) => sum(values) / seconds,
  'avg_over_time({app="a"} | unwrap v [R])': mean,
  'min_over_time({app="a"} | unwrap v [R])': (values) => Math.min(...values),
  'max_over_time({app="a"} | unwrap v [R])': (values) => Math.max(...values),
  'stdvar_over_time({app="a"} | unwrap v [R])': variance,
  'stddev_over_time({app="a"} | unwrap v [R])': (values) => Math.sqrt(variance(values)),
  'first_over_time({app="a"} | unwrap v [R])': (values) => values[0]!,
  'last_over_time({app="a"} | unwrap v [R])': (values) => values.at(-1)!,
  'quantile_over_time(0.3, {app="a"} | unwrap v [R])': (values) => quantileOf(0.3, Float64Array.from(values)),
};

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function variance(values: readonly number[]): number {
  return mean(values.map((value) => (value - mean(values)) ** 2));
}

/** Times of a millisecond each, so that many fall on the ends of windows. */
const samples = fc.uniqueArray(
  fc.record({ at: fc.integer({ min: -50, max: 150 }), value: fc.integer({ min: -9, max: 9 }) }),
  { selector: ({ at }) => at, maxLength: 40 },
);
const shape = fc.record({
  step: fc.integer({ min: 1, max: 40 }),
  range: fc.integer({ min: 1, max: 90 }),
  count: fc.integer({ min: 1, max: 12 }),
});

for (const [query, expected] of Object.entries(aggregations)) {
  test(`${query} is the same for cells as for windows`, async () => {
    await fc.assert(
      fc.asyncProperty(samples, shape, async (given, { step, range, count }) => {
        const rows = given.map(
          ({ at, value }): MemoryRow => ({
            timeNs: START_NS + BigInt(at) * 1_000_000n,
            line: '',
            stream,
            metadata: Labels.of({ v: String(value) }),
          }),
        );
        const request = {
          query: `max(${query.replace('R', `${range}ms`)})`,
          source: new MemorySource(rows),
          principal: undefined,
        };
        const stepNs = BigInt(step) * 1_000_000n;
        const times = { startNs: START_NS, endNs: START_NS + stepNs * BigInt(count - 1), stepNs };
        const { result } = await evaluateRange(unlabelled(request), times);
        const ordered = given.toSorted((left, right) => left.at - right.at);
        for (let index = 0; index < count; index++) {
          const end = index * step;
          const window = ordered.filter(({ at }) => at > end - range && at <= end).map(({ value }) => value);
          const [series] = result.series;
          const isThere = series !== undefined && series.kinds[index] !== NOTHING;
          expect(isThere).toBe(window.length > 0);
          if (isThere) expect(series.values[index]).toBeCloseTo(expected(window, range / 1000), 9);
        }
      }),
      { numRuns: 100 },
    );
  });
}

/** Without the labels that tell the samples apart, as if all were of one series. */
function unlabelled<Request extends { readonly query: string }>(request: Request): Request {
  return { ...request, query: request.query.replace('{app="a"}[', '{app="a"} | drop v [') };
}

test('a counter is continued to the ends of a window, with what it lost at resets', async () => {
  const rows = [10, 20, 5, 15].map(
    (value, index): MemoryRow => ({
      timeNs: START_NS + BigInt(index * 10 + 5) * 1_000_000_000n,
      line: '',
      stream,
      metadata: Labels.of({ v: String(value) }),
    }),
  );
  const request = {
    query: 'rate_counter({app="a"} | unwrap v [40s])',
    source: new MemorySource(rows),
    principal: undefined,
  };
  const at = START_NS + 40_000_000_000n;
  const { result } = await evaluateRange(request, { startNs: at, endNs: at, stepNs: 1n });
  // 10 + 5 + 10 in 30 s, for 40 s.
  expect(result.series[0]!.values[0]).toBeCloseTo((25 * (40 / 30)) / 40, 12);
});
