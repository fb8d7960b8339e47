// Telemetry of a made-up shop, as objects of OTLP/JSON: about as large and as varied as that of real services. The n-th
// record of a request always says the same, but for its number and its service; so a reader knows what a row has to say.

import type { Signal } from '../schema/column-declaration.js';
import { sequenceText, serviceName } from './request-number.js';

export type OtlpObject = { readonly [field: string]: OtlpValue };
export type OtlpValue = string | number | boolean | OtlpObject | readonly OtlpValue[];

/** When the first record happened. Fixed, so that the same run sends the same bytes. */
const FIRST_TIME_NS = 1_763_600_000_000_000_000n;
const SCOPE: OtlpObject = { name: 'otelduck.load', version: '1.0.0' };

const groupFields = { logs: 'resourceLogs', traces: 'resourceSpans', metrics: 'resourceMetrics' } as const;
const scopeFields = { logs: 'scopeLogs', traces: 'scopeSpans', metrics: 'scopeMetrics' } as const;
export const recordFields = { logs: 'logRecords', traces: 'spans', metrics: 'metrics' } as const;

const recordMakers: Readonly<Record<Signal, (number: number) => OtlpObject>> = {
  logs: logRecord,
  traces: span,
  metrics: metric,
};

/** An export request of one service, with records from number 0 on. */
export function exportRequest(signal: Signal, service: number, records: number): OtlpObject {
  const made = Array.from({ length: records }, (_, number) => recordMakers[signal](number));
  const resource = attributes({
    'service.name': serviceName(service),
    'service.namespace': 'shop',
    'service.instance.id': 'shop-7c9f6d5b8-x2x4p',
    'deployment.environment.name': 'production',
    'host.name': 'node-17.eu-west-1.compute.internal',
    'telemetry.sdk.language': 'nodejs',
  });
  const scopes: OtlpObject[] = [{ scope: SCOPE, [recordFields[signal]]: made }];
  return { [groupFields[signal]]: [{ resource: { attributes: resource }, [scopeFields[signal]]: scopes }] };
}

/** The records of a request that exportRequest() made. */
export function recordsOf(signal: Signal, request: OtlpObject): readonly OtlpObject[] {
  const [resources] = request[groupFields[signal]] as readonly OtlpObject[];
  const [scopes] = resources![scopeFields[signal]] as readonly OtlpObject[];
  return scopes![recordFields[signal]] as readonly OtlpObject[];
}

/** The attributes that all records of a request share. */
export function resourceAttributesOf(signal: Signal, request: OtlpObject): readonly OtlpObject[] {
  const [group] = request[groupFields[signal]] as readonly OtlpObject[];
  return (group!['resource'] as OtlpObject)['attributes'] as readonly OtlpObject[];
}

export const scopeOf = (): OtlpObject => SCOPE;

const severities = [
  ['INFO', 9],
  ['INFO', 9],
  ['DEBUG', 5],
  ['WARN', 13],
  ['ERROR', 17],
] as const;

function logRecord(number: number): OtlpObject {
  const [severityText, severityNumber] = severities[number % severities.length]!;
  const detail = 'session refreshed, cache flushed, upstream retried; '.repeat(number % 4);
  return {
    timeUnixNano: time(number),
    observedTimeUnixNano: time(number + 1),
    severityNumber,
    severityText,
    body: {
      stringValue: `${sequenceText(number)} handled GET /api/v1/products/${number % 97} in ${number % 50} ms: ${detail}${number % 7} retries, done with ${sequenceText(number)}`,
    },
    attributes: requestAttributes(number),
    traceId: hex(number >> 3, 16),
    spanId: hex(number, 8),
    flags: 1,
  };
}

function span(number: number): OtlpObject {
  return {
    traceId: hex(number >> 3, 16),
    spanId: hex(number, 8),
    ...(number % 8 === 0 ? {} : { parentSpanId: hex(number - 1, 8) }),
    name: `GET /api/v1/products/${number % 17}`,
    kind: 2,
    startTimeUnixNano: time(number),
    endTimeUnixNano: time(number + 9),
    attributes: requestAttributes(number),
    events: [
      {
        timeUnixNano: time(number + 1),
        name: 'cache.miss',
        attributes: attributes({ 'message.id': sequenceText(number) }),
      },
    ],
    status: { code: 1 },
  };
}

/** A metric of one data point, of the five kinds in turn. */
function metric(number: number): OtlpObject {
  const point = {
    timeUnixNano: time(number),
    startTimeUnixNano: time(0),
    attributes: requestAttributes(number).slice(0, 5),
  };
  const about = { name: `shop.metric.${number % 40}`, description: 'Something that a shop counts.', unit: '1' };
  const bucketCounts = Array.from({ length: 12 }, (_, bucket) => String((number * bucket) % 90));
  switch (number % 5) {
    case 0:
      return { ...about, gauge: { dataPoints: [{ ...point, asDouble: number / 8 }] } };
    case 1:
      return {
        ...about,
        sum: { dataPoints: [{ ...point, asInt: String(number) }], aggregationTemporality: 2, isMonotonic: true },
      };
    case 2: {
      const explicitBounds = Array.from({ length: 11 }, (_, bucket) => 2 ** bucket);
      const dataPoints = [{ ...point, count: '500', sum: number * 3, bucketCounts, explicitBounds }];
      return { ...about, histogram: { dataPoints, aggregationTemporality: 2 } };
    }
    case 3: {
      const distribution = { count: '300', sum: number * 2, scale: 3, zeroCount: '2' };
      const dataPoints = [{ ...point, ...distribution, positive: { offset: 4, bucketCounts } }];
      return { ...about, exponentialHistogram: { dataPoints, aggregationTemporality: 2 } };
    }
    default: {
      const quantileValues = [0.5, 0.9, 0.99].map((quantile) => ({ quantile, value: number * quantile }));
      return { ...about, summary: { dataPoints: [{ ...point, count: '100', sum: number * 5, quantileValues }] } };
    }
  }
}

function requestAttributes(number: number): readonly OtlpObject[] {
  return attributes({
    'request.id': sequenceText(number),
    'http.request.method': number % 3 === 0 ? 'POST' : 'GET',
    'http.route': `/api/v1/products/${number % 17}`,
    'http.response.status_code': number % 29 === 0 ? 503 : 200,
    'client.address': `10.0.${number % 256}.${(number * 31) % 256}`,
    'http.response.body.size': (number * 7919) % 100_000,
    'user.id': `u-${1_000_000 + number}`,
    'user_agent.original': 'Go-http-client/2.0',
    duration_ms: 0.25 + number / 8,
    retry: number % 11 === 0,
  });
}

function attributes(values: Readonly<Record<string, string | number | boolean>>): readonly OtlpObject[] {
  return Object.entries(values).map(([key, value]) => {
    if (typeof value === 'string') return { key, value: { stringValue: value } };
    if (typeof value === 'boolean') return { key, value: { boolValue: value } };
    return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value } };
  });
}

function time(number: number): string {
  return String(FIRST_TIME_NS + BigInt(number) * 1_234_567n);
}

function hex(number: number, bytes: number): string {
  return ((number + 1) * 2_654_435_761).toString(16).padStart(2 * bytes, '7');
}
