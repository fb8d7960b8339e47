import { EventEmitter, once } from 'node:events';
import { expect, test } from 'vitest';
import { Labels } from '../src/data/labels.js';
import { QueryError } from '../src/data/query-error.js';
import { evaluateInstant, evaluateRange } from '../src/eval/query.js';
import type { ReadContext, SampleSource, Selection, SeriesSamples } from '../src/source.js';
import { MemorySource } from './promqltest/memory-source.js';

const MINUTE = 60_000;

function sourceOf(...names: readonly string[]): MemorySource {
  const source = new MemorySource();
  for (const name of names) {
    const samples = Array.from({ length: 60 }, (_, minute) => ({ timeMs: minute * MINUTE, value: minute, startMs: 0 }));
    source.add(Labels.of({ __name__: name, job: 'api' }), samples);
  }
  return source;
}

test('equal selectors are read once, over the times of all', async () => {
  const source = sourceOf('a_total');
  const query = 'rate(a_total[5m]) / a_total + a_total offset 1m - count_over_time(a_total[2m])';
  const { result } = await evaluateInstant({ query, source, principal: undefined }, 10 * MINUTE);
  expect(result).toMatchObject({ type: 'vector', samples: [{ value: 1 / 60 / 10 + 9 - 2 }] });
  expect(source.selections).toHaveLength(1);
  expect(source.selections[0]).toMatchObject({ startMs: 4 * MINUTE + 1, endMs: 10 * MINUTE, isShared: true });
});

test('equal selectors with times far apart are read apart', async () => {
  const source = sourceOf('a');
  await evaluateInstant({ query: 'a - a offset 30m', source, principal: undefined }, 50 * MINUTE);
  expect(source.selections.map(({ startMs, endMs }) => [startMs, endMs])).toEqual([
    [45 * MINUTE + 1, 50 * MINUTE],
    [15 * MINUTE + 1, 20 * MINUTE],
  ]);
});

for (const [query, startMs, endMs, hints] of [
  ['a', 5, 10, { rangeMs: 0, function: '' }],
  ['a[3m]', 7, 10, { rangeMs: 3 * MINUTE }],
  ['sum by (job) (a)', 5, 10, { function: 'sum', grouping: ['job'], by: true }],
  ['rate(a[3m] offset 2m)', 5, 8, { function: 'rate', rangeMs: 3 * MINUTE }],
  ['a @ 240', -1, 4, {}],
  ['a smoothed', 5, 15, {}],
  ['rate(a[3m] anchored)', 2, 10, {}],
  ['max_over_time(a[10m:2m] offset 1m)', -6, 9, { stepMs: 2 * MINUTE }],
  ['max_over_time(sum_over_time(a[2m])[4m:] @ 300)', -1, 5, { function: 'sum_over_time', stepMs: MINUTE }],
] as const) {
  test(`${query} reads what it needs`, async () => {
    const source = sourceOf('a');
    await evaluateInstant({ query, source, principal: undefined }, 10 * MINUTE);
    expect(source.selections).toMatchObject([
      { startMs: startMs * MINUTE + 1, endMs: endMs * MINUTE, isShared: false, hints },
    ]);
  });
}

/** A store with a series for each principal. */
class TenantSource implements SampleSource<string> {
  async *read(_: Selection, { principal, warn }: ReadContext<string>): AsyncGenerator<readonly SeriesSamples[]> {
    warn(`read for ${principal}`);
    yield [
      {
        labels: Labels.of({ owner: principal }),
        times: Float64Array.of(MINUTE),
        values: Float64Array.of(1),
        stale: undefined,
        histograms: undefined,
        startTimes: undefined,
      },
    ];
  }
}

for (const principal of ['anna', 'bert']) {
  test(`the source is asked on behalf of ${principal}, and may warn`, async () => {
    const source = new TenantSource();
    const { result, warnings } = await evaluateInstant({ query: 'a', source, principal }, MINUTE);
    expect(result).toMatchObject({ samples: [{ labels: { entries: [['owner', principal]] } }] });
    expect(warnings).toEqual([`read for ${principal}`]);
  });
}

