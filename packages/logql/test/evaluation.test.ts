import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Labels } from '#promql/data/labels';
import { QueryError } from '#promql/data/query-error';
import { NOTHING } from '#promql/data/step-series';
import { evaluateInstant, evaluateLogs, evaluateRange, streamLogs } from '../src/eval/query.js';
import { type Diligence, type MemoryRow, MemorySource } from './support/memory-source.js';

const START_NS = 1_795_284_000_000_000_000n;
const SECOND = 1_000_000_000n;

const [head = '', ...blocks] = readFileSync(new URL('evaluation/samples.test', import.meta.url), 'utf8').split(
  '\nquery ',
);
const streams = new Map<string, Labels>();
const rows = head.split('\n').flatMap((line) => (line.startsWith('row ') ? [rowOf(JSON.parse(line.slice(4)))] : []));

/** Ways to the same answer: the store does what it can, or nothing; or it is told nothing. */
const ways: readonly (readonly [Diligence, 'on' | 'off'])[] = [
  ['filters', 'on'],
  ['gives all', 'on'],
  ['filters', 'off'],
];

for (const block of blocks) {
  const [query = '', ...expected] = block.trimEnd().split('\n');
  test(`${query} gives what Loki gives`, async () => {
    for (const [diligence, pushdown] of ways) {
      const found = await samples(query, diligence, pushdown);
      if (expected[0]?.startsWith('fails ')) expect(found).toContain(expected[0].slice(6));
      else expectSamples(found, expected);
    }
  });
}

function rowOf([seconds, line, stream, metadata]: [string, string, object, object?]): MemoryRow {
  const [whole = '0', fraction = ''] = seconds.split('.');
  const key = JSON.stringify(stream);
  const labels = streams.get(key) ?? Labels.of(stream as Record<string, string>);
  streams.set(key, labels);
  return {
    timeNs: START_NS + BigInt(whole) * SECOND + BigInt(fraction.padEnd(9, '0')),
    line,
    stream: labels,
    metadata: metadata === undefined ? Labels.none : Labels.of(metadata as Record<string, string>),
  };
}

/** A line for each series, as the file has them; the text of the error if there is one. */
async function samples(query: string, diligence: Diligence, pushdown: 'on' | 'off'): Promise<string[] | string> {
  const request = { query, source: new MemorySource(rows, diligence), principal: undefined };
  const series = new Map<string, string[]>();
  const at = (labels: Labels) => {
    const key = JSON.stringify(Object.fromEntries(labels.entries));
    const values = series.get(key) ?? ['_', '|', ...new Array<string>(10).fill('_')];
    series.set(key, values);
    return values;
  };
  try {
    const { result: instant } = await evaluateInstant(request, START_NS + 600n * SECOND, { pushdown });
    if (instant.type === 'scalar') at(Labels.none)[0] = String(instant.value);
    else for (const { labels, value } of instant.samples) at(labels)[0] = String(value);
    const times = { startNs: START_NS + 60n * SECOND, endNs: START_NS + 600n * SECOND, stepNs: 60n * SECOND };
    const { result } = await evaluateRange(request, times, { pushdown });
    for (const { labels, kinds, values } of result.series) {
      for (const [step, kind] of kinds.entries()) if (kind !== NOTHING) at(labels)[step + 2] = String(values[step]);
    }
  } catch (error) {
    if (error instanceof QueryError) return error.message;
    throw error;
  }
  const lines = [...series].map(([key, values]) => [key, ...values].join(' '));
  return query.startsWith('sort') ? lines : lines.sort();
}

/** Equal texts, but for the last digits of numbers: sums are taken in another order. */
function expectSamples(found: string[] | string, expected: readonly string[]): void {
  const rounded = (lines: readonly string[]) =>
    lines.map((line) => line.replaceAll(/(?<= )[-+]?(?:\d[\d.e+-]*|Inf(?:inity)?)/g, (text) => short(text)));
  expect(typeof found === 'string' ? found : rounded(found)).toEqual(rounded(expected));
}

function short(text: string): string {
  return /Inf/.test(text) ? text.replace('+', '').replace('inity', '') : String(Number(Number(text).toPrecision(9)));
}

const hour = { startNs: START_NS, endNs: START_NS + 3_600n * SECOND };

async function lines(
  query: string,
  source: MemorySource,
  limit?: number,
  order: 'newest-first' | 'oldest-first' = 'newest-first',
) {
  const { result } = await evaluateLogs({ query, source, principal: undefined }, { ...hour, order, limit });
  return result;
}

