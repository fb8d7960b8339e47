// Loki's API over the rows of a server, waiting and committed ones.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { send } from '../../support/http-client.js';
import { LokiServer } from './loki-server.js';

/** 2026-01-01, noon. */
const NOON = 1_767_268_800;
const hour = `start=${NOON}&end=${NOON + 3600}`;

let server: LokiServer;

beforeAll(async () => {
  server = await LokiServer.start();
  await server.push({ 'service.name': 'cart', 'k8s.pod.name': 'p1', 'host.name': 'h1' }, [
    record(1, '{"user":"alice","took":"5ms","nested":{"n":1}}', 'INFO'),
    record(2, '{"user":"bob","took":"7ms","nested":{"n":2}}', 'ERROR'),
  ]);
  await server.db.connection.run(`CALL otlp_flush('otlp:127.0.0.1:${server.ingestPort}')`);
  await server.push({ 'service.name': 'cart', 'k8s.pod.name': '42' }, [record(1805, 'size=10kB ok=true', 'INFO')]);
  await server.push({ 'service.name': 'pay' }, [record(3, 'plain text', 'INFO')]);
});
afterAll(() => server.close());

function record(second: number, body: string, severityText: string): object {
  return { timeUnixNano: `${NOON + second}000000000`, severityText, body: { stringValue: body } };
}

const encoded = encodeURIComponent;

describe('an answer', () => {
  for (const [path, body] of [
    [`labels?${hour}`, { status: 'success', data: ['k8s_pod_name', 'service_name'] }],
    [`label?${hour}&query=${encoded('{service_name="pay"}')}`, { status: 'success', data: ['service_name'] }],
    [`labels?since=1h`, { status: 'success', data: [] }],
    [`label/service_name/values?${hour}`, { status: 'success', data: ['cart', 'pay'] }],
    [`label/nothing/values?${hour}`, { status: 'success', data: [] }],
    [
      `series?${hour}&match[]=${encoded('{k8s_pod_name="p1"}')}&match=${encoded('{service_name="pay"}')}`,
      { status: 'success', data: [{ k8s_pod_name: 'p1', service_name: 'cart' }, { service_name: 'pay' }] },
    ],
    [
      `index/stats?${hour}&query=${encoded('{service_name="cart"}')}`,
      { streams: 2, chunks: 0, entries: 3, bytes: 46 + 44 + 17 },
    ],
    [
      `index/volume?${hour}&query=${encoded('{}')}&targetLabels=service_name`,
      {
        status: 'success',
        data: {
          resultType: 'vector',
          result: [
            { metric: { service_name: 'cart' }, value: [NOON + 3600, '107'] },
            { metric: { service_name: 'pay' }, value: [NOON + 3600, '10'] },
          ],
          stats: {},
        },
      },
    ],
    [
      `index/volume_range?${hour}&step=30m&aggregateBy=labels&query=${encoded('{k8s_pod_name=~".+"}')}&targetLabels=k8s_pod_name`,
      {
        status: 'success',
        data: {
          resultType: 'matrix',
          result: [
            {
              metric: { k8s_pod_name: '' },
              values: [
                [NOON + 1800, '90'],
                [NOON + 3600, '17'],
              ],
            },
          ],
          stats: {},
        },
      },
    ],
    [
      `patterns?${hour}&step=30m&query=${encoded('{service_name="pay"}')}`,
      { status: 'success', data: [{ pattern: 'plain text', samples: [[NOON, 1]] }] },
    ],
    // A label with nothing but numbers says nothing; this one has other values too.
    [
      `detected_labels?${hour}`,
      {
        detectedLabels: [
          { label: 'k8s_pod_name', cardinality: 2 },
          { label: 'service_name', cardinality: 2 },
        ],
      },
    ],
    [
      `detected_fields?${hour}&query=${encoded('{k8s_pod_name="p1"}')}`,
      {
        fields: [
          { label: 'detected_level', type: 'string', cardinality: 2, parsers: null },
          { label: 'host_name', type: 'string', cardinality: 1, parsers: null },
          { label: 'severity_text', type: 'string', cardinality: 2, parsers: null },
          { label: 'user', type: 'string', cardinality: 2, parsers: ['json'], jsonPath: ['user'] },
          { label: 'took', type: 'duration', cardinality: 2, parsers: ['json'], jsonPath: ['took'] },
          { label: 'nested_n', type: 'int', cardinality: 2, parsers: ['json'], jsonPath: ['nested', 'n'] },
        ],
        limit: 1000,
      },
    ],
    [
      `detected_fields?${hour}&limit=2&query=${encoded('{k8s_pod_name="42"} |= "size" | logfmt')}`,
      {
        fields: [
          { label: 'detected_level', type: 'string', cardinality: 1, parsers: null },
          { label: 'severity_text', type: 'string', cardinality: 1, parsers: null },
        ],
        limit: 2,
      },
    ],
    [
      `detected_field/user/values?${hour}&query=${encoded('{service_name="cart"}')}`,
      { values: ['alice', 'bob'], limit: 1000 },
    ],
    [`format_query?query=${encoded('{a="b"}|json')}`, { status: 'success', data: '{a="b"} | json' }],
  ] as const) {
    test(decodeURIComponent(path), async () => {
      const { status, headers, text } = await server.ask(path);
      expect({ status, type: headers['content-type'], body: status === 200 ? JSON.parse(text) : text }).toEqual({
        status: 200,
        type: 'application/json; charset=UTF-8',
        body,
      });
    });
  }
});

describe('what Loki refuses', () => {
  for (const [path, message] of [
    ['labels?start=noon', /^could not parse 'start' parameter: /],
    [`labels?${hour}&query=${encoded('{a="b"} |= "x"')}`, /only label matchers are supported/],
    [`index/stats?query=${encoded('{a=')}`, /^parse error at line 1, col 4: syntax error: unexpected /],
    [`detected_fields?query=${encoded('rate({a="b"}[1m])')}`, /only log selector is supported/],
    ['index/volume?aggregateBy=x', /^invalid aggregation option$/],
    ['patterns?step=1ms', /^exceeded maximum resolution of 11,000 points/],
  ] as const) {
    test(decodeURIComponent(path), async () => {
      const { status, headers, text } = await server.ask(path);
      expect({ status, type: headers['content-type'], nosniff: headers['x-content-type-options'], text }).toEqual({
        status: 400,
        type: 'text/plain; charset=utf-8',
        nosniff: 'nosniff',
        text: expect.stringMatching(message),
      });
    });
  }

  test('a query that cannot be formatted', async () => {
    const { status, text } = await server.ask('format_query?query=x');
    expect([status, JSON.parse(text)]).toMatchObject([400, { status: 'invalid-query' }]);
  });
});

test('parameters may come as a form', async () => {
  const { text } = await server.ask('labels', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: hour,
  });
  expect(JSON.parse(text)).toEqual({ status: 'success', data: ['k8s_pod_name', 'service_name'] });
});

test('what Grafana asks about the server', async () => {
  const limits = JSON.parse((await server.ask('drilldown-limits')).text) as object;
  expect(limits).toMatchObject({ limits: { volume_enabled: true }, pattern_ingester_enabled: true });
  expect(JSON.parse((await server.ask('status/buildinfo')).text)).toHaveProperty('version');
  expect((await send({ port: server.port, method: 'GET', path: '/ready' })).status).toBe(200);
  expect((await server.ask('rules')).status).toBe(200);
  expect(server.internalErrors).toEqual([]);
});
