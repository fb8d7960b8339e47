// What SQL gets of evaluations, over series in memory: shapes of rows, times, errors, and queries that end with their statements.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { QueryRunner } from '../../../src/query/run/query-runner.js';
import { eventually } from '../../support/eventually.js';
import { QueryDatabase } from '../query-database.js';

let db: QueryDatabase;
let runner: QueryRunner;

beforeAll(async () => {
  db = await QueryDatabase.open({ promql: new URL('memory-engine.mjs', import.meta.url) });
  runner = db.runner;
});

afterAll(() => db.close());

async function rows(sql: string): Promise<unknown[]> {
  return (await db.connection.runAndReadAll(sql)).getRowObjectsJson();
}

const AT = `'2026-01-01 01:00:00'`;
const shop = (code: string) => [
  { key: '__name__', value: 'requests' },
  { key: 'code', value: code },
  { key: 'job', value: 'shop' },
];
const plain = { time: '2026-01-01 01:00:00', histogram: null };

const bucket = (lower: number, upper: number, lowerInclusive: boolean, count: number) => ({
  lower,
  upper,
  lower_inclusive: lowerInclusive,
  upper_inclusive: true,
  count,
});

for (const [query, expected] of [
  [
    'requests',
    [
      { ...plain, labels: shop('200'), value: 3600 },
      { ...plain, labels: shop('500'), value: 7200 },
    ],
  ],
  ['1 + 1', [{ ...plain, labels: [], value: 2 }]],
  ['"a text"', [{ ...plain, labels: [{ key: 'string', value: 'a text' }], value: null }]],
  ['sum(requests)', [{ ...plain, labels: [], value: 10_800 }]],
  ['none', []],
  [
    'odd',
    [
      {
        ...plain,
        labels: [
          { key: '__name__', value: 'odd' },
          { key: 'a label', value: 'ü"\\\n😀' },
        ],
        value: 'NaN',
      },
    ],
  ],
  [
    'requests{code="500"}[20s]',
    [
      { ...plain, time: '2026-01-01 00:59:45', labels: shop('500'), value: 7170 },
      { ...plain, labels: shop('500'), value: 7200 },
    ],
  ],
  [
    'latency',
    [
      {
        time: '2026-01-01 01:00:00',
        labels: [
          { key: '__name__', value: 'latency' },
          { key: 'job', value: 'shop' },
        ],
        value: null,
        histogram: {
          count: 6,
          sum: 9.5,
          buckets: [bucket(-0.001, 0.001, true, 1), bucket(0.5, 1, false, 2), bucket(2, 4, false, 3)],
        },
      },
    ],
  ],
] as const) {
  test(`promql: ${query}`, async () => {
    expect(await rows(`FROM promql('${query.replaceAll("'", "''")}', ${AT})`)).toEqual(expected);
  });
}

test('promql_range: a row for each step that has a value, numbers and histograms side by side', async () => {
  const range = "since := '2025-12-31 23:59:45', until := '2026-01-01 00:00:15', step := 15";
  expect(
    await rows(`FROM promql_range('latency or requests{code="200"}', ${range}) ORDER BY labels['code'], time`),
  ).toMatchObject([
    { time: '2026-01-01 00:00:00', value: 0, histogram: null },
    { time: '2026-01-01 00:00:15', value: 15, histogram: null },
    { time: '2026-01-01 00:00:00', value: null, histogram: { count: 6 } },
    { time: '2026-01-01 00:00:15', value: null, histogram: { count: 6 } },
  ]);
});

// The evaluation's clock: a prepared statement once read "now" when it was prepared.
for (const [given, expected] of [
  ["TIMESTAMP '2026-01-01 01:00:00'", 1_767_229_200],
  ["TIMESTAMPTZ '2026-01-01 03:00:00+02'", 1_767_229_200],
  ["'2026-01-01T01:00:00.5Z'", 1_767_229_200.5],
  ["DATE '2026-01-01'", 1_767_225_600],
] as const) {
  test(`at ${given}`, async () => {
    expect(await rows(`SELECT value FROM promql('time()', ${given})`)).toEqual([{ value: expected }]);
  });
}

test('at an interval before now, and now', async () => {
  const seconds = async (given: string) =>
    Number(((await rows(`SELECT value FROM promql('time()'${given})`))[0] as { value: number }).value);
  const startMs = Date.now();
  const [now, earlier] = [await seconds(''), await seconds(", INTERVAL '1 hour 30 minutes'")];
  const endMs = Date.now();
  expect(now * 1000).toBeGreaterThanOrEqual(startMs);
  expect(now * 1000).toBeLessThanOrEqual(endMs);
  expect((earlier + 5400) * 1000).toBeGreaterThanOrEqual(startMs);
  expect((earlier + 5400) * 1000).toBeLessThanOrEqual(endMs);
});

for (const step of ["INTERVAL '90 seconds'", "'1m30s'", '90', '90.0', "'00:01:30'"]) {
  test(`step := ${step}`, async () => {
    const [row] = await rows(
      `SELECT count(*) AS steps, max(time)::VARCHAR AS last
       FROM promql_range('1', since := ${AT}, until := '2026-01-01 01:05:00', step := ${step})`,
    );
    expect(row).toEqual({ steps: '4', last: '2026-01-01 01:04:30' });
  });
}

test('a range without since, until and step: an hour in 240 steps', async () => {
  expect(await rows(`SELECT count(*) AS steps FROM promql_range('1')`)).toEqual([{ steps: '241' }]);
});

