// What statements leave out must not matter: random metrics with names of all sorts are found by their labels, as by a query that has to
// look at every row.

import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Labels, Matcher, type Selection, type SeriesSamples } from '#promql';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import { defaultMetricOptions } from '../../../src/query/metrics/metric-options.js';
import type { MetricStore } from '../../../src/query/metrics/metric-store.js';
import { nameSql } from '../../../src/query/metrics/name-sql.js';
import { OutputCache } from '../../../src/query/metrics/output-cache.js';
import { pointTables, timeSql } from '../../../src/query/metrics/point-table.js';
import { SeriesCatalogue, type TableCatalogue } from '../../../src/query/metrics/series-catalogue.js';
import { conditionOf } from '../../../src/query/metrics/table-read.js';
import { numberAt } from '../../../src/query/scan/block-values.js';
import { translationStrategies } from '../../../src/schema/metric-label-options.js';
import { propertyRuns } from '../../property/property-runs.js';
import { MetricDatabase } from './metric-database.js';
import { nameCases } from './name-cases.js';

const AT = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
/** Metrics of one run, which come in one request, and how many of their series are looked for. */
const METRICS = 25;
const WANTED = 4;
const RUNS = 1;
/** The same where all is asked in one statement a table. */
const MANY_METRICS = 100;
const QUESTIONS = 150;
/** Of each question, series beside the one that is asked for. */
const OTHERS = 10;
const MANY_RUNS = 2;
/** Each run has a day of its own, so that it finds nothing of the others. */
let day = 0;

let database: MetricDatabase;
beforeAll(async () => {
  database = await MetricDatabase.open();
});
afterAll(() => database.close());

const word = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('http', 'cpu', 'total', 'ratio', 'seconds', 'bytes', 'count', 'sum', 'bucket', '1'),
  },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
  },
);
const separator = fc.constantFrom('.', '_', '__', '-', ':', '/', '');
const name = fc.array(fc.tuple(word, separator), { minLength: 1, maxLength: 4 }).map((parts) => parts.flat().join(''));
const text = fc.oneof(
  fc.constantFrom('a', 'b', 'a"b', 'a\\b', "it's", 'a|b', 'x;y', '7'),
  fc.string({ unit: 'grapheme', maxLength: 3 }),
);
const value = fc.oneof(
  { weight: 3, arbitrary: text.map((stringValue) => ({ stringValue })) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: 9 }).map((number) => ({ intValue: String(number) })) },
  { weight: 1, arbitrary: fc.constantFrom(0.5, -0, 1e21, 1e-7).map((doubleValue) => ({ doubleValue })) },
  { weight: 1, arbitrary: fc.boolean().map((boolValue) => ({ boolValue })) },
);
const metric = fc.record({
  name,
  unit: fc.constantFrom('', '1', 's', 'By', 'By/s', '1/{x}', 'per_x', '%'),
  kind: fc.constantFrom('gauge', 'sum', 'counter', 'histogram', 'exponential', 'summary'),
  attributes: fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }),
});

type RandomMetric = typeof metric extends fc.Arbitrary<infer Value> ? Value : never;

function otlpOf({ name, unit, kind, attributes }: RandomMetric, index: number): object {
  const point = {
    timeUnixNano: `${BigInt(AT + day * DAY_MS + 1000 * index) * 1_000_000n}`,
    attributes: Object.entries(attributes).map(([key, each]) => ({ key, value: each })),
  };
  const number = { ...point, asInt: String(index) };
  const counted = { ...point, count: String(index), sum: index };
  switch (kind) {
    case 'gauge':
      return { name, unit, gauge: { dataPoints: [number] } };
    case 'sum':
    case 'counter':
      return { name, unit, sum: { isMonotonic: kind === 'counter', aggregationTemporality: 2, dataPoints: [number] } };
    case 'histogram': {
      const dataPoints = [{ ...counted, explicitBounds: [1], bucketCounts: ['0', String(index)] }];
      return { name, unit, histogram: { aggregationTemporality: 2, dataPoints } };
    }
    case 'exponential':
      return {
        name,
        unit,
        exponentialHistogram: { aggregationTemporality: 2, dataPoints: [{ ...counted, scale: 1 }] },
      };
    default:
      return {
        name,
        unit,
        summary: { dataPoints: [{ ...counted, quantileValues: [{ quantile: 0.5, value: index }] }] },
      };
  }
}

