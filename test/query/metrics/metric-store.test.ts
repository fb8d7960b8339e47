// OTLP in, Prometheus series out: every kind of metric, label and metadata endpoints, exemplars, plans.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { evaluateInstant, evaluateRange, parseSelector } from '#promql';
import { Failure } from '../../../src/base/failure.js';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import type { MetricOptions } from '../../../src/query/metrics/metric-options.js';
import type { MetricStore } from '../../../src/query/metrics/metric-store.js';
import type { Scanner } from '../../../src/query/scan/scanner.js';
import { MetricDatabase } from './metric-database.js';

const signal = new AbortController().signal;
const START = Date.UTC(2026, 0, 1, 12);
const MINUTE = 60_000;
const CUMULATIVE = 2;
const DELTA = 1;

let database: MetricDatabase;

beforeAll(async () => {
  database = await MetricDatabase.open();
  await database.send({
    resourceMetrics: [
      {
        resource: {
          attributes: attributesOf({
            'service.name': 'cart',
            'service.namespace': 'shop',
            'service.instance.id': 'i1',
            'host.name': 'h1',
          }),
        },
        scopeMetrics: [{ scope: { name: 'lib', version: '2' }, metrics: metrics() }],
      },
    ],
  });
  // Half of what follows is committed, half in memory.
  await database.flush();
  await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [late()] }] }] });
});

beforeEach(() => {
  database.catalogues = new MetricCatalogues();
});

afterAll(() => database.close());