test('lines come in their order, up to the limit', async () => {
  const source = new MemorySource(rows);
  const newest = await lines('{app="edge"}', source, 2);
  expect(newest.map(({ line }) => line)).toEqual(['edge one nanosecond later', 'edge at three minutes é']);
  const oldest = await lines('{app="edge"}', source, 2, 'oldest-first');
  expect(oldest.map(({ line }) => line)).toEqual(['edge at two minutes', 'edge at three minutes é']);
});

test('a line has its labels by where they come from', async () => {
  const [entry] = await lines(
    '{app="api"} | logfmt | level="info" | keep app, level, trace_id',
    new MemorySource(rows),
    1,
  );
  expect(entry).toMatchObject({
    stream: [['app', 'api']],
    metadata: [['trace_id', 't5']],
    parsed: [['level', 'info']],
  });
});

test('a source is told the limit when it is told all filters, and stops giving rows otherwise', async () => {
  const told = new MemorySource(rows);
  await lines('{app="web"} |= "error" | trace_id="t1"', told, 2);
  expect(told.selections[0]).toMatchObject({
    limit: 2,
    filters: [{ kind: 'line-contains', texts: ['error'] }, { kind: 'label-matches' }],
  });
  const asked = new MemorySource(rows);
  await lines('{app="web"} | json | level="error"', asked, 2);
  expect(asked.selections[0]!.limit).toBeUndefined();
  expect(asked.rowsGiven).toBeLessThan(20);
});

test('a pattern is told as the texts that a line must hold, which is not all', async () => {
  const source = new MemorySource(rows);
  await lines('{app="api"} |> "level=<_> dur=<_>"', source);
  expect(source.selections[0]).toMatchObject({
    filters: [],
    prefilters: [{ texts: ['level='] }, { texts: [' dur='] }],
    limit: undefined,
  });
});

test('filters behind what changes lines or labels are not told', async () => {
  const source = new MemorySource(rows);
  await lines('{app="web"} | line_format "x" |= "x" | trace_id="t1"', source);
  await lines('{app="web"} | label_format trace_id="a" | trace_id="a"', source);
  expect(source.selections.map(({ filters }) => filters)).toEqual([[], []]);
});

test('a store counts what it can, in buckets of which steps and ranges are whole numbers', async () => {
  const source = new MemorySource(rows);
  const query = 'sum by (env) (count_over_time({app="web"} |= "p1" [90s]))';
  const times = { startNs: START_NS, endNs: START_NS + 600n * SECOND, stepNs: 60n * SECOND };
  await evaluateRange({ query, source, principal: undefined }, times);
  expect(source.selections).toEqual([]);
  expect(source.counted[0]).toMatchObject({ bucketNs: 30n * SECOND, bucketCount: 23, by: ['env'], measure: 'entries' });
});

test('lines nearer than the interval are left out', async () => {
  const times = { ...hour, order: 'oldest-first', intervalNs: 60n * SECOND } as const;
  const request = { query: '{app="api"}', source: new MemorySource(rows), principal: undefined };
  const { result } = await evaluateLogs(request, times);
  expect(result.map(({ timeNs }) => Number((timeNs - START_NS) / SECOND))).toEqual([
    23, 83, 143, 203, 263, 323, 383, 443, 503, 563,
  ]);
});

test('ending the iteration ends the reading', async () => {
  const source = new MemorySource(rows);
  const request = { query: '{app="web"}', source, principal: undefined };
  for await (const batch of streamLogs(request, { ...hour, order: 'oldest-first' })) {
    expect(batch).toHaveLength(3);
    break;
  }
  expect(source.rowsGiven).toBe(3);
});

test('limits and cancellation end a query', async () => {
  const request = {
    query: 'count_over_time({app="web"} | json [1m])',
    source: new MemorySource(rows),
    principal: undefined,
  };
  const timeNs = START_NS + 600n * SECOND;
  await expect(evaluateInstant(request, timeNs, { limits: { maxResultSeries: 2 } })).rejects.toThrow(
    'maximum number of series (2) reached for a single query',
  );
  await expect(evaluateInstant(request, timeNs, { limits: { maxSeries: 2 } })).rejects.toThrow('at most 2 series');
  const controller = new AbortController();
  controller.abort();
  const canceled = evaluateInstant({ ...request, signal: controller.signal }, timeNs);
  await expect(canceled).rejects.toMatchObject({ kind: 'canceled' });
  await expect(evaluateInstant({ ...request, query: '{app="web"}' }, timeNs)).rejects.toThrow(
    'log queries are not supported as an instant query type',
  );
});