test('lookback', async () => {
  const late = `'2026-01-01 01:41:00'`;
  expect(await rows(`SELECT count(*) AS n FROM promql('requests', ${late})`)).toEqual([{ n: '2' }]);
  expect(await rows(`SELECT count(*) AS n FROM promql('requests', ${late}, lookback := '1m')`)).toEqual([{ n: '0' }]);
});

for (const [call, message] of [
  [`promql('sum(')`, '1:5: parse error: unclosed left parenthesis [OTLP_QUERY_INVALID]'],
  [
    `promql('rate(requests)')`,
    'parse error: expected type range vector in call to function "rate", got instant vector [OTLP_QUERY_INVALID]',
  ],
  [`promql(NULL)`, 'no expression found in input [OTLP_QUERY_INVALID]'],
  [
    `promql_range('requests[1m]')`,
    'invalid expression type "range vector" for range query, must be Scalar or instant Vector [OTLP_QUERY_INVALID]',
  ],
  [`promql('requests * on (job) requests', ${AT})`, 'many-to-many matching not allowed'],
  [`promql('requests', ${AT}, max_series := 1)`, 'query must read at most 1 series [OTLP_QUERY_LIMIT]'],
  [
    `promql('requests[1m]', ${AT}, max_samples := 3)`,
    'query processing would load too many samples into memory in query execution [OTLP_QUERY_LIMIT]',
  ],
  [`promql('requests', max_samples := 0)`, 'max_samples must be greater than zero, got 0 [OTLP_ARGUMENT_INVALID]'],
  [
    `promql('requests', 'then')`,
    'at of promql() must be a TIMESTAMP or an INTERVAL before now, got then [OTLP_ARGUMENT_INVALID]',
  ],
  [
    `promql_range('1', step := 'often')`,
    "step must be an INTERVAL, a duration such as '1m30s' or a number of seconds, and at least a millisecond, got often [OTLP_ARGUMENT_INVALID]",
  ],
  [`promql_range('1', step := 0)`, 'got 0 [OTLP_ARGUMENT_INVALID]'],
  [
    `promql_range('1', since := ${AT}, until := '2026-01-02 01:00:00', step := 1)`,
    'query must have at most 11001 steps, got 86401 [OTLP_QUERY_LIMIT]',
  ],
  [`promql('1', translation_strategy := 'Guess')`, "translation_strategy must be 'UnderscoreEscapingWithSuffixes' or"],
] as const) {
  test(`error: ${call}`, async () => {
    await expect(rows(`FROM ${call}`)).rejects.toThrow(message);
  });
}

test('in joins, CTAS, views and prepared statements', async () => {
  await rows(`CREATE TABLE codes AS FROM (VALUES ('200', 'fine'), ('500', 'broken')) t(code, meaning)`);
  expect(
    await rows(
      `SELECT meaning, value FROM promql('requests', ${AT}) JOIN codes ON labels['code'] = code ORDER BY value`,
    ),
  ).toEqual([
    { meaning: 'fine', value: 3600 },
    { meaning: 'broken', value: 7200 },
  ]);
  await rows(
    `CREATE TABLE kept AS FROM promql_range('requests', since := ${AT}, until := '2026-01-01 01:01:00', step := '1m')`,
  );
  expect(await rows('SELECT count(*) AS n FROM kept')).toEqual([{ n: '4' }]);
  await rows(`CREATE TEMP VIEW seen AS SELECT value FROM promql('sum(requests)', ${AT})`);
  expect(await rows('FROM seen')).toEqual([{ value: 10_800 }]);
  const prepared = await db.connection.prepare(`SELECT value FROM promql($1, ${AT})`);
  for (const [query, value] of [
    ['1', 1],
    ['sum(requests)', 10_800],
  ] as const) {
    prepared.bindVarchar(1, query);
    expect((await prepared.runAndReadAll()).getRows()).toEqual([[value]]);
  }
});

test('the plan says what would be read, and reads no samples', async () => {
  expect(
    await rows(`FROM promql_plan('sum(requests) / sum(requests offset 30m)', ${AT}, '2026-01-01 02:00:00', 60)`),
  ).toEqual([
    {
      selector: '{__name__="requests"}',
      since: '2026-01-01 00:25:00.001',
      until: '2026-01-01 02:00:00',
      table_name: 'otlp_metrics_sum',
      metrics: ['requests'],
      series: '2',
      pushed: ['time', 'name'],
      sql: `FROM otelduck.otlp_live_metrics_sum(catalog := 'memory', schema := 'main') WHERE metric_name = 'requests' AND unit <> '$2''{{otlp_logs}}' AND int_value < '1152921504606846976'::BIGINT AND double_value > '1e-7'::DOUBLE AND is_monotonic = true AND sum IS NOT DISTINCT FROM null`,
    },
  ]);
});

test('an interrupted statement ends its query', async () => {
  const reading = db.connection.run(`FROM promql('endless')`).catch((error: Error) => error.message);
  await eventually(() =>
    expect(runner.running.map(({ label }) => label)).toMatchObject([{ text: 'endless', client: 'sql' }]),
  );
  db.connection.interrupt();
  expect(await reading).toContain('INTERRUPT');
  await eventually(() => expect(runner.running).toEqual([]));
});

test('a query that is canceled or late says so', async () => {
  const reading = db.connection.run(`FROM promql('endless')`).catch((error: Error) => error.message);
  await eventually(() => expect(runner.running).toHaveLength(1));
  const { id } = runner.running[0]!;
  runner.cancel(id, 'by a test');
  expect(await reading).toContain(`query ${id} was canceled by a test [OTLP_QUERY_CANCELED]`);
  await expect(rows(`FROM promql('endless', query_timeout_ms := 20)`)).rejects.toThrow(
    'the query took longer than query_timeout_ms = 20 [OTLP_QUERY_TIMEOUT]',
  );
});