function attributesOf(values: Readonly<Record<string, string>>): object[] {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function nanoseconds(minute: number): string {
  return `${BigInt(START + minute * MINUTE) * 1_000_000n}`;
}

/** Points in the minutes 0 to 10. */
function points(of: (minute: number) => object): object[] {
  return Array.from({ length: 11 }, (_, minute) => ({
    timeUnixNano: nanoseconds(minute),
    startTimeUnixNano: nanoseconds(0),
    ...of(minute),
  }));
}

function metrics(): object[] {
  const exemplar = {
    timeUnixNano: nanoseconds(9),
    asDouble: 0.7,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    filteredAttributes: attributesOf({ user: 'u1' }),
  };
  return [
    {
      name: 'process.memory',
      unit: 'By',
      description: 'Memory in use.',
      gauge: { dataPoints: points((minute) => (minute === 10 ? { flags: 1 } : { asInt: String(minute) })) },
    },
    {
      name: 'http.requests',
      description: 'Requests.',
      sum: {
        isMonotonic: true,
        aggregationTemporality: CUMULATIVE,
        dataPoints: ['/a', '/b'].flatMap((route) =>
          points((minute) => ({ asDouble: minute * 60, attributes: attributesOf({ 'http.route': route }) })),
        ),
      },
    },
    {
      name: 'jobs.done',
      sum: {
        isMonotonic: true,
        aggregationTemporality: DELTA,
        dataPoints: points((minute) => ({ asInt: String(minute + 1) })),
      },
    },
    {
      name: 'queue.length',
      unit: '1',
      sum: { isMonotonic: false, aggregationTemporality: CUMULATIVE, dataPoints: points(() => ({ asInt: '7' })) },
    },
    {
      name: 'latency',
      unit: 's',
      histogram: {
        aggregationTemporality: CUMULATIVE,
        dataPoints: points((minute) => ({
          count: String(10 * minute),
          sum: 5 * minute,
          explicitBounds: [1e-7, 0.5],
          bucketCounts: [2, 3, 5].map((count) => String(count * minute)),
          exemplars: [exemplar],
        })),
      },
    },
    {
      name: 'size',
      exponentialHistogram: {
        aggregationTemporality: CUMULATIVE,
        dataPoints: points((minute) => ({
          count: String(4 * minute + 1),
          sum: 8 * minute,
          scale: 9,
          zeroCount: '1',
          zeroThreshold: 0.5,
          positive: { offset: -2, bucketCounts: ['0', String(minute), String(minute), String(2 * minute)] },
        })),
      },
    },
    {
      name: 'pause',
      unit: 's',
      summary: {
        dataPoints: points((minute) => ({
          count: String(minute),
          sum: minute / 2,
          quantileValues: [
            { quantile: 0.5, value: 1 },
            { quantile: 0.99, value: minute },
          ],
        })),
      },
    },
  ];
}

/** Points that are sent last, some of them for times that there are points for, in falling order. */
function late(): object {
  const dataPoints = [30, 20, 10].map((seconds) => ({
    timeUnixNano: `${BigInt(START + 10 * MINUTE + seconds * 1000) * 1_000_000n}`,
    asDouble: seconds,
  }));
  return { name: 'late', gauge: { dataPoints: [...dataPoints, { ...dataPoints[0], asDouble: 31 }] } };
}

async function answers(query: string, minute = 10, options: Partial<MetricOptions> = {}): Promise<string[]> {
  const { source } = database.store(options);
  const { result } = await evaluateInstant({ query, source, principal: undefined }, START + minute * MINUTE);
  if (result.type === 'vector') {
    return result.samples
      .map(({ labels, value }) => `${labels} ${typeof value === 'number' ? value : histogramText(value)}`)
      .sort();
  }
  if (result.type !== 'matrix') throw new Error(`a ${result.type}`);
  return result.series.map(
    ({ labels, times, values }) =>
      `${labels} ${[...times].map((time, i) => `${values[i]}@${(time - START) / 1000}`).join(' ')}`,
  );
}

function histogramText(value: object): string {
  const { schema, count, sum, zeroThreshold, zeroCount, positive } = value as {
    positive: { indexes: number[]; counts: number[] };
  } & Record<string, unknown>;
  return JSON.stringify([schema, count, sum, zeroThreshold, zeroCount, positive.indexes, positive.counts]);
}

const origin = 'instance="i1", job="shop/cart"';

describe('series of', () => {
  for (const [what, query, minute, expected] of [
    ['a gauge with a unit', 'process_memory_bytes', 9, [`{__name__="process_memory_bytes", ${origin}} 9`]],
    ['a gauge that says it has ended', 'process_memory_bytes', 10, []],
    [
      'a counter',
      'http_requests_total{http_route="/a"}',
      10,
      [`{__name__="http_requests_total", http_route="/a", ${origin}} 600`],
    ],
    ['a rate', 'rate(http_requests_total{http_route=~"/b|/c"}[5m])', 10, [`{http_route="/b", ${origin}} 1`]],
    // Counter logic would say 4 × 5 / 4.
    ['increases of deltas', 'increase(jobs_done_total[5m])', 10, [`{${origin}} ${7 + 8 + 9 + 10 + 11}`]],
    ['rates of deltas', 'rate(jobs_done_total[5m])', 10, [`{${origin}} ${45 / 300}`]],
    ['deltas', 'jobs_done_total', 10, [`{__name__="jobs_done_total", ${origin}} 11`]],
    ['sums of deltas', 'sum_over_time(jobs_done_total[2m])', 10, [`{${origin}} ${10 + 11}`]],
    ['a sum that may fall', 'queue_length', 10, [`{__name__="queue_length", ${origin}} 7`]],
    [
      'a classic histogram',
      'latency_seconds_bucket',
      10,
      [
        `{__name__="latency_seconds_bucket", ${origin}, le="+Inf"} 100`,
        `{__name__="latency_seconds_bucket", ${origin}, le="0.0000001"} 20`,
        `{__name__="latency_seconds_bucket", ${origin}, le="0.5"} 50`,
      ],
    ],
    ['one of its buckets', 'sum(latency_seconds_bucket{le="0.5"})', 10, ['{} 50']],
    ['its count', 'latency_seconds_count', 10, [`{__name__="latency_seconds_count", ${origin}} 100`]],
    ['its sum', 'latency_seconds_sum', 10, [`{__name__="latency_seconds_sum", ${origin}} 50`]],
    ['its quantile', 'histogram_quantile(0.5, rate(latency_seconds_bucket[5m]))', 10, [`{${origin}} 0.5`]],
    [
      // Buckets of scale 9 by two; -2 … 1 of OTLP are the powers (-1 … 2) of 2^(1/512).
      'an exponential histogram',
      'size',
      10,
      [`{__name__="size", ${origin}} [8,41,80,1e-128,1,[0,1],[10,30]]`],
    ],
    ['its average', 'histogram_avg(rate(size[5m]))', 10, [`{${origin}} 2`]],
    [
      'a summary',
      '{__name__=~"pause_.*"}',
      10,
      [
        `{__name__="pause_seconds", ${origin}, quantile="0.5"} 1`,
        `{__name__="pause_seconds", ${origin}, quantile="0.99"} 10`,
        `{__name__="pause_seconds_count", ${origin}} 10`,
        `{__name__="pause_seconds_sum", ${origin}} 5`,
      ],
    ],
    ['what is known of a resource', 'target_info', 10, [`{__name__="target_info", host_name="h1", ${origin}} 1`]],
    [
      'a join with it',
      'queue_length * on (job, instance) group_left (host_name) target_info',
      10,
      [`{host_name="h1", ${origin}} 7`],
    ],
    ['points that came late', 'late[1m]', 10.5, ['{__name__="late"} 10@610 20@620 31@630']],
    ['nothing', 'no_such_metric', 10, []],
  ] as const) {
    test(`${what}: ${query}`, async () => {
      expect(await answers(query, minute)).toEqual(expected);
      // Once more, with all series known: rows of those that do not match are then not read.
      expect(await answers(query, minute)).toEqual(expected);
    });
  }

  for (const [title, options, query, expected] of [
    [
      'names as they are',
      { translationStrategy: 'NoTranslation' },
      '{"http.requests", "http.route"="/a"}',
      [`{__name__="http.requests", "http.route"="/a", ${origin}} 600`],
    ],
    [
      'names as they are, with suffixes',
      { translationStrategy: 'NoUTF8EscapingWithSuffixes' },
      '{"process.memory_bytes"} offset 1m',
      [`{__name__="process.memory_bytes", ${origin}} 9`],
    ],
    [
      'escaped names without suffixes',
      { translationStrategy: 'UnderscoreEscapingWithoutSuffixes' },
      'jobs_done',
      [`{__name__="jobs_done", ${origin}} 11`],
    ],
    [
      'further labels',
      { promotedResourceAttributes: ['host.name'], scopeLabels: true, serviceNameLabel: true },
      'queue_length',
      [
        `{__name__="queue_length", host_name="h1", ${origin}, otel_scope_name="lib", otel_scope_version="2", service_name="cart"} 7`,
      ],
    ],
  ] as const) {
    test(`a store with ${title}`, async () => expect(await answers(query, 10, options)).toEqual(expected));
  }
});

test('samples say when counting began, if they are asked to', async () => {
  const { source } = database.store({}, { startTimes: 'read' });
  const request = { query: 'start_timestamp(queue_length)', source, principal: undefined };
  const { result } = await evaluateInstant(request, START + 10 * MINUTE, { startTimestamps: true });
  expect(result).toMatchObject({ samples: [{ value: START / 1000 }] });
});

// In the order of the rows, each refresh of a dashboard once showed other ones of several series with equal values.
test('the same ones of equal series are kept, in whatever order their rows come', async () => {
  const shuffled: Scanner = {
    scan: ({ sql, ...rest }, ended) =>
      database.scanner.scan({ sql: `SELECT * FROM (${sql}) ORDER BY random()`, ...rest }, ended),
  };
  const kept = async () => {
    const { source } = database.store({}, { scanner: shuffled, catalogues: new MetricCatalogues() });
    const request = { query: 'limitk(3, {__name__=~".+_bucket|.+_requests_total"})', source };
    const { result } = await evaluateInstant({ ...request, principal: undefined }, START + 9 * MINUTE);
    return result.type === 'vector' && result.samples.map(({ labels }) => String(labels));
  };
  const first = await kept();
  for (let i = 0; i < 5; i++) expect(await kept()).toEqual(first);
});

test('a metric whose first rows come while a thread knows others is found at once', async () => {
  const name = 'came.later';
  expect(await answers('came_later')).toEqual([]);
  expect(await answers('http_requests_total')).toHaveLength(2);
  const point = { timeUnixNano: nanoseconds(10), asDouble: 1 };
  await database.send({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints: [point] } }] }] }],
  });
  expect(await answers('came_later')).toEqual(['{__name__="came_later"} 1']);
  // A series of a metric that is known.
  const other = { ...point, attributes: attributesOf({ zone: 'z1' }) };
  await database.send({
    resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, gauge: { dataPoints: [other] } }] }] }],
  });
  expect(await answers('came_later{zone!=""}')).toEqual(['{__name__="came_later", zone="z1"} 1']);
  const { values } = await database.store().labelValues('zone', { matcherSets: [] }, signal);
  expect(values).toEqual(['z1']);
});