for (const [limit, limits, query, message] of [
  [
    'samples',
    { maxSamples: 10 },
    'sum_over_time(a[30m])',
    'query processing would load too many samples into memory in query execution',
  ],
  ['series', { maxSeries: 2 }, '{job="api"}', 'query must read at most 2 series'],
  ['steps', { maxSteps: 10 }, 'a', 'query must have at most 10 steps, got 60'],
  [
    'steps of a subquery, of which not even one series could be held',
    { maxSamples: 3000 },
    'max_over_time(vector(1)[1h:1s])',
    'query processing would load too many samples into memory in query execution',
  ],
] as const) {
  test(`a query over the limit of ${limit} is refused`, async () => {
    const request = { query, source: sourceOf('a', 'b', 'c'), principal: undefined };
    const times = { startMs: 0, endMs: 59 * MINUTE, stepMs: MINUTE };
    const answer = evaluateRange(request, times, { limits });
    await expect(answer).rejects.toMatchObject({ name: 'QueryError', kind: 'limit', message });
  });
}

// The whole holds 60 samples of a series at once, and a result for each step: too much here.
for (const query of [
  'a',
  'sum(rate(a[5m])) by (job)',
  'topk(1, a) or b',
  'a - a @ end() + a @ start() + time() - end() + range() / step()',
  'sum_over_time(a[4m:1m])',
  'absent(c)',
  '{__name__=~"a|b"}',
  '1',
]) {
  test(`a range query that holds too much is evaluated in parts: ${query}`, async () => {
    const times = { startMs: 10 * MINUTE, endMs: 57 * MINUTE, stepMs: MINUTE };
    const source = sourceOf('a', 'b');
    const whole = await evaluateRange({ query, source, principal: undefined }, times);
    const readsOfWhole = source.selections.length;
    let held = 0;
    const account = {
      read: () => undefined,
      hold: (bytes: number) => {
        held += bytes;
      },
      release: (bytes: number) => {
        held -= bytes;
      },
      throwIfEnded: () => undefined,
    };
    // Some of them hold all that they ever do at once, whatever the steps are.
    const maxSamples = Math.max(40, Math.ceil(whole.statistics.peakSamples / 2));
    const inParts = await evaluateRange({ query, source, principal: undefined, account }, times, {
      limits: { maxSamples },
    });
    expect(inParts.result.grid).toEqual(whole.result.grid);
    expect(inParts.result.series).toEqual(whole.result.series.map((series) => expect.objectContaining({ ...series })));
    expect(inParts.statistics.peakSamples).toBeLessThanOrEqual(maxSamples);
    expect(held).toBe(inParts.bytes);
    const wasSplit = readsOfWhole > 0 && whole.statistics.peakSamples > maxSamples;
    if (wasSplit) expect(source.selections.length).toBeGreaterThan(2 * readsOfWhole);
  });
}
test('a subquery may have more steps than the query around it', async () => {
  const request = { query: 'max_over_time(a[1h:1s])', source: sourceOf('a'), principal: undefined };
  const answer = await evaluateRange(
    request,
    { startMs: 0, endMs: MINUTE, stepMs: MINUTE },
    { limits: { maxSteps: 2 } },
  );
  expect(answer.result.series).toHaveLength(1);
});

/** A store that answers nothing until it is told to stop. */
class SilentSource implements SampleSource<undefined> {
  readonly #events = new EventEmitter();
  readonly asked = once(this.#events, 'read');

  async *read(_: Selection, { signal }: ReadContext<undefined>): AsyncGenerator<readonly SeriesSamples[]> {
    this.#events.emit('read');
    yield await new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('the scan was interrupted')));
    });
  }
}

test('a cancelled query ends, and so does its reading', async () => {
  const source = new SilentSource();
  const cancel = new AbortController();
  const answer = evaluateInstant({ query: 'a', source, principal: undefined, signal: cancel.signal }, 0);
  await source.asked;
  cancel.abort();
  await expect(answer).rejects.toThrow(new QueryError('canceled', 'query was canceled in expression evaluation'));
});

test('a query that takes too long ends', async () => {
  const answer = evaluateInstant({ query: 'a', source: new SilentSource(), principal: undefined }, 0, {
    limits: { timeoutMs: 1 },
  });
  await expect(answer).rejects.toMatchObject({ kind: 'timeout', message: 'query timed out in expression evaluation' });
});

test('a query cancelled before it starts reads nothing', async () => {
  const source = sourceOf('a');
  const request = { query: 'a', source, principal: undefined, signal: AbortSignal.abort() };
  await expect(evaluateInstant(request, 0)).rejects.toMatchObject({ kind: 'canceled' });
  expect(source.selections).toEqual([]);
});

test('an error of the source is told', async () => {
  const source: SampleSource<undefined> = {
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield.
    async *read() {
      throw new Error('disk gone');
    },
  };
  await expect(evaluateInstant({ query: 'a', source, principal: undefined }, 0)).rejects.toMatchObject({
    kind: 'source',
    message: 'expanding series: disk gone',
  });
});