function selectionOf(matchers: readonly Matcher[]): Selection {
  return {
    matchers,
    startMs: AT + day * DAY_MS,
    endMs: AT + (day + 1) * DAY_MS - 1,
    isShared: false,
    hints: { stepMs: 0, rangeMs: 0, function: '', grouping: [], by: false },
  };
}

async function read(store: MetricStore, matchers: readonly Matcher[]): Promise<Map<string, SeriesSamples>> {
  const selection = selectionOf(matchers);
  const context = { principal: undefined, signal: new AbortController().signal, warn: () => undefined };
  const found = new Map<string, SeriesSamples>();
  for await (const batch of store.source.read(selection, context)) {
    for (const series of batch) {
      // Each series once.
      expect(found.has(String(series.labels))).toBe(false);
      found.set(String(series.labels), series);
    }
  }
  return found;
}

/** A pattern that matches this text alone and is no list of words, so that nothing can be looked up by it. */
function opaquePattern(text: string): string {
  return `(?:${escaped(text)}){1}`;
}

for (const translationStrategy of translationStrategies) {
  test(`series are found by their labels with ${translationStrategy}`, { timeout: 60_000 }, async () => {
    const metrics = fc.array(metric, { minLength: METRICS, maxLength: METRICS });
    await fc.assert(
      fc.asyncProperty(metrics, async (sent) => {
        day++;
        await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: sent.map(otlpOf) }] }] });
        const all = await read(database.store({ translationStrategy }), []);
        expect(all.size).toBeGreaterThan(0);
        const stride = Math.ceil(all.size / WANTED);
        for (const { labels } of [...all.values()].filter((_, index) => index % stride === 0)) {
          const exactly = labels.entries.map(([label, text]) => new Matcher(label, '=', text));
          const byPattern = labels.entries.map(([label, text]) => new Matcher(label, '=~', opaquePattern(text)));
          database.catalogues = new MetricCatalogues();
          const cold = await read(database.store({ translationStrategy }), exactly);
          const warm = await read(database.store({ translationStrategy }), exactly);
          const unaided = await read(database.store({ translationStrategy }), byPattern);
          expect(cold.get(String(labels))).toEqual(all.get(String(labels)));
          expect(warm).toEqual(cold);
          expect(unaided).toEqual(cold);
        }
      }),
      propertyRuns(RUNS),
    );
  });
}

/** Resources, by the job that they are. */
const jobs: readonly (readonly [job: string, resource: Readonly<Record<string, object>>])[] = [
  ['cart', { 'service.name': { stringValue: 'cart' } }],
  ['shop/cart', { 'service.namespace': { stringValue: 'shop' }, 'service.name': { stringValue: 'cart' } }],
  ['a/b/c/d', { 'service.namespace': { stringValue: 'a/b' }, 'service.name': { stringValue: 'c/d' } }],
  ['/cart', { 'service.namespace': { stringValue: '' }, 'service.name': { stringValue: 'cart' } }],
  ['shop/', { 'service.namespace': { stringValue: 'shop' }, 'service.name': { stringValue: '' } }],
  ['nowhere/', { 'service.namespace': { stringValue: 'nowhere' }, 'service.name': {} }],
  ['7', { 'service.name': { intValue: '7' } }],
  ['shop/true', { 'service.namespace': { stringValue: 'shop' }, 'service.name': { boolValue: true } }],
  // Of an attribute of the point.
  ['of a point', {}],
];

test('a job is found by the texts of its service, whatever the namespace', async () => {
  day++;
  await database.send({
    resourceMetrics: jobs.map(([job, resource], index) => {
      const attributes = Object.keys(resource).length === 0 ? { job: { stringValue: job } } : {};
      const metrics = [otlpOf({ name: 'runs', unit: '', kind: 'gauge', attributes }, index)];
      return {
        resource: { attributes: Object.entries(resource).map(([key, value]) => ({ key, value })) },
        scopeMetrics: [{ metrics }],
      };
    }),
  });
  for (const [job] of jobs) {
    const selected = [new Matcher('__name__', '=', 'runs'), new Matcher('job', '=', job)];
    database.catalogues = new MetricCatalogues();
    expect([job, [...(await read(database.store(), selected)).keys()]]).toEqual([
      job,
      [`{__name__="runs", job="${job}"}`],
    ]);
  }
  // A list of all other series, by number, once took longer to plan than the query took to run.
  const [plan] = await database
    .store()
    .plan(
      selectionOf([new Matcher('__name__', '=', 'runs'), new Matcher('job', '=', 'shop/cart')]),
      new AbortController().signal,
    );
  expect(plan!.pushed).toEqual(['time', 'name', 'labels']);
});