describe('what there is', () => {
  const times = { startMs: START, endMs: START + 10 * MINUTE };
  const matching = (...selectors: readonly string[]) => ({ matcherSets: selectors.map((text) => parseSelector(text)) });

  test('names of labels', async () => {
    const request = { ...times, ...matching('{job="shop/cart"}') };
    const { values, isTruncated } = await database.store().labelNames(request, signal);
    expect(values).toEqual(['__name__', 'host_name', 'http_route', 'instance', 'job', 'le', 'quantile']);
    expect(isTruncated).toBe(false);
  });

  test('values of a label', async () => {
    const store = database.store();
    const names = await store.labelValues('__name__', { ...times, ...matching('{__name__=~".*seconds.*"}') }, signal);
    expect(names.values).toEqual([
      'latency_seconds_bucket',
      'latency_seconds_count',
      'latency_seconds_sum',
      'pause_seconds',
      'pause_seconds_count',
      'pause_seconds_sum',
    ]);
    expect(await store.labelValues('http_route', { ...times, matcherSets: [], limit: 1 }, signal)).toEqual({
      values: ['/a'],
      isTruncated: true,
    });
  });

  test('series, as far as they have samples in the time', async () => {
    const store = database.store();
    const found = await store.series({ ...times, ...matching('http_requests_total', 'queue_length') }, signal);
    expect(found.values.map(String)).toEqual([
      `{__name__="http_requests_total", http_route="/a", ${origin}}`,
      `{__name__="http_requests_total", http_route="/b", ${origin}}`,
      `{__name__="queue_length", ${origin}}`,
    ]);
    const before = { startMs: START - 2 * MINUTE, endMs: START - 1, ...matching('{job=~".+"}') };
    expect((await store.series(before, signal)).values).toEqual([]);
  });

  test('rows that come late for times that have been looked at', async () => {
    const store = database.store();
    const request = { startMs: START - 60 * MINUTE, endMs: START - 30 * MINUTE, matcherSets: [] };
    expect((await store.labelValues('__name__', request, signal)).values).toEqual([]);
    const point = { timeUnixNano: nanoseconds(-45), asDouble: 1 };
    const metric = { name: 'long.ago', gauge: { dataPoints: [point] } };
    await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
    expect((await store.labelValues('__name__', request, signal)).values).toEqual(['long_ago']);
  });

  test('metadata', async () => {
    const store = database.store();
    expect(Object.fromEntries(await store.metadata({}, signal))).toMatchObject({
      http_requests_total: [{ type: 'counter', help: 'Requests.', unit: '' }],
      jobs_done_total: [{ type: 'unknown', help: '', unit: '' }],
      latency_seconds: [{ type: 'histogram', help: '', unit: 'seconds' }],
      pause_seconds: [{ type: 'summary', help: '', unit: 'seconds' }],
      process_memory_bytes: [{ type: 'gauge', help: 'Memory in use.', unit: 'bytes' }],
      queue_length: [{ type: 'gauge', help: '', unit: '' }],
      size: [{ type: 'histogram', help: '', unit: '' }],
      target_info: [{ type: 'gauge', help: 'Target metadata', unit: '' }],
    });
    expect([...(await store.metadata({ metric: 'size' }, signal)).keys()]).toEqual(['size']);
    expect((await store.metadata({ limit: 2 }, signal)).size).toBe(2);
  });

  test('exemplars, each once', async () => {
    const store = database.store();
    const [series, ...others] = await store.exemplars({ ...times, ...matching('latency_seconds_bucket') }, signal);
    expect(others).toEqual([]);
    expect(String(series!.labels)).toBe(`{__name__="latency_seconds_bucket", ${origin}, le="+Inf"}`);
    expect(series!.exemplars.map(({ labels, value, timeMs }) => [String(labels), value, timeMs])).toEqual([
      ['{span_id="b7ad6b7169203331", trace_id="0af7651916cd43dd8448eb211c80319c", user="u1"}', 0.7, START + 9 * MINUTE],
    ]);
    const before = { startMs: START, endMs: START + MINUTE, ...matching('latency_seconds_bucket') };
    expect(await store.exemplars(before, signal)).toEqual([]);
  });
});

