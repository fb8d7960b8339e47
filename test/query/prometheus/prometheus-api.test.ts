// Prometheus's API over a real listener, with metrics that were sent to a real server: the answers are those that Prometheus
// 3.14 gave to the same requests after the same metrics. `npm run record:prometheus` asks it again.

import { readFileSync } from 'node:fs';
import type { Json } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually } from '../../support/eventually.js';
import { jsonOf, type TestResponse } from '../../support/http-client.js';
import { PrometheusServer } from './prometheus-server.js';
import { type ApiRequest, encoded, keyOf, requests } from './requests.js';
import { END_S, metricsRequest, START_S } from './sent-metrics.js';

interface Answer {
  readonly status: number;
  readonly body: Json;
}

const answers = JSON.parse(
  readFileSync(new URL('../../data/prometheus/answers.json', import.meta.url), 'utf8'),
) as Record<string, Answer>;

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const BY_FORM_TOO = /^(?:query|query_range|query_exemplars|labels|label\/\w+\/values|series|format_query|parse_query)$/;

let server: PrometheusServer;

beforeAll(async () => {
  server = await PrometheusServer.start();
  await server.sendMetrics(metricsRequest());
});

afterAll(() => server.close());

function answerOf({ status, text }: TestResponse): Answer {
  return { status, body: text === '' ? null : (JSON.parse(text) as Json) };
}

/** Bounds of buckets are powers of two, which Prometheus has in a table that is off by a unit or two in the last place. */
function withRoundBounds({ status, body }: Answer): Answer {
  const rounded = JSON.stringify(body).replaceAll(
    /"(-?\d+\.\d{14,})"/g,
    (_all, digits) => `"${Number(digits).toPrecision(14)}"`,
  );
  return { status, body: JSON.parse(rounded) as Json };
}

function same(answer: Answer): Answer {
  return answer;
}

/** Neither Prometheus nor we promise an order of series where none is asked for. */
function inOrder({ status, body }: Answer): Answer {
  const sorted = (value: unknown): Json => {
    const list = (value as Json[]).map((each) => JSON.stringify(each));
    return list.sort().map((each) => JSON.parse(each) as Json);
  };
  const { data } = (body ?? {}) as { data?: Json };
  if (Array.isArray(data)) return { status, body: { ...(body as object), data: sorted(data) } as Json };
  const { resultType, result } = (data ?? {}) as { resultType?: string; result?: Json };
  if (resultType !== 'vector' && resultType !== 'matrix') return { status, body };
  return { status, body: { ...(body as object), data: { resultType, result: sorted(result) } } as Json };
}

/** Which series a limit leaves is not specified. */
function isCut({ path, parameters }: ApiRequest): boolean {
  return path.startsWith('query') && 'limit' in parameters;
}

function countOf({ body }: Answer): number {
  return (body as unknown as { data: { result: unknown[] } }).data.result.length;
}

describe('the answers of Prometheus, from live rows', () => {
  for (const request of requests) {
    const key = keyOf(request);
    test(decodeURIComponent(key.replaceAll('+', ' ')), async () => {
      const expected = answers[key]!;
      const byUrl = answerOf(await server.ask(key));
      if (isCut(request) && expected.status === 200) {
        expect(countOf(byUrl)).toBe(countOf(expected));
        expect((byUrl.body as { warnings?: Json }).warnings).toEqual((expected.body as { warnings?: Json }).warnings);
      } else {
        const prepared = request.parameters['query']?.toString().includes('payment_amount') ? withRoundBounds : same;
        expect(inOrder(prepared(byUrl))).toEqual(inOrder(prepared(expected)));
      }
      if (!BY_FORM_TOO.test(request.path)) return;
      const byForm = await server.ask(request.path, { method: 'POST', headers: FORM, body: encoded(request) });
      expect(answerOf(byForm)).toEqual(byUrl);
    });
  }
});

