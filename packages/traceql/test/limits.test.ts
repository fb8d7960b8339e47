import { expect, test } from 'vitest';
import { instantGrid, Metrics, type MetricsLimits, rangeGrid, Search } from '../src/traceql.js';
import { MemorySource, readContext } from './script/memory-source.js';
import { readTrace } from './script/read-traces.js';

const grid = instantGrid(0n, 1_000_000_000_000n);
const SPANS = 10_001;

/** A trace in which each span has a user of its own. */
const manyUsers = readTrace(
  'many',
  Array.from({ length: SPANS }, (_, index) => `s${index} shop get 1000+1 span.user="u${index}"`),
);

function run(query: string, limits: Partial<MetricsLimits>) {
  const metrics = new Metrics({ query, grid, limits: { series: 100_000, exemplars: 0, ...limits } });
  return metrics.run(new MemorySource([manyUsers]), readContext());
}

test('compare() tells 10,000 values apart, and counts others in the total', async () => {
  const { series } = await run('{ } | compare({ status = error }, 1000)', {});
  const users = series.filter(({ labels }) => labels.some(([name]) => name === 'span.user'));
  expect(users.length).toBe(1001);
  const total = users.find(({ labels }) => labels[0]![1] === 'baseline_total')!;
  expect(total.values[0]).toBe(SPANS);
});

test('a metrics function gives at most as many series as allowed', async () => {
  await expect(run('{ } | rate() by (span.user)', { series: 10_000 })).rejects.toThrow(
    'the query gives more than 10000 series',
  );
  const { series } = await run('{ } | rate() by (span.user)', { series: SPANS });
  expect(series.length).toBe(SPANS);
});

test('memory of series is asked for before it is taken, and may be refused', async () => {
  for (const query of ['{ } | rate() by (span.user)', '{ } | compare({ status = error })']) {
    let reserved = 0;
    const refuse = (bytes: number) => {
      reserved += bytes;
      if (reserved > 100_000) throw new Error('no more');
    };
    await expect(run(query, { reserve: refuse })).rejects.toThrow('no more');
  }
});

test('a range has as many steps as a graph can show, and a direction', () => {
  expect(() => rangeGrid(0n, 11_001n, 1n)).toThrow('step must give at most 11000 points for each series, got 11001');
  expect(() => rangeGrid(0n, 10n, 0n)).toThrow('step must be greater than 0, got 0ns');
  expect(() => rangeGrid(10n, 0n, 1n)).toThrow('end must not be before start, got 10 to 0');
  expect(() => instantGrid(10n, 10n)).toThrow('end must be after start, got 10 to 10');
});

test('a search ends with the last trace that is wanted, and reads nothing for what cannot be', async () => {
  const traces = ['a', 'b', 'c', 'd', 'e'].map((label) => readTrace(label, [`${label} shop get 0+1`]));
  const request = { startUnixNs: 0n, endUnixNs: 1000n, spansPerSpanset: 1 };
  const source = new MemorySource(traces);
  const found: string[] = [];
  let inspected = 0;
  for await (const batch of new Search({ query: '{ name = "get" }', limit: 3, ...request }).run(
    source,
    readContext(),
  )) {
    found.push(...batch.traces.map(({ traceId }) => traceId));
    inspected = batch.inspected.traces;
  }
  expect([found, inspected]).toEqual([traces.slice(0, 3).map(({ traceId }) => traceId), 3]);
  for (const query of ['{ false }', '{ 1 = 2 } >> { }', '{ } && { "a" =~ "b" }']) {
    const search = new Search({ query, limit: 3, ...request });
    for await (const _none of search.run(source, readContext()));
  }
  expect(source.requests.length).toBe(1);
});

test('an aborted search stops at the next batch', async () => {
  const traces = ['a', 'b', 'c'].map((label) => readTrace(label, [`${label} shop get 0+1`]));
  const abort = new AbortController();
  const search = new Search({ query: '{ }', startUnixNs: 0n, endUnixNs: 1000n, limit: 9, spansPerSpanset: 1 });
  const results = search.run(new MemorySource(traces, 1), { principal: undefined, signal: abort.signal });
  await results.next();
  abort.abort(new Error('enough'));
  await expect(results.next()).rejects.toThrow('enough');
});