test('a plan says what is read', async () => {
  const selection = {
    matchers: parseSelector('http_requests_total{http_route="/a"}'),
    ...{ startMs: START, endMs: START + MINUTE, isShared: false },
    hints: { stepMs: 0, rangeMs: 0, function: '', grouping: [], by: false },
  };
  const plan = await database.store().plan(selection, signal);
  expect(plan.map(({ table, metrics, series, pushed }) => [table, metrics, series, pushed])).toContainEqual([
    'otlp_metrics_sum',
    ['http.requests'],
    1,
    ['time', 'name', 'labels'],
  ]);
  for (const { sql } of plan) for await (const _ of database.scanner.scan({ sql }, signal));
});

/** Whoever may see no rows. */
const blind: Scanner = {
  scan: ({ sql }, aborted) =>
    database.scanner.scan({ sql: sql.replaceAll(/\{\{(\w+)\}\}/g, '(SELECT * FROM {{$1}} WHERE false)') }, aborted),
};

test('two principals never see what is the other one’s', async () => {
  const other = { tenant: 'other', permissions: new Set<never>() };
  const seen = async (store: MetricStore) => {
    const request = { query: 'http_requests_total', source: store.source, principal: undefined };
    const { result } = await evaluateInstant(request, START + 10 * MINUTE);
    return [
      result.type === 'vector' && result.samples.length,
      (await store.labelNames({ matcherSets: [] }, signal)).values.length > 0,
      (await store.metadata({}, signal)).size > 0,
    ];
  };
  expect(await seen(database.store())).toEqual([2, true, true]);
  expect(await seen(database.store({}, { principal: other, scanner: blind }))).toEqual([0, false, false]);
  expect(await seen(database.store())).toEqual([2, true, true]);
});