test('a query for a range refuses what is no vector', async () => {
  const request = { query: 'a[5m]', source: sourceOf('a'), principal: undefined };
  await expect(evaluateRange(request, { startMs: 0, endMs: 1, stepMs: 1 })).rejects.toThrow(
    'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
  );
});

// Rates of two metrics have the same labels once the names are gone.
for (const [delayedNameRemoval, outcome] of [
  [true, 'answers'],
  [false, 'fails'],
] as const) {
  test(`label_replace on a dropped name ${outcome} with delayed name removal ${delayedNameRemoval}`, async () => {
    const query = 'label_replace(rate({job="api"}[5m]), "metric", "$1", "__name__", "(.*)")';
    const request = { query, source: sourceOf('a_total', 'b_total'), principal: undefined };
    const answer = evaluateInstant(request, 10 * MINUTE, { delayedNameRemoval });
    if (outcome === 'answers') expect((await answer).result).toMatchObject({ samples: [{}, {}] });
    else await expect(answer).rejects.toThrow('vector cannot contain metrics with the same labelset');
  });
}

for (const [type, infos] of [
  ['counter', []],
  [
    'gauge',
    [
      'PromQL info: metric might not be a counter, __type__ label is not set to "counter" or "histogram", got "gauge": "a_total" (1:6)',
    ],
  ],
] as const) {
  test(`a rate of a metric whose type label is ${type} is judged by it`, async () => {
    const source = new MemorySource();
    const samples = [0, 1, 2].map((minute) => ({ timeMs: minute * MINUTE, value: minute, startMs: 0 }));
    source.add(Labels.of({ __name__: 'a_total', __type__: type, __unit__: 'bytes' }), samples);
    const request = { query: 'rate(a_total[5m])', source, principal: undefined };
    const answer = await evaluateInstant(request, 2 * MINUTE, { typeAndUnitLabels: true });
    expect(answer.infos).toEqual(infos);
    expect(answer.result).toMatchObject({ samples: [{ labels: { entries: [] } }] });
  });
}

test('a shorter lookback ends series sooner', async () => {
  const request = { query: 'a', source: sourceOf('a'), principal: undefined };
  const timeMs = 61 * MINUTE;
  expect((await evaluateInstant(request, timeMs)).result).toMatchObject({ samples: [{ value: 59 }] });
  expect((await evaluateInstant(request, timeMs, { lookbackMs: MINUTE })).result).toMatchObject({ samples: [] });
});

test('a subquery without a step takes that of the engine', async () => {
  const request = { query: 'count_over_time(a[10m:])', source: sourceOf('a'), principal: undefined };
  const options = { defaultSubqueryStepMs: (rangeMs: number) => rangeMs / 5 };
  expect((await evaluateInstant(request, 30 * MINUTE, options)).result).toMatchObject({ samples: [{ value: 5 }] });
});

test('an answer says how many samples were read', async () => {
  const request = { query: 'sum(rate({job="api"}[10m]))', source: sourceOf('a', 'b'), principal: undefined };
  const { statistics } = await evaluateInstant(request, 30 * MINUTE);
  expect(statistics).toEqual({ samplesRead: 20, peakSamples: 12 });
});

/** A request counted 1, 2, 3 … times in each minute, told minute by minute. */
async function* deltas(): AsyncGenerator<readonly SeriesSamples[]> {
  const minutes = Float64Array.from({ length: 60 }, (_, minute) => minute);
  yield [
    {
      labels: Labels.of({ __name__: 'a_total', job: 'api' }),
      times: minutes.map((minute) => minute * MINUTE),
      values: minutes.map((minute) => minute + 1),
      stale: undefined,
      histograms: undefined,
      startTimes: undefined,
      isDelta: true,
    },
  ];
}

for (const [query, value] of [
  ['increase(a_total[5m])', 7 + 8 + 9 + 10 + 11],
  ['rate(a_total[5m])', (7 + 8 + 9 + 10 + 11) / 300],
  ['increase(a_total[30s])', 11],
  ['increase(a_total[5m] anchored)', 7 + 8 + 9 + 10 + 11],
  ['irate(a_total[5m])', 11 / 60],
  ['resets(a_total[5m])', 0],
  ['sum_over_time(a_total[5m])', 7 + 8 + 9 + 10 + 11],
  ['delta(a_total[5m])', 5],
  ['a_total', 11],
] as const) {
  test(`${query} of samples that are counted anew is ${value}`, async () => {
    const request = { query, source: { read: deltas }, principal: undefined };
    const { result } = await evaluateInstant(request, 10 * MINUTE);
    expect(result).toMatchObject({ samples: [{ value }] });
  });
}