describe('what Prometheus answers otherwise, or not at all', () => {
  test('metadata: of what was sent, which Prometheus knows only of what it scrapes', async () => {
    const { body } = answerOf(await server.ask('metadata'));
    expect(body).toMatchObject({
      status: 'success',
      data: {
        http_server_requests_total: [
          { type: 'counter', help: 'Requests answered', unit: '' },
          { type: 'counter', help: '', unit: '' },
        ],
        process_memory_usage_bytes: [{ type: 'gauge', help: 'Memory in use', unit: 'bytes' }],
        http_server_request_duration_seconds: [{ type: 'histogram' }],
        gc_pause_milliseconds: [{ type: 'summary' }],
      },
    });
    const one = answerOf(await server.ask('metadata?metric=queue_depth&limit=5&limit_per_metric=1'));
    expect(one.body).toEqual({ status: 'success', data: { queue_depth: [{ type: 'gauge', help: '', unit: '' }] } });
    expect(answerOf(await server.ask('metadata?limit=x'))).toEqual({
      status: 400,
      body: { status: 'error', errorType: 'bad_data', error: 'limit must be a number' },
    });
  });

  test('the version that clients choose by', async () => {
    expect(jsonOf(await server.ask('status/buildinfo'))).toMatchObject({
      status: 'success',
      data: { version: '3.14.0' },
    });
    for (const path of ['status/runtimeinfo', 'status/flags', 'status/config', 'features']) {
      expect(jsonOf(await server.ask(path))).toMatchObject({ status: 'success', data: {} });
    }
  });

  test('status/tsdb: how many series there are', async () => {
    expect(jsonOf(await server.ask('status/tsdb?limit=2'))).toMatchObject({
      status: 'success',
      data: {
        headStats: { numSeries: expect.any(Number) },
        seriesCountByMetricName: [
          { name: 'http_server_requests_total', value: 4 },
          { name: 'http_server_request_duration_seconds_bucket', value: 3 },
        ],
        labelValueCountByLabelName: [{ name: '__name__' }, { name: 'le', value: 3 }],
      },
    });
    expect(jsonOf(await server.ask('status/tsdb?limit=0'))).toMatchObject({ error: 'limit must be a positive number' });
  });

  test('statistics, where they are asked for', async () => {
    const path = `query?query=http_server_requests_total&time=${END_S}`;
    const { data } = jsonOf(await server.ask(`${path}&stats=true`)) as { data: { stats: object } };
    expect(data.stats).toEqual({
      timings: { evalTotalTime: expect.any(Number), execTotalTime: expect.any(Number) },
      samples: {
        totalQueryableSamples: expect.any(Number),
        samplesRead: expect.any(Number),
        peakSamples: expect.any(Number),
      },
    });
    expect(jsonOf(await server.ask(`${path}&stats=much`))).toMatchObject({
      warnings: [
        'value "much" for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"',
      ],
    });
  });

  test('probes, for everybody', async () => {
    for (const state of ['healthy', 'ready']) {
      const { status, text } = await server.ask('', { path: `/-/${state}` });
      expect([status, text]).toEqual([200, `otelduck is ${state}.\n`]);
    }
  });

  test('paths and methods that there are not', async () => {
    expect((await server.ask('nothing')).status).toBe(404);
    const { status, headers } = await server.ask('query', { method: 'DELETE' });
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD, POST']);
  });
});

test('a large answer is compressed on the thread that made it', async () => {
  const path = `query_range?query=http_server_requests_total&start=${START_S}&end=${END_S}&step=1`;
  const plain = await server.ask(path);
  expect(plain.headers['content-encoding']).toBe(undefined);
  const packed = await fetch(`http://127.0.0.1:${server.port}/api/v1/${path}`, {
    headers: { 'accept-encoding': 'gzip' },
  });
  expect(packed.headers.get('content-encoding')).toBe('gzip');
  expect(await packed.text()).toBe(plain.text);
});

test('a client that goes away ends its query, and one that is late is told', async () => {
  const engine = { promql: new URL('../promql/memory-engine.mjs', import.meta.url) };
  const slow = await PrometheusServer.start(', query_timeout_ms := 60000', engine);
  try {
    const client = new AbortController();
    const url = `http://127.0.0.1:${slow.port}/api/v1/query?query=endless`;
    const asked = fetch(url, { signal: client.signal }).catch((error: Error) => error.name);
    await eventually(() => expect(slow.db.runner.running.map(({ label }) => label.text)).toEqual(['endless']));
    client.abort();
    expect(await asked).toBe('AbortError');
    await eventually(() => expect(slow.db.runner.running).toEqual([]));
    expect(answerOf(await slow.ask('query?query=endless&timeout=20ms'))).toMatchObject({
      status: 503,
      body: { status: 'error', errorType: 'timeout' },
    });
  } finally {
    await slow.close();
  }
});