test('a query that is cancelled while it reads ends with the reason', async () => {
  const cancel = new AbortController();
  const stalled: Scanner = {
    scan: (request, aborted) => {
      cancel.abort(new Error('enough'));
      return database.scanner.scan(request, aborted);
    },
  };
  const { source } = database.store({}, { scanner: stalled });
  const request = { query: 'sum(rate(http_requests_total[5m]))', source, principal: undefined, signal: cancel.signal };
  const times = { startMs: START, endMs: START + 10 * MINUTE, stepMs: MINUTE };
  await expect(evaluateRange(request, times)).rejects.toThrow('query was canceled');
});

// Once the tables asked for one series of a metric counted as asked for all of them.
test('series of one metric are found in the tables of two kinds, whichever is asked for first', async () => {
  const name = 'both.kinds';
  const point = (kind: string) => ({ timeUnixNano: nanoseconds(10), attributes: attributesOf({ kind }) });
  const histogram = { ...point('exponential'), count: '3', sum: 1, scale: 0, zeroCount: '3' };
  const metrics = [
    { name, gauge: { dataPoints: [{ ...point('gauge'), asInt: '3' }] } },
    { name, exponentialHistogram: { aggregationTemporality: CUMULATIVE, dataPoints: [histogram] } },
  ];
  await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
  expect(await answers('both_kinds{kind="gauge"}')).toEqual(['{__name__="both_kinds", kind="gauge"} 3']);
  expect(await answers('count(both_kinds{kind="exponential"})')).toEqual(['{} 1']);
  expect(await answers('count(both_kinds)')).toEqual(['{} 2']);
});

function metricAt(minute: number, name: string): Promise<void> {
  const metric = { name, gauge: { dataPoints: [{ timeUnixNano: nanoseconds(minute), asDouble: 1 }] } };
  return database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
}

