// Half an hour of two HTTP services, as their SDKs would send it, and metrics of ours as a Collector that scrapes them would.

import type { JsonRow } from '../../support/otel-database.js';

const INTERVAL_MS = 60_000;
const SAMPLES = 31;
const BOUNDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1];
const CUMULATIVE = 2;
const SERVER = 2;
const ERROR = 2;
const services = ['checkout', 'cart'];
const routes = ['/orders', '/orders/{id}'];

export const SPAN_MS = (SAMPLES - 1) * INTERVAL_MS;

type Json = Readonly<Record<string, unknown>>;

const nano = (ms: number) => String(BigInt(Math.round(ms * 1000)) * 1000n);
const attributes = (values: Readonly<Record<string, string | number>>) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
const resource = (service: string) => ({
  attributes: attributes({ 'service.name': service, 'service.instance.id': `${service}-0` }),
});

/** Requests by the path that they are posted to. Times end at `endMs`. */
export function shopRequests(endMs: number): Readonly<Record<string, Json>> {
  const times = Array.from({ length: SAMPLES }, (_, i) => endMs - SPAN_MS + i * INTERVAL_MS);
  return {
    '/v1/metrics': { resourceMetrics: services.map((service) => durations(service, times)) },
    '/v1/logs': { resourceLogs: services.map((service) => logs(service, times)) },
    '/v1/traces': { resourceSpans: services.map((service, i) => spans(service, times, i)) },
  };
}

function durations(service: string, times: readonly number[]): Json {
  const dataPoints = routes.flatMap((route) =>
    [200, 500].flatMap((status) =>
      times.map((timeMs, i) => {
        const counts = [...BOUNDS, 0].map((_, bucket) => i * ((bucket * 3) % 4) * (status === 500 ? 1 : 20));
        return {
          attributes: attributes({
            'http.request.method': 'GET',
            'http.route': route,
            'http.response.status_code': status,
          }),
          startTimeUnixNano: nano(times[0]!),
          timeUnixNano: nano(timeMs),
          count: String(counts.reduce((sum, n) => sum + n, 0)),
          sum: i * 1.5,
          bucketCounts: counts.map(String),
          explicitBounds: BOUNDS,
        };
      }),
    ),
  );
  const histogram = { aggregationTemporality: CUMULATIVE, dataPoints };
  const metrics = [{ name: 'http.server.request.duration', unit: 's', histogram }];
  return { resource: resource(service), scopeMetrics: [{ metrics }] };
}

function logs(service: string, times: readonly number[]): Json {
  const logRecords = times.map((timeMs, i) => ({
    timeUnixNano: nano(timeMs),
    ...(i % 3 === 0
      ? { severityNumber: 17, severityText: 'ERROR', body: { stringValue: `order ${i} failed: card declined` } }
      : { severityNumber: 9, severityText: 'INFO', body: { stringValue: `order ${i} placed` } }),
  }));
  return { resource: resource(service), scopeLogs: [{ logRecords }] };
}

function spans(service: string, times: readonly number[], number: number): Json {
  const all = times.map((timeMs, i) => ({
    traceId: (number * 1000 + i + 1).toString(16).padStart(32, '0'),
    spanId: (number * 1000 + i + 1).toString(16).padStart(16, '0'),
    name: 'GET /orders',
    kind: SERVER,
    startTimeUnixNano: nano(timeMs),
    endTimeUnixNano: nano(timeMs + (i % 4 === 0 ? 400 : 20)),
    status: i % 5 === 0 ? { code: ERROR } : {},
  }));
  return { resource: resource(service), scopeSpans: [{ spans: all }] };
}

/** Rows of otlp_metrics(), each list at a time, → one request. */
export function ownMetricsRequest(scrapes: readonly (readonly [timeMs: number, rows: readonly JsonRow[]])[]): Json {
  const metrics = scrapes.flatMap(([timeMs, rows]) => {
    const time = { startTimeUnixNano: nano(scrapes[0]![0]), timeUnixNano: nano(timeMs) };
    const plain = rows.filter(({ type }) => type !== 'histogram').map((row) => numberMetric(row, time));
    return [...plain, ...histogramMetrics(rows, time)];
  });
  return { resourceMetrics: [{ resource: resource('otelduck'), scopeMetrics: [{ metrics }] }] };
}

const labelsOf = (row: JsonRow) => JSON.parse(String(row['labels'])) as Record<string, string>;

function numberMetric(row: JsonRow, time: Json): Json {
  const dataPoints = [{ ...time, attributes: attributes(labelsOf(row)), asDouble: row['value'] }];
  return row['type'] === 'counter'
    ? { name: row['name'], sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } }
    : { name: row['name'], gauge: { dataPoints } };
}

/** The samples of a histogram follow each other: its buckets, its sum, its count. */
function histogramMetrics(rows: readonly JsonRow[], time: Json): Json[] {
  const metrics: Json[] = [];
  let buckets: (readonly [bound: string, count: number])[] = [];
  let sum = 0;
  for (const row of rows) {
    const name = String(row['name']);
    const { le, ...labels } = labelsOf(row);
    if (row['type'] !== 'histogram') continue;
    if (le !== undefined) buckets.push([le, Number(row['value'])]);
    else if (name.endsWith('_sum')) sum = Number(row['value']);
    else {
      const counts = buckets.map(([, count], i) => String(count - (buckets[i - 1]?.[1] ?? 0)));
      const explicitBounds = buckets.map(([bound]) => Number(bound)).filter(Number.isFinite);
      const point = { ...time, attributes: attributes(labels), count: String(row['value']), sum };
      const dataPoints = [{ ...point, bucketCounts: counts, explicitBounds }];
      metrics.push({
        name: name.replace(/_count$/, ''),
        histogram: { aggregationTemporality: CUMULATIVE, dataPoints },
      });
      buckets = [];
    }
  }
  return metrics;
}
