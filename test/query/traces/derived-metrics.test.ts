// Metrics of spans are counted once: what is long over is remembered, what may still change is counted again.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { Matcher } from '#promql/syntax/matcher';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import { defaultMetricOptions } from '../../../src/query/metrics/metric-options.js';
import { openMetricStore } from '../../../src/query/metrics/open-metric-store.js';
import { withDerivedMetrics } from '../../../src/query/promql/with-derived-metrics.js';
import { DerivedMetrics, derivedNamed } from '../../../src/query/traces/derived-metrics.js';
import { soleTenant } from '../../../src/server/identity/principal.js';
import { openTraceDatabase, type TraceDatabase } from './trace-database.js';

const START_MS = 1_760_000_400_000;
const MINUTE_MS = 60_000;
const matchers = [new Matcher('__name__', '=', 'traces_spanmetrics_calls_total')];
const hints = { stepMs: 0, rangeMs: MINUTE_MS, function: 'rate', grouping: [], by: false };
let database: TraceDatabase;
let spans = 0;

beforeAll(async () => {
  database = await openTraceDatabase('standard');
});
afterAll(() => database.close());

/** A span that starts so many minutes after the beginning. */
async function post(minute: number): Promise<void> {
  const start_time_unix_nano = BigInt(START_MS + minute * MINUTE_MS) * 1_000_000n;
  const span = { trace_id: Buffer.alloc(16, 1), span_id: Buffer.alloc(8, ++spans), start_time_unix_nano };
  await database.post({ resource_spans: [{ scope_spans: [{ spans: [span] }] }] });
}

/** How many spans the first `minutes` have, and how many statements it took to know. */
async function counted(derived: DerivedMetrics, minutes: number): Promise<{ spans: number; statements: number }> {
  const before = database.statements();
  const context = {
    scanner: database.scanner,
    principal: soleTenant,
    home: { catalog: 'memory', schema: 'main' },
    signal: new AbortController().signal,
  };
  const range = { startMs: START_MS, endMs: START_MS + minutes * MINUTE_MS };
  const series = await derived.series(derivedNamed(matchers), { matchers, ...range, hints }, context);
  const sum = series.flatMap(({ values }) => [...values]).reduce((total, value) => total + value, 0);
  return { spans: sum, statements: database.statements() - before };
}

test('a chunk that is long over is counted once', async () => {
  let nowMs = START_MS + 60 * MINUTE_MS;
  const derived = new DerivedMetrics(() => nowMs);
  await post(1);
  await post(15);
  expect(await counted(derived, 20)).toEqual({ spans: 2, statements: 1 });
  nowMs += 60 * MINUTE_MS;
  expect(await counted(derived, 20)).toEqual({ spans: 2, statements: 0 });
  // What is not known yet is counted alone, by one statement.
  await post(45);
  expect(await counted(derived, 50)).toEqual({ spans: 3, statements: 1 });
});

test('a chunk that spans may still come to is counted again, but not for every query of a dashboard', async () => {
  let nowMs = START_MS + 51 * MINUTE_MS;
  const derived = new DerivedMetrics(() => nowMs);
  const first = await counted(derived, 50);
  await post(49);
  expect(await counted(derived, 50)).toEqual({ spans: first.spans, statements: 0 });
  nowMs += 6000;
  expect(await counted(derived, 50)).toEqual({ spans: first.spans + 1, statements: 1 });
});

test('names and labels that no metric of spans has are not counted', () => {
  const named = (...texts: readonly (readonly [string, '=' | '!=' | '=~', string])[]) =>
    derivedNamed(texts.map((text) => new Matcher(...text))).map(({ metric }) => metric.name);
  expect(named(['__name__', '=', 'up'])).toEqual([]);
  expect(named(['__name__', '=~', 'traces_.*'], ['job', '=', 'x'])).toEqual([]);
  expect(named(['__name__', '=~', 'traces_.*_total'], ['job', '!=', 'x'])).toEqual([
    'traces_spanmetrics_calls_total',
    'traces_service_graph_request_total',
    'traces_service_graph_request_failed_total',
  ]);
  expect(named(['le', '=', '0.1'])).toEqual([
    'traces_spanmetrics_latency_bucket',
    'traces_service_graph_request_server_seconds_bucket',
    'traces_service_graph_request_client_seconds_bucket',
  ]);
});

// Tables of metrics were once looked at for each of these metrics, which cost ten statements apiece.
test('whether metrics of these names were sent is asked at once', async () => {
  await post(1);
  const parts = {
    scanner: database.scanner,
    principal: soleTenant,
    home: { catalog: 'memory', schema: 'main' },
    catalogues: new MetricCatalogues(),
    options: defaultMetricOptions,
  };
  const { signal } = new AbortController();
  const store = openMetricStore(parts);
  await store.labelValues('__name__', { matcherSets: [] }, signal);
  const before = database.statements();
  await store.labelValues('__name__', { matcherSets: [] }, signal);
  const ofOneLook = database.statements() - before;
  const { values } = await withDerivedMetrics(store, new DerivedMetrics(), parts).labelValues(
    '__name__',
    { matcherSets: [] },
    signal,
  );
  expect(values).toContain('traces_spanmetrics_calls_total');
  // The names that were sent, whether there are spans, and whether names of metrics of spans were sent.
  expect(database.statements() - before - ofOneLook).toBe(2 * ofOneLook + 1);
});
