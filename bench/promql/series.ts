// Requests of many series, a step apart: counters of routes and codes, gauges, and classic histograms, of many instances.

import { messageType } from '../../src/load/protobuf-requests.js';

/** Prometheus series of one resource: 40 counters, 8 gauges, and 4 histograms of 10 buckets, +Inf, sum and count each. */
export const SERIES_PER_RESOURCE = 40 + 8 + 4 * 13;
export const STEP_S = 15;

const ROUTES = 10;
const CODES = ['200', '201', '404', '500'];
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** Instances of one service. */
const INSTANCES = 10;

type Attributes = readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];

const requestType = messageType(
  'collector/metrics/v1/metrics_service.proto',
  'collector.metrics.v1.ExportMetricsServiceRequest',
);

/** The points of all series at a step. */
export function requestAt(resources: number, step: number, startS: number): Uint8Array<ArrayBuffer> {
  const timeUnixNano = `${startS + step * STEP_S}000000000`;
  const resourceMetrics = Array.from({ length: resources }, (_, resource) => ({
    resource: { attributes: resourceAttributes(resource) },
    scopeMetrics: [{ scope: { name: 'bench' }, metrics: metricsOf(resource, step, timeUnixNano) }],
  }));
  return Uint8Array.from(requestType.encode(requestType.fromObject({ resourceMetrics })).finish());
}

function metricsOf(resource: number, step: number, timeUnixNano: string): readonly object[] {
  const counters = Array.from({ length: ROUTES * CODES.length }, (_, i) => ({
    timeUnixNano,
    asDouble: step * (1 + ((resource + i) % 7)),
    attributes: attributes({ route: `/route/${Math.floor(i / CODES.length)}`, code: CODES[i % CODES.length]! }),
  }));
  const gauges = Array.from({ length: 8 }, (_, i) => ({
    timeUnixNano,
    // No two are equal, since topk of equal ones is anybody's choice.
    asDouble: Math.round(1000 * Math.sin(step / 40 + i + resource)) / 10 + (8 * resource + i) / 1e6,
    attributes: attributes({ queue: `q${i}` }),
  }));
  const histograms = Array.from({ length: 4 }, (_, i) => ({
    timeUnixNano,
    count: step * (BOUNDS.length + 1),
    sum: step * 3.5,
    explicitBounds: BOUNDS,
    bucketCounts: Array.from({ length: BOUNDS.length + 1 }, () => step),
    attributes: attributes({ route: `/route/${i}` }),
  }));
  return [
    { name: 'http.server.requests', sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints: counters } },
    { name: 'queue.depth', gauge: { dataPoints: gauges } },
    { name: 'http.server.duration', unit: 's', histogram: { aggregationTemporality: 2, dataPoints: histograms } },
  ];
}

function resourceAttributes(resource: number): Attributes {
  return attributes({
    'service.name': `service-${Math.floor(resource / INSTANCES)}`,
    'service.instance.id': `instance-${resource}`,
    'host.name': `host-${resource % 7}`,
  });
}

function attributes(values: Readonly<Record<string, string>>): Attributes {
  return Object.entries(values).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}