// Before, a graph of a day over ten thousand series was refused: the samples of a selection are in memory at once.
test('a graph that needs more memory than there is for queries is drawn in parts', async () => {
  // Three series and their sum take six kilobytes each at 601 steps.
  const small = await PrometheusServer.start(', query_memory_bytes := 26000');
  try {
    await small.sendMetrics(metricsRequest());
    const path = `query_range?${encoded({ path: '', parameters: { query: 'sum(increase(http_server_requests_total[30s]))', start: START_S, end: END_S, step: 1 } })}`;
    const inParts = answerOf(await small.ask(path));
    expect(inParts.status).toBe(200);
    expect(inParts).toEqual(answerOf(await server.ask(path)));
  } finally {
    await small.close();
  }
});

// Nothing of them was once counted.
test('what is said of series must fit into the memory of queries', async () => {
  const small = await PrometheusServer.start(', query_memory_bytes := 3000');
  try {
    await small.sendMetrics(metricsRequest());
    for (const path of ['labels', 'label/job/values', 'series?match[]={job=~".%2B"}', 'metadata', 'status/tsdb']) {
      expect([path, answerOf(await small.ask(path))]).toMatchObject([
        path,
        {
          status: 422,
          body: { errorType: 'execution', error: expect.stringContaining('of query_memory_bytes = 3000') },
        },
      ]);
    }
    await eventually(() => expect(small.db.runner.reservedBytes).toBe(0));
  } finally {
    await small.close();
  }
});

test('a query that needs more memory than there is for queries says so', async () => {
  const small = await PrometheusServer.start(', query_memory_bytes := 20000');
  try {
    await small.sendMetrics(metricsRequest());
    const path = `query?query=${encodeURIComponent('{__name__!=""}[1h]')}&time=${END_S}`;
    expect(answerOf(await small.ask(path))).toEqual({
      status: 422,
      body: { status: 'error', errorType: 'execution', error: expect.stringContaining('query_memory_bytes = 20000') },
    });
    await eventually(() => expect(small.db.runner.reservedBytes).toBe(0));
  } finally {
    await small.close();
  }
});

test('SQL has the same series as HTTP, and sealed rows the same answers as live ones', async () => {
  await server.flush();
  const queries = [
    'http_server_requests_total',
    'sum by (route) (rate(http_server_requests_total[1m]))',
    'queue_depth or payment_amount_EUR',
    'target_info',
  ];
  for (const query of queries) {
    const range = { query, start: START_S + 60, end: START_S + 120, step: 20 };
    const { data } = jsonOf(await server.ask(`query_range?${encoded({ path: '', parameters: range })}`)) as unknown as {
      data: {
        result: {
          metric: Record<string, string>;
          values?: [number, string][];
          histograms?: [number, { count: string }][];
        }[];
      };
    };
    const byHttp = data.result.flatMap(({ metric, values = [], histograms = [] }) => [
      ...values.map(([time, value]) => JSON.stringify([metric, time, Number(value), null])),
      ...histograms.map(([time, { count }]) => JSON.stringify([metric, time, null, Number(count)])),
    ]);
    const rows = await server.db.connection.runAndReadAll(
      `SELECT labels, epoch(time), value, histogram.count
       FROM promql_range('${query}', to_timestamp(${range.start}), to_timestamp(${range.end}), ${range.step})`,
    );
    const bySql = rows.getRowsJson().map(([labels, ...rest]) => {
      const entries = (labels as { key: string; value: string }[]).map(({ key, value }) => [key, value]);
      return JSON.stringify([Object.fromEntries(entries), ...rest]);
    });
    expect(bySql.sort()).toEqual(byHttp.sort());
    expect(bySql.length).toBeGreaterThan(0);
  }
});
