// The shop's requests → what the SDKs of its services would send, as OTLP/JSON.

import {
  AFFLICTED_INSTANCE,
  CLIENT,
  type Fault,
  INSTANCES,
  REQUESTS_PER_TRACE,
  SERVER,
  type Shop,
  type ShopSpan,
  services,
} from './shop.js';

/** A request for each signal, by its path. */
export type ExportRequests = Readonly<Record<'/v1/traces' | '/v1/logs' | '/v1/metrics', object>>;

type Attributes = Readonly<Record<string, string | number>>;

const CUMULATIVE = 2;
const ERROR_STATUS = 2;
const INFO = { severityNumber: 9, severityText: 'INFO' };
const ERROR = { severityNumber: 17, severityText: 'ERROR' };
/** Time between two exports of metrics. */
export const METRIC_INTERVAL_US = 30_000_000;
const BOUNDS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const MEMORY_BYTES = 180 << 20;

/** What services say when they fail because of a fault of theirs. */
const faultMessages: Readonly<Record<Fault, string>> = {
  'slow dependency': 'lock wait timeout exceeded',
  'error cascade': 'card processor refused the connection',
  'deploy regression': "TypeError: cannot read properties of undefined (reading 'price')",
  'missing instance': 'connect ECONNREFUSED inventory-2:8080',
  'noisy neighbour': 'deadline exceeded',
};

/** How many requests had which duration, since the start. */
interface Histogram {
  readonly attributes: Attributes;
  readonly service: string;
  readonly counts: number[];
  sumS: number;
}

export class ShopTelemetry {
  readonly #shop: Shop;
  readonly #startUs: number;
  readonly #faultAt: (timeUs: number) => Fault | undefined;
  readonly #histograms = new Map<string, Histogram>();
  #orders = 0;
  #nextUs: number;
  #nextMetricsUs: number;

  constructor(shop: Shop, startUs: number, faultAt: (timeUs: number) => Fault | undefined) {
    this.#shop = shop;
    this.#startUs = startUs;
    this.#faultAt = faultAt;
    this.#nextUs = startUs;
    this.#nextMetricsUs = startUs + METRIC_INTERVAL_US;
  }

