// `query` and `query_range`: what Grafana and logcli read.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LokiServer } from './loki-server.js';

/** 2026-01-01, noon. */
const NOON = 1_767_268_800;
const minute = `start=${NOON}&end=${NOON + 60}`;
const ns = (second: number) => `${NOON + second}000000000`;

let server: LokiServer;

beforeAll(async () => {
  server = await LokiServer.start();
  await server.push({ 'service.name': 'cart', 'host.name': 'h1' }, [
    record(1, 'took=5ms status=200', 'INFO'),
    record(20, 'took=7ms status=500', 'ERROR'),
  ]);
  await server.db.connection.run(`CALL otlp_flush('otlp:127.0.0.1:${server.ingestPort}')`);
  await server.push({ 'service.name': 'cart', 'host.name': 'h1' }, [record(40, 'took=9ms status=500', 'ERROR')]);
});
afterAll(() => server.close());

function record(second: number, body: string, severityText: string): object {
  return { timeUnixNano: ns(second), severityText, body: { stringValue: body } };
}

const asked = (query: string) => `query=${encodeURIComponent(query)}`;
const error = { detected_level: 'error', host_name: 'h1', severity_text: 'ERROR' };
const info = { detected_level: 'info', host_name: 'h1', severity_text: 'INFO' };

describe('an answer', () => {
  for (const [path, headers, data] of [
    [
      // Grafana's health check.
      `query?time=4000000000&${asked('vector(1)+vector(1)')}`,
      {},
      { resultType: 'vector', result: [{ metric: {}, value: [4_000_000_000, '2'] }] },
    ],
    [
      `query_range?${minute}&limit=2&${asked('{service_name="cart"} |= "status"')}`,
      {},
      {
        resultType: 'streams',
        result: [
          {
            stream: { ...error, service_name: 'cart' },
            values: [
              [ns(40), 'took=9ms status=500'],
              [ns(20), 'took=7ms status=500'],
            ],
          },
        ],
      },
    ],
    [
      `query_range?${minute}&limit=1&direction=forward&${asked('{service_name="cart"} | logfmt | status="200"')}`,
      { 'x-loki-response-encoding-flags': 'categorize-labels' },
      {
        resultType: 'streams',
        encodingFlags: ['categorize-labels'],
        result: [
          {
            stream: { service_name: 'cart' },
            values: [
              [ns(1), 'took=5ms status=200', { structuredMetadata: info, parsed: { status: '200', took: '5ms' } }],
            ],
          },
        ],
      },
    ],
    [
      // Grafana's volume of logs.
      `query_range?start=${NOON + 30}&end=${NOON + 60}&step=30s&${asked('sum by (level, detected_level) (count_over_time({service_name="cart"}[30s]))')}`,
      {},
      {
        resultType: 'matrix',
        result: [
          {
            metric: { detected_level: 'error' },
            values: [
              [NOON + 30, '1'],
              [NOON + 60, '1'],
            ],
          },
          { metric: { detected_level: 'info' }, values: [[NOON + 30, '1']] },
        ],
      },
    ],
    [
      `query?time=${NOON + 60}&${asked('max(max_over_time({service_name="cart"} | logfmt | unwrap duration(took) [1m]))')}`,
      {},
      { resultType: 'vector', result: [{ metric: {}, value: [NOON + 60, '0.009'] }] },
    ],
    [`query_range?${minute}&${asked('{service_name="none"}')}`, {}, { resultType: 'streams', result: [] }],
  ] as const) {
    test(decodeURIComponent(path), async () => {
      const { status, text } = await server.ask(path, { headers });
      expect({ status, body: status === 200 ? JSON.parse(text) : text }).toMatchObject({
        status: 200,
        body: { status: 'success', data },
      });
    });
  }
});

describe('what Loki refuses', () => {
  for (const [path, message] of [
    [
      `query?${asked('{a="b"}')}`,
      'log queries are not supported as an instant query type, please change your query to a range query type',
    ],
    [`query_range?${asked('{a=')}`, /^parse error at line 1, col 4: syntax error: unexpected /],
    [`query_range?${asked('{}')}`, /at least one/],
    [
      `query_range?limit=5001&${asked('{a="b"}')}`,
      'max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)',
    ],
    [
      `query?time=${NOON + 60}&${asked('sum by (x) (sum_over_time({service_name="cart"} | logfmt | unwrap took [1m]))')}`,
      /SampleExtractionErr/,
    ],
    [`query_range?step=1ms&${asked('rate({a="b"}[1m])')}`, /^exceeded maximum resolution/],
  ] as const) {
    test(decodeURIComponent(path), async () => {
      const { status, headers, text } = await server.ask(path);
      expect({ status, type: headers['content-type'], text }).toEqual({
        status: 400,
        type: 'text/plain; charset=utf-8',
        text: typeof message === 'string' ? message : expect.stringMatching(message),
      });
    });
  }
});

test('samples have no limit of entries', async () => {
  const { status } = await server.ask(`query_range?${minute}&limit=9999&${asked('rate({service_name="cart"}[1m])')}`);
  expect(status).toBe(200);
});

// Lines that were found, and the texts that JSON is made of, were once in no account: five thousand may have megabytes each.
test('the lines of an answer must fit into the memory of queries while it is made', async () => {
  const small = await LokiServer.start({ memoryBytes: 250_000 });
  try {
    await small.push(
      { 'service.name': 'cart' },
      Array.from({ length: 5 }, (_, second) => record(second, 'x'.repeat(20_000), 'INFO')),
    );
    const lines = (limit: number) =>
      small.ask(`query_range?${minute}&limit=${limit}&${asked('{service_name="cart"}')}`);
    expect(await lines(5)).toMatchObject({ status: 400, text: expect.stringContaining('query_memory_bytes = 250000') });
    expect((await lines(2)).status).toBe(200);
  } finally {
    await small.close();
  }
});
