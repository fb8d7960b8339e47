// What examples/grafana gives to users: each panel's query has rows, on a real listener with data that the panel is about.

import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { OtelDatabase, type OtelServer, TOKEN } from '../../support/otel-database.js';
import { ownMetricsRequest, SPAN_MS, shopRequests } from './shop-telemetry.js';

const FOLDER = new URL('../../../examples/grafana/', import.meta.url);
const READ_TOKEN = 'a-token-to-read-with';
/** Grafana gives Basic the user that was set, which means nothing to us. */
const headers = { authorization: `Basic ${Buffer.from(`grafana:${READ_TOKEN}`).toString('base64')}` };

interface DataSource {
  readonly type: 'prometheus' | 'loki' | 'tempo';
  readonly uid: string;
}
interface Target {
  readonly refId: string;
  readonly datasource: DataSource;
  readonly expr?: string;
  readonly query?: string;
  readonly instant?: boolean;
  readonly queryType?: string;
  readonly metricsQueryType?: string;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly targets: readonly Target[];
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly datasource?: DataSource;
  readonly query: string | { readonly query?: string; readonly label?: string };
}
interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
}

const read = (path: string) => readFileSync(new URL(path, FOLDER), 'utf8');
const dashboards = readdirSync(new URL('dashboards/', FOLDER)).map(
  (name) => JSON.parse(read(`dashboards/${name}`)) as Dashboard,
);
const sources = (
  parse(read('provisioning/datasources/otelduck.yaml')) as {
    datasources: readonly (DataSource & { readonly url: string; readonly jsonData: unknown })[];
  }
).datasources;

/** Now, less what rounding may add. */
const endMs = Math.floor(Date.now() / 1000) * 1000 - 5000;
const startMs = endMs - SPAN_MS;
let database: OtelDatabase;
let server: OtelServer;
let url: string;

beforeAll(async () => {
  database = await OtelDatabase.open();
  server = await database.serve({ seal_max_age_ms: 3_600_000 });
  const served = await database.rows(`FROM otlp_query_serve('query:127.0.0.1:0', read_token := '${READ_TOKEN}')`);
  url = String(served[0]!['listen_url']);
  const before = await database.rows('FROM otlp_metrics()');
  for (const [path, body] of Object.entries(shopRequests(endMs))) await post(path, body);
  // Rows wait, so that their age is a metric too.
  const after = await database.rows('FROM otlp_metrics()');
  await post(
    '/v1/metrics',
    ownMetricsRequest([
      [endMs - 120_000, before],
      [endMs - 60_000, after],
      [endMs, after],
    ]),
  );
});
afterAll(() => database.close());

async function post(path: string, body: unknown): Promise<void> {
  const { status, text } = await server.post(JSON.stringify(body), {
    path,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
  });
  expect(text).toContain('"status":"buffered"');
  expect(status).toBe(202);
}

/** As Grafana fills in its variables for this range. */
function filledIn(text: string): string {
  return text
    .replaceAll('$__rate_interval', '4m')
    .replaceAll('$__range', `${SPAN_MS / 1000}s`)
    .replaceAll('$__auto', '1m')
    .replaceAll(/\$(?:service|server)\b/g, '.+')
    .replaceAll('$search', '');
}

async function answerOf(path: string, parameters: Readonly<Record<string, string | number>>): Promise<unknown> {
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const response = await fetch(`${url}${path}?${query}`, { headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}

const seconds = (ms: number) => ms / 1000;
const nanoseconds = (ms: number) => `${ms}000000`;

/** What a panel gets for one of its queries: series, streams, traces. */
async function rowsOf({
  datasource,
  expr,
  query,
  instant,
  queryType,
  metricsQueryType,
}: Target): Promise<readonly unknown[]> {
  const asked = filledIn(expr ?? query ?? '');
  const range = { start: seconds(startMs), end: seconds(endMs) };
  switch (datasource.type) {
    case 'prometheus': {
      const answer = instant
        ? await answerOf('/api/v1/query', { query: asked, time: range.end })
        : await answerOf('/api/v1/query_range', { query: asked, ...range, step: 60 });
      return (answer as { data: { result: unknown[] } }).data.result;
    }
    case 'loki': {
      const answer =
        queryType === 'instant'
          ? await answerOf('/loki/api/v1/query', { query: asked, time: nanoseconds(endMs) })
          : await answerOf('/loki/api/v1/query_range', {
              query: asked,
              start: nanoseconds(startMs),
              end: nanoseconds(endMs + 1),
              step: 60,
            });
      return (answer as { data: { result: unknown[] } }).data.result;
    }
    case 'tempo': {
      if (metricsQueryType !== undefined) {
        const answer = await answerOf('/api/metrics/query_range', { q: asked, ...range, step: '1m' });
        return (answer as { series: unknown[] }).series;
      }
      return ((await answerOf('/api/search', { q: asked, ...range, limit: 20 })) as { traces: unknown[] }).traces;
    }
  }
}

for (const { title, panels, templating } of dashboards) {
  describe(title, () => {
    for (const panel of panels) {
      for (const target of panel.targets) {
        test(`${panel.title} ${target.refId}`, async () => {
          expect(await rowsOf(target), filledIn(target.expr ?? target.query ?? '')).not.toEqual([]);
        });
      }
    }
    for (const { name, type, datasource, query } of templating.list.filter((variable) => variable.type === 'query')) {
      test(`variable ${name}`, async () => {
        expect(type).toBe('query');
        if (typeof query === 'string') throw new Error('a query of a variable is an object');
        const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(query.query ?? '') ?? [];
        const answer =
          datasource?.type === 'loki'
            ? await answerOf(`/loki/api/v1/label/${query.label}/values`, {
                start: nanoseconds(startMs),
                end: nanoseconds(endMs),
              })
            : await answerOf(`/api/v1/label/${label}/values`, { 'match[]': metric ?? '' });
        expect((answer as { data: string[] }).data.length).toBeGreaterThan(0);
      });
    }

    test('panels have ids of their own, lie beside each other, and name the provisioned data sources', () => {
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
      const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
        Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
      );
      expect(new Set(cells).size).toBe(cells.length);
      const known = new Map(sources.map(({ uid, type }) => [uid, type]));
      for (const { datasource } of panels.flatMap(({ targets }) => targets)) {
        expect(known.get(datasource.uid)).toBe(datasource.type);
      }
    });
  });
}

test('the provisioned data sources are at the default port of otlp_query_serve', () => {
  expect(sources.map(({ type }) => type)).toEqual(['prometheus', 'loki', 'tempo']);
  const reference = readFileSync(new URL('../../../docs/functions.md', import.meta.url), 'utf8');
  for (const source of sources) {
    expect(source.url).toBe('http://localhost:4338');
    // Whoever follows a link from one to another finds a data source.
    for (const [, uid] of JSON.stringify(source.jsonData).matchAll(/"datasourceUid":"([^"]+)"/g)) {
      expect(sources.some((other) => other.uid === uid)).toBe(true);
    }
  }
  expect(reference).toContain('query:localhost:4338');
});