/** The scanner with something to wait for before and behind each statement. */
function scannerWith(
  before: (sql: string) => Promise<void> | undefined,
  behind: (sql: string) => void = () => undefined,
): Scanner {
  return {
    async *scan(request, aborted) {
      await before(request.sql);
      yield* database.scanner.scan(request, aborted);
      behind(request.sql);
    },
  };
}

class Gate {
  readonly opened: Promise<void>;
  open!: () => void;

  constructor() {
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

const isTimesOfGauges = (sql: string) => sql.includes('{{otlp_metrics_gauge}}') && sql.includes('epoch_ms(min');

// The second query once took the times of all gauges away while the first one waited for a table that is slower.
test('what there is stays while another query looks at a table anew', async () => {
  const request = { startMs: START, endMs: START + 10 * MINUTE, matcherSets: [parseSelector('process_memory_bytes')] };
  const names = async (scanner: Scanner) =>
    (await database.store({}, { scanner }).labelValues('__name__', request, signal)).values;
  expect(await names(database.scanner)).toEqual(['process_memory_bytes']);
  const [looked, begun, answered] = [new Gate(), new Gate(), new Gate()];
  const first = names(
    scannerWith(
      (sql) => (sql.includes('{{otlp_metrics_summary}}') ? begun.opened : undefined),
      (sql) => isTimesOfGauges(sql) && looked.open(),
    ),
  );
  await looked.opened;
  await metricAt(-50, 'long.before');
  const second = names(
    scannerWith((sql) => {
      if (!isTimesOfGauges(sql)) return undefined;
      begun.open();
      return answered.opened;
    }),
  );
  expect(await first).toEqual(['process_memory_bytes']);
  answered.open();
  expect(await second).toEqual(['process_memory_bytes']);
});

// Once it waited for as long as the other one took.
test('a query that is cancelled while another one looks at a table ends at once', async () => {
  const [begun, finished] = [new Gate(), new Gate()];
  const stalled = scannerWith(() => {
    begun.open();
    return finished.opened;
  });
  const looking = database.store({}, { scanner: stalled }).metadata({}, signal);
  await begun.opened;
  const cancel = new AbortController();
  const waiting = database.store().metadata({}, cancel.signal);
  cancel.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  finished.open();
  expect((await looking).size).toBeGreaterThan(0);
});

/** Points of a counter, one for each list of exemplars. */
function sendExemplars(name: string, lists: readonly (readonly object[])[]): Promise<void> {
  const dataPoints = lists.map((exemplars) => ({ timeUnixNano: nanoseconds(9), asInt: '1', exemplars }));
  const sum = { isMonotonic: true, aggregationTemporality: CUMULATIVE, dataPoints };
  return database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, sum }] }] }] });
}

// JSON.parse rounded nanoseconds, so that every eighth millisecond became the one before, and large integers lost digits.
test('exemplars keep their milliseconds and all digits of integers', async () => {
  const filteredAttributes = [
    { key: 'pair', value: { arrayValue: { values: [{ stringValue: ']},"' }, { intValue: '2' }] } } },
    { key: 'user', value: { intValue: '9007199254740993' } },
  ];
  const sent = Array.from({ length: 16 }, (_, ms) => ({
    timeUnixNano: `${BigInt(START + ms) * 1_000_000n}`,
    asDouble: ms === 15 ? 'NaN' : ms / 2,
    filteredAttributes,
  }));
  await sendExemplars('exact', [sent]);
  const [series] = await database.store().exemplars({ matcherSets: [parseSelector('exact_total')] }, signal);
  expect(series!.exemplars.map(({ timeMs, value }) => [timeMs - START, value])).toEqual(
    Array.from({ length: 15 }, (_, ms) => [ms, ms / 2]),
  );
  expect(Object.fromEntries(series!.exemplars[0]!.labels.entries)).toEqual({
    pair: '["]},\\"",2]',
    user: '9007199254740993',
  });
});

