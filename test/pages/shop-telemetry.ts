// What the made-up shop sends in an hour, with its logs and metrics, ending now: OTLP/JSON by path.

import type { ShopSpan } from '../../src/demo/shop.js';
import { SHOP, shopSpans } from '../analysis/shop.js';

export interface Sent {
  readonly path: string;
  readonly body: string;
}

/** Failures of `payment` come from its bank, in the last quarter of an hour. */
const FAULT = 'error cascade';
const POINTS = 60;
const MINUTE_MS = 60_000;

type Value = string | number;

export function shopTelemetry(nowMs: number): readonly Sent[] {
  const shiftUs = nowMs * 1000 - SHOP.endUs;
  const spans = shopSpans(1, FAULT).map((span) => ({ ...span, start_us: span.start_us + shiftUs }));
  const services = [...new Set(spans.map(({ service_name }) => service_name))];
  return services.flatMap((service) => {
    const own = spans.filter(({ service_name }) => service_name === service);
    const resource = { attributes: attributes({ 'service.name': service, 'host.name': `${service}-7d9f` }) };
    const scope = { name: 'shop', version: '1.4.2' };
    return [
      sent('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: own.map(spanOf) }] }] }),
      sent('/v1/logs', {
        resourceLogs: [
          { resource, scopeLogs: [{ scope, logRecords: own.filter(({ kind }) => kind === 2).map(logOf) }] },
        ],
      }),
      sent('/v1/metrics', {
        resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics: metricsOf(service, nowMs) }] }],
      }),
    ];
  });
}

/** A trace of so many spans, four below each. */
export function largeTrace(traceId: string, count: number, startMs: number): Sent {
  const spans = Array.from({ length: count }, (_, index) => ({
    traceId,
    spanId: (index + 1).toString(16).padStart(16, '0'),
    parentSpanId: index === 0 ? '' : (Math.floor((index - 1) / 4) + 1).toString(16).padStart(16, '0'),
    name: `step ${index}`,
    kind: 1,
    startTimeUnixNano: nanos(startMs * 1000 + index * 100),
    endTimeUnixNano: nanos(startMs * 1000 + index * 100 + Math.max(500, 1_000_000 - index * 90)),
    status: index % 997 === 5 ? { code: 2 } : {},
  }));
  const resource = { attributes: attributes({ 'service.name': 'batch' }) };
  return sent('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans }] }] });
}

/** One log of a service. */
export function oneLog(service: string, line: string, atMs: number, more: Readonly<Record<string, Value>> = {}): Sent {
  const record = {
    timeUnixNano: nanos(atMs * 1000),
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: line },
    attributes: attributes(more),
  };
  const resource = { attributes: attributes({ 'service.name': service }) };
  return sent('/v1/logs', { resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] });
}

/** One span, which is a trace. */
export function oneSpan(
  {
    traceId,
    service,
    name,
    attribute,
  }: { traceId: string; service: string; name: string; attribute: Readonly<Record<string, Value>> },
  atMs: number,
): Sent {
  const span = {
    traceId,
    spanId: traceId.slice(0, 16),
    name,
    kind: 2,
    startTimeUnixNano: nanos(atMs * 1000),
    endTimeUnixNano: nanos(atMs * 1000 + 2500),
    attributes: attributes(attribute),
  };
  const resource = { attributes: attributes({ 'service.name': service }) };
  return sent('/v1/traces', { resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
}

function sent(path: string, message: unknown): Sent {
  return { path, body: JSON.stringify(message) };
}

function spanOf(span: ShopSpan) {
  const end = BigInt(nanos(span.start_us)) + BigInt(span.duration_ns);
  const hasFailed = span.isError;
  return {
    traceId: span.trace_id,
    spanId: span.span_id,
    parentSpanId: span.parent_span_id ?? '',
    name: span.name,
    kind: span.kind,
    startTimeUnixNano: nanos(span.start_us),
    endTimeUnixNano: String(end),
    attributes: attributes({ ...span.attributes, 'thread.id': 12 }),
    ...(hasFailed && {
      status: { code: 2, message: 'the bank declined' },
      events: [
        { timeUnixNano: String(end), name: 'exception', attributes: attributes({ 'exception.type': 'Declined' }) },
      ],
    }),
  };
}

function logOf(span: ShopSpan) {
  const hasFailed = span.isError;
  const isSlow = span.duration_ns > 1.4e8;
  const order = span.trace_id.slice(0, 6);
  const text = hasFailed ? 'failed: the bank declined' : `done in ${(span.duration_ns / 1e6).toFixed(1)} ms`;
  return {
    timeUnixNano: nanos(span.start_us + span.duration_ns / 2000),
    severityNumber: hasFailed ? 17 : isSlow ? 13 : 9,
    severityText: hasFailed ? 'ERROR' : isSlow ? 'WARN' : 'INFO',
    body: { stringValue: `${span.name} ${text} order=${order}` },
    traceId: span.trace_id,
    spanId: span.span_id,
    attributes: attributes({ 'http.route': span.name, 'order.items': (span.duration_ns % 5) + 1 }),
  };
}

function metricsOf(service: string, nowMs: number) {
  const minutes = Array.from({ length: POINTS }, (_, minute) => minute);
  const at = (minute: number) => nanos((nowMs - (POINTS - minute) * MINUTE_MS) * 1000);
  const since = { startTimeUnixNano: at(0) };
  return [
    {
      name: 'process.memory.usage',
      unit: 'By',
      description: 'Memory of the process.',
      gauge: {
        dataPoints: minutes.map((minute) => ({
          timeUnixNano: at(minute),
          asDouble: (80 + 20 * Math.sin(minute / 7 + service.length)) * 1e6,
        })),
      },
    },
    {
      name: 'http.server.requests',
      unit: '{request}',
      description: 'Requests that were answered.',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: minutes.flatMap((minute) =>
          Object.entries({ 200: 120, 500: 4 }).map(([code, rate]) => ({
            ...since,
            timeUnixNano: at(minute),
            asInt: String(Math.round(minute * rate * (1 + service.length / 10))),
            attributes: attributes({ code }),
          })),
        ),
      },
    },
    {
      name: 'http.server.duration',
      unit: 'ms',
      description: 'Time to answer requests.',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: minutes.map((minute) => ({
          ...since,
          timeUnixNano: at(minute),
          count: String(minute * 10),
          sum: minute * 500,
          bucketCounts: [2, 5, 2, 1].map((count) => String(minute * count)),
          explicitBounds: [10, 50, 100],
        })),
      },
    },
  ];
}

function attributes(values: Readonly<Record<string, Value>>) {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

function nanos(micros: number): string {
  return `${Math.round(micros)}000`;
}