  /** What is sent from where the last call ended, until this time. */
  until(endUs: number): ExportRequests {
    const spans: ShopSpan[] = [];
    const metrics: object[] = [];
    const traces = this.#shop.traces(this.#nextUs, endUs, this.#faultAt);
    for (const trace of traces) {
      const startUs = trace.at(-1)!.start_us;
      for (; startUs >= this.#nextMetricsUs; this.#nextMetricsUs += METRIC_INTERVAL_US) {
        metrics.push(...this.#metricsAt(this.#nextMetricsUs));
      }
      for (const span of trace) this.#count(span);
      spans.push(...trace);
    }
    this.#nextUs = endUs;
    return {
      '/v1/traces': {
        resourceSpans: this.#byResource(spans, (own) => ({
          scopeSpans: [scoped({ spans: own.map((span) => this.#span(span)) })],
        })),
      },
      '/v1/logs': {
        resourceLogs: this.#byResource(spans, (own) => ({
          scopeLogs: [scoped({ logRecords: own.flatMap((span) => this.#log(span)) })],
        })),
      },
      '/v1/metrics': { resourceMetrics: metrics },
    };
  }

  #byResource(spans: readonly ShopSpan[], made: (own: readonly ShopSpan[]) => object): readonly object[] {
    const groups = new Map<string, ShopSpan[]>();
    for (const span of spans) {
      const key = `${span.service_name} ${span.instance} ${this.#version(span.service_name, span.start_us)}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [span]);
      else group.push(span);
    }
    return [...groups.values()].map((own) => ({
      ...this.#resource(own[0]!.service_name, own[0]!.instance, own[0]!.start_us),
      ...made(own),
    }));
  }

  #resource(service: string, instance: number, timeUs: number): object {
    return {
      resource: {
        attributes: keyValues({
          'service.name': service,
          'service.namespace': 'shop',
          'service.instance.id': `${service}-${instance}`,
          'service.version': this.#version(service, timeUs),
          'host.name': `node-${instance}`,
          'deployment.environment.name': 'demo',
        }),
      },
    };
  }

  #version(service: string, timeUs: number): string {
    return service === 'catalog' && this.#faultAt(timeUs) === 'deploy regression' ? '1.5.0' : '1.4.2';
  }

  #span(span: ShopSpan): object {
    const endUs = span.start_us + Math.round(span.duration_ns / 1000);
    const message = this.#message(span);
    return {
      traceId: span.trace_id,
      spanId: span.span_id,
      ...(span.parent_span_id === null ? {} : { parentSpanId: span.parent_span_id }),
      name: span.name,
      kind: span.kind,
      startTimeUnixNano: nanoseconds(span.start_us),
      endTimeUnixNano: nanoseconds(endUs),
      attributes: keyValues({ ...span.attributes, ...httpAttributes(span) }),
      ...(message === undefined
        ? {}
        : {
            status: { code: ERROR_STATUS, message },
            events: [
              {
                name: 'exception',
                timeUnixNano: nanoseconds(endUs),
                attributes: keyValues({ 'exception.type': 'Error', 'exception.message': message }),
              },
            ],
          }),
    };
  }

  /** The line that a service logs of a request. */
  #log(span: ShopSpan): readonly object[] {
    if (span.kind !== SERVER) return [];
    const endUs = span.start_us + Math.round(span.duration_ns / 1000);
    const ms = Math.round(span.duration_ns / 1e6);
    const message = this.#message(span);
    return [
      {
        timeUnixNano: nanoseconds(endUs),
        observedTimeUnixNano: nanoseconds(endUs),
        ...(message === undefined ? INFO : ERROR),
        body: {
          stringValue:
            message === undefined ? `${span.name} took ${ms} ms` : `${span.name} failed after ${ms} ms: ${message}`,
        },
        attributes: keyValues({ duration_ms: ms, ...httpAttributes(span) }),
        traceId: span.trace_id,
        spanId: span.span_id,
      },
    ];
  }

  #message(span: ShopSpan): string | undefined {
    if (!span.isError) return undefined;
    const fault = this.#faultAt(span.start_us);
    if (fault === 'error cascade' && ['payment', 'checkout', 'gateway'].includes(span.service_name))
      return faultMessages[fault];
    if (fault === 'missing instance' && span.name !== 'charge') return faultMessages[fault];
    if (fault === 'deploy regression' && span.service_name === 'catalog') return faultMessages[fault];
    return span.kind === CLIENT ? `no answer of ${span.attributes['server.address']}` : 'internal error';
  }

  #count(span: ShopSpan): void {
    if (span.kind !== SERVER) return;
    if (span.name === 'POST /checkout' && span.service_name === 'checkout' && !span.isError)
      this.#orders += REQUESTS_PER_TRACE;
    const attributes = httpAttributes(span);
    const key = JSON.stringify([span.service_name, attributes]);
    let histogram = this.#histograms.get(key);
    if (histogram === undefined) {
      histogram = { attributes, service: span.service_name, counts: [...BOUNDS_S, 0].map(() => 0), sumS: 0 };
      this.#histograms.set(key, histogram);
    }
    const seconds = span.duration_ns / 1e9;
    const bucket = BOUNDS_S.findIndex((bound) => seconds <= bound);
    histogram.counts[bucket === -1 ? BOUNDS_S.length : bucket]! += REQUESTS_PER_TRACE;
    histogram.sumS += REQUESTS_PER_TRACE * seconds;
  }

  #metricsAt(timeUs: number): readonly object[] {
    const at = { startTimeUnixNano: nanoseconds(this.#startUs), timeUnixNano: nanoseconds(timeUs) };
    return services.flatMap((service) =>
      Array.from({ length: INSTANCES }, (_, instance) => {
        const metrics = this.#isGone(service, instance, timeUs) ? [] : this.#gauges(service, instance, timeUs);
        // Counted for the service as a whole, as a gateway in front of it would.
        if (instance === 0) metrics.push(...this.#counters(service, at));
        return { ...this.#resource(service, instance, timeUs), scopeMetrics: [scoped({ metrics })] };
      }),
    );
  }

  #isGone(service: string, instance: number, timeUs: number): boolean {
    return service === 'inventory' && instance === AFFLICTED_INSTANCE && this.#faultAt(timeUs) === 'missing instance';
  }

  #gauges(service: string, instance: number, timeUs: number): object[] {
    const isAfflicted =
      service === 'search' && instance === AFFLICTED_INSTANCE && this.#faultAt(timeUs) === 'noisy neighbour';
    // Of their own, so that metrics do not change which traces there are.
    const phase = timeUs / 600e6 + instance + service.length;
    const wave = Math.sin(phase) + 0.3 * Math.sin(7 * phase);
    const point = (value: number) => ({ dataPoints: [{ timeUnixNano: nanoseconds(timeUs), asDouble: value }] });
    return [
      {
        name: 'process.cpu.utilization',
        unit: '1',
        gauge: point(Math.min(1, 0.25 + 0.05 * wave + (isAfflicted ? 0.6 : 0))),
      },
      { name: 'process.memory.usage', unit: 'By', gauge: point(Math.round(MEMORY_BYTES * (1 + 0.1 * wave))) },
    ];
  }

  #counters(service: string, at: object): object[] {
    const dataPoints = [...this.#histograms.values()]
      .filter((histogram) => histogram.service === service)
      .map(({ attributes, counts, sumS }) => ({
        ...at,
        attributes: keyValues(attributes),
        count: String(counts.reduce((sum, count) => sum + count, 0)),
        sum: sumS,
        bucketCounts: counts.map(String),
        explicitBounds: BOUNDS_S,
      }));
    const histogram = {
      name: 'http.server.request.duration',
      unit: 's',
      histogram: { aggregationTemporality: CUMULATIVE, dataPoints },
    };
    if (service !== 'checkout') return [histogram];
    const orders = { ...at, asInt: String(this.#orders) };
    const sum = { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints: [orders] };
    return [histogram, { name: 'shop.orders', unit: '{order}', sum }];
  }
}

function httpAttributes({ kind, name, isError }: ShopSpan): Attributes {
  const [method, route] = name.split(' ');
  if (kind !== SERVER || route === undefined) return {};
  return { 'http.request.method': method!, 'http.route': route, 'http.response.status_code': isError ? 500 : 200 };
}

function scoped(records: object): object {
  return { scope: { name: 'otelduck-demo' }, ...records };
}

function keyValues(values: Attributes): readonly object[] {
  return Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }));
}

function nanoseconds(us: number): string {
  return `${us}000`;
}