// Spaces, and members that do not begin with attributes, were once an error of the whole answer; `[}` held the thread for good.
test('exemplars that others have written are read, and what is none is left out', async () => {
  const time = (ms: number) => `${BigInt(START + ms) * 1_000_000n}`;
  const written = [
    `[ { "value" : 1.5, "time_unix_nano": ${time(1)}, "trace_id": "0af7", "filtered_attributes": { "user" : 9007199254740993 , "a": [1, 2] } } ,
       {"time_unix_nano":"${time(2)}","value":2} ]`,
    `[{"value":3,"time_unix_nano":${time(3)},"filtered_attributes":null,"span_id":"b7ad"}, 7, {"value":4}, {"value":{},"time_unix_nano":1}]`,
    '[}',
    'not JSON',
    '{"value":5}',
    '[]',
  ];
  for (const [index, json] of written.entries()) {
    const time = `make_timestamp_ns(${(BigInt(START) + BigInt(index)) * 1_000_000n})`;
    await database.connection.run(
      `INSERT INTO otlp_metrics_sum BY NAME
        SELECT 'written' AS name, ${time} AS time_unix_nano, 1 AS int_value, 0 AS flags, true AS is_monotonic, 2 AS aggregation_temporality, $1 AS exemplars_json`,
      [json],
    );
  }
  const [series] = await database.store().exemplars({ matcherSets: [parseSelector('written_total')] }, signal);
  expect(series!.exemplars.map(({ timeMs, value, labels }) => [timeMs - START, value, labels.entries])).toEqual([
    [
      1,
      1.5,
      [
        ['a', '[1, 2]'],
        ['trace_id', '0af7'],
        ['user', '9007199254740993'],
      ],
    ],
    [2, 2, []],
    [3, 3, [['span_id', 'b7ad']]],
  ]);
});

// Each once counted as the 16 bytes of its place, whatever its buckets took.
test('memory of native histograms is reserved with all their buckets, and given back', async () => {
  const [points, buckets] = [100, 160];
  const bucketCounts = new Array<string>(buckets).fill('1');
  const dataPoints = Array.from({ length: points }, (_, at) => ({
    timeUnixNano: `${BigInt(START + at) * 1_000_000n}`,
    ...{ count: String(buckets), sum: 1, scale: 3, positive: { bucketCounts } },
  }));
  const metric = { name: 'wide', exponentialHistogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] });
  const countOf = async (limitBytes: number) => {
    let [held, most] = [0, 0];
    const memory = {
      reserveBytes(bytes: number) {
        if (held + bytes > limitBytes) throw new Failure('queryTooLarge', 'the query needs too much memory');
        held += bytes;
        most = Math.max(most, held);
      },
      releaseBytes(bytes: number) {
        held -= bytes;
      },
    };
    const { source } = database.store({}, { memory });
    const request = { query: 'count_over_time(wide[5m])', source, principal: undefined };
    const answer = await evaluateInstant(request, START + MINUTE).catch(({ message }) => String(message));
    expect(held).toBe(0);
    return typeof answer === 'string' ? answer : most;
  };
  const most = await countOf(Infinity);
  expect(most).toBeGreaterThan(points * buckets * 16);
  expect(await countOf(points * buckets * 16)).toBe('the query needs too much memory');
});

// Nothing bounded how many were held.
test('exemplars are held within the memory of the query, each counted once', async () => {
  const sent = Array.from({ length: 50 }, (_, at) => ({
    timeUnixNano: `${BigInt(START + at) * 1_000_000n}`,
    asInt: '1',
  }));
  await sendExemplars('many', [sent, sent]);
  const countOf = async (limitBytes: number) => {
    let held = 0;
    const memory = {
      reserveBytes(bytes: number) {
        held += bytes;
        if (held > limitBytes) throw new Failure('queryTooLarge', 'the query needs too much memory');
      },
      releaseBytes: () => undefined,
    };
    const request = { matcherSets: [parseSelector('many_total')] };
    const [series] = await database.store({}, { memory }).exemplars(request, signal);
    return series!.exemplars.length;
  };
  // The first query learns of the series.
  expect(await countOf(51 * 1024)).toBe(50);
  expect(await countOf(50 * 1024)).toBe(50);
  await expect(countOf(49 * 1024)).rejects.toThrow('the query needs too much memory');
});