/** Which of the series that were sent is asked for, by which of its labels, and how each of them is written. */
const question = fc.record({
  series: fc.nat(),
  labels: fc.nat(),
  forms: fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
});

const forms: readonly ((label: string, value: string) => Matcher)[] = [
  (label, value) => new Matcher(label, '=', value),
  (label, value) => new Matcher(label, '=~', `${escaped(value)}|other`),
  (label, value) => new Matcher(label, '=~', opaquePattern(value)),
  (label, value) => new Matcher(label, '=~', `${escaped(value.slice(0, 2))}.*`),
  (label, value) => new Matcher(label, '!=', `${value}.`),
  (label, value) => new Matcher(label, '!~', `${escaped(value)}x|other`),
  (label) => new Matcher(label, '!=', ''),
  (label) => new Matcher(`${label}_`, '=', ''),
];

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

// All questions about a table are one statement: many cost no more than a few.
for (const translationStrategy of translationStrategies) {
  test(`what statements say of rows is true of all that match with ${translationStrategy}`, async () => {
    const metrics = fc.array(metric, { minLength: MANY_METRICS, maxLength: MANY_METRICS });
    const questions = fc.array(question, { minLength: QUESTIONS, maxLength: QUESTIONS });
    const options = { ...defaultMetricOptions, translationStrategy };
    const { signal } = new AbortController();
    await fc.assert(
      fc.asyncProperty(metrics, questions, async (sent, asked) => {
        day++;
        await database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics: sent.map(otlpOf) }] }] });
        const times = { startMs: AT + day * DAY_MS, endMs: AT + (day + 1) * DAY_MS - 1 };
        const found: { table: TableCatalogue; place: number; labels: Labels }[] = [];
        for (const table of new SeriesCatalogue(options, new OutputCache()).tables) {
          if (table.table.kind === 'target') continue;
          await table.discover(database.scanner, timeSql(times.startMs, times.endMs), signal);
          for (const [place] of table.known()) {
            for (const { labels } of table.outputsAt(place)) found.push({ table, place, labels });
          }
        }
        const conditions = new Map<TableCatalogue, { text: string; sql: string }[]>();
        for (const { series, labels: chosen, forms: written } of asked) {
          const { table, place, labels } = found[series % found.length]!;
          const matchers = labels.entries
            .filter((_, index) => ((chosen >> index) & 1) === 1 || index === chosen % labels.entries.length)
            .map(([label, text], index) => forms[written[index % written.length]! % forms.length]!(label, text));
          const others = found.filter((each) => each.table === table).slice(0, OTHERS);
          for (const other of [{ place, labels }, ...others].filter((each) => table.matches(each.place, matchers))) {
            const condition = conditionOf(table, { matchers, ...times }, options) ?? 'false';
            const sql = `count(*) FILTER (WHERE NOT (${table.exceptSql([other.place])}) AND ${condition})::DOUBLE`;
            const text = `${matchers.join(',')} of ${other.labels}`;
            conditions.set(table, [...(conditions.get(table) ?? []), { text, sql }]);
          }
        }
        const missed: string[] = [];
        let checked = 0;
        for (const [{ table }, cases] of conditions) {
          const sql = `SELECT ${cases.map((each) => each.sql).join(', ')} FROM ${table.from}`;
          for await (const { columns } of database.scanner.scan({ sql }, signal)) {
            cases.forEach(({ text }, index) => {
              if (numberAt(columns[index]!, 0) === 0) missed.push(text);
            });
            checked += cases.length;
          }
        }
        expect(missed).toEqual([]);
        // A pattern may be of half a character, which nothing matches.
        expect(checked).toBeGreaterThan(0.9 * QUESTIONS);
      }),
      propertyRuns(MANY_RUNS),
    );
  });
}

test('a metric with any name is looked for by the name that it has in Prometheus', async () => {
  const gauges = pointTables.find(({ kind }) => kind === 'gauge')!;
  for (const [strategy, , name, , expected] of nameCases) {
    if (expected === undefined) continue;
    const condition = nameSql([new Matcher('__name__', '=', expected)], gauges, strategy);
    const found = await database.connection.runAndReadAll(`SELECT ${condition} FROM (SELECT $1 AS name)`, [name]);
    expect([name, strategy, found.getRows()]).toEqual([name, strategy, [[true]]]);
  }
});
