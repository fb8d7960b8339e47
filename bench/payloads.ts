// Export requests to measure with: recorded ones from the folder that OTELDUCK_PAYLOADS names, or made here when there
// is none. Both are some thousand records of one signal, of realistic size, as protobuf and as JSON.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import type { Signal } from '../src/schema/column-declaration.js';

export interface Payloads {
  readonly signal: Signal;
  readonly protobuf: readonly Uint8Array[];
  readonly json: readonly Uint8Array[];
}

// From dist-bench/bench, where this runs.
const checkout = join(import.meta.dirname, '../..');
const folder = process.env['OTELDUCK_PAYLOADS'] ?? join(checkout, '../shared/data/payloads');

const requestTypeNames = {
  logs: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  traces: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  metrics: 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
} as const satisfies Record<Signal, string>;

/** The reflected type of a signal's requests, as protobufjs makes it from proto/. */
export function requestType(signal: Signal): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(checkout, 'proto', target);
  const service = signal === 'traces' ? 'trace' : signal;
  root.loadSync(`opentelemetry/proto/collector/${service}/v1/${service}_service.proto`);
  return root.lookupType(requestTypeNames[signal]);
}

export function payloads(signal: Signal): Payloads {
  return existsSync(folder) ? recorded(signal) : made(signal);
}

function recorded(signal: Signal): Payloads {
  const files = (extension: string): Uint8Array[] =>
    readdirSync(folder)
      .filter((name) => name.startsWith(signal) && name.endsWith(extension))
      .sort()
      .map((name) => readFileSync(join(folder, name)));
  return { signal, protobuf: files('.pb'), json: files('.json') };
}

function made(signal: Signal): Payloads {
  const json = JSON.stringify(request(signal, (hex) => hex));
  const type = requestType(signal);
  const message = type.fromObject(request(signal, (hex) => Buffer.from(hex, 'hex').toString('base64')));
  return { signal, protobuf: [type.encode(message).finish()], json: [Buffer.from(json)] };
}

/** Bytes in hex → the text that stands for them. */
type IdText = (hex: string) => string;

function request(signal: Signal, idText: IdText): Record<string, unknown> {
  const groups = { logs: 'Logs', traces: 'Spans', metrics: 'Metrics' } as const;
  const recordFields = { logs: 'logRecords', traces: 'spans', metrics: 'metrics' } as const;
  const records = Array.from({ length: 1000 }, (_, i) => recordMakers[signal](i, idText));
  const service = { 'service.name': 'cart', 'service.namespace': 'shop', 'host.name': 'node-1' };
  const scopeGroup = { scope: { name: 'bench', version: '1.0.0' }, [recordFields[signal]]: records };
  const resource = { attributes: attributes(service) };
  return { [`resource${groups[signal]}`]: [{ resource, [`scope${groups[signal]}`]: [scopeGroup] }] };
}

const hexOf = (seed: number, bytes: number): string => ((seed + 1) * 2654435761).toString(16).padStart(2 * bytes, '7');
const time = (i: number): string => String(1_763_600_000_000_000_000n + BigInt(i) * 1_234_567n);

function attributes(values: Record<string, string | number | boolean>): object[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });
}

const requestAttributes = (i: number): object[] =>
  attributes({
    'http.request.method': i % 3 === 0 ? 'POST' : 'GET',
    'http.route': `/api/v1/products/${i % 17}`,
    'url.path': `/api/v1/products/${i}`,
    'http.response.status_code': i % 29 === 0 ? 503 : 200,
    'http.response.body.size': (i * 7919) % 100_000,
    'client.address': `10.0.${i % 256}.${(i * 31) % 256}`,
    'user.id': `u-${1_000_000 + i}`,
    'user_agent.original': 'Go-http-client/2.0',
    duration_ms: 0.25 + i / 7,
    retry: i % 11 === 0,
  });

const recordMakers = {
  logs: (i: number, idText: IdText) => ({
    timeUnixNano: time(i),
    observedTimeUnixNano: time(i + 1),
    severityNumber: 9,
    severityText: 'INFO',
    body: {
      stringValue: `accepted request ${i} after ${i % 50} ms: session refreshed, cache flushed, ${i % 7} retries`,
    },
    attributes: requestAttributes(i),
    traceId: idText(hexOf(i, 16)),
    spanId: idText(hexOf(i, 8)),
    flags: 1,
  }),
  traces: (i: number, idText: IdText) => ({
    traceId: idText(hexOf(i >> 3, 16)),
    spanId: idText(hexOf(i, 8)),
    parentSpanId: i % 8 === 0 ? undefined : idText(hexOf(i - 1, 8)),
    name: `GET /api/v1/products/${i % 17}`,
    kind: 2,
    startTimeUnixNano: time(i),
    endTimeUnixNano: time(i + 9),
    attributes: requestAttributes(i),
    events: [{ timeUnixNano: time(i + 1), name: 'cache.miss', attributes: attributes({ 'message.id': i }) }],
    status: { code: 1 },
  }),
  metrics: (i: number) => {
    const point = { timeUnixNano: time(i), startTimeUnixNano: time(0), attributes: requestAttributes(i).slice(0, 4) };
    const metric = { name: `shop.metric.${i % 40}`, description: 'Something that a shop counts.', unit: '1' };
    if (i % 3 === 0) return { ...metric, gauge: { dataPoints: [{ ...point, asDouble: i / 8 }] } };
    if (i % 3 === 1) {
      return {
        ...metric,
        sum: { dataPoints: [{ ...point, asInt: String(i) }], aggregationTemporality: 2, isMonotonic: true },
      };
    }
    const bucketCounts = Array.from({ length: 12 }, (_, bucket) => String((i * bucket) % 90));
    const explicitBounds = Array.from({ length: 11 }, (_, bucket) => 2 ** bucket);
    const dataPoints = [{ ...point, count: '500', sum: i * 3, bucketCounts, explicitBounds }];
    return { ...metric, histogram: { dataPoints, aggregationTemporality: 2 } };
  },
} as const satisfies Record<Signal, (i: number, idText: IdText) => object>;
