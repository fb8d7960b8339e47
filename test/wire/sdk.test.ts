// OpenTelemetry's own SDK sends to a real listener, and what it was told is read back in SQL value by value.

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../support/eventually.js';
import { type JsonRow, type OtelServer, serve, TOKEN } from '../support/otel-database.js';

const encodings = [
  {
    name: 'http/protobuf',
    LogExporter: ProtoLogExporter,
    TraceExporter: ProtoTraceExporter,
    MetricExporter: ProtoMetricExporter,
  },
  {
    name: 'http/json',
    LogExporter: JsonLogExporter,
    TraceExporter: JsonTraceExporter,
    MetricExporter: JsonMetricExporter,
  },
];
const compressions = [CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP];

const resource = resourceFromAttributes({
  'service.name': 'shop',
  'service.namespace': 'web',
  'service.instance.id': 'shop-1',
  replicas: 3,
});
/** What the resource and the scope of every row below come to. */
const origin = {
  service_name: 'shop',
  service_namespace: 'web',
  service_instance_id: 'shop-1',
  resource_attributes: '{"replicas":3,"service.instance.id":"shop-1","service.name":"shop","service.namespace":"web"}',
  scope_name: 'checkout',
  scope_version: '1.2.3',
};

/** One attribute of every type that the SDK knows, and how a row tells them. */
const attributes = {
  text: 'käse ✓',
  empty: '',
  whole: 42,
  negative: -7,
  large: 9_007_199_254_740_991,
  fraction: 0.1,
  large_fraction: 12345.678901,
  yes: true,
  no: false,
  texts: ['a', 'b'],
  numbers: [1, 2.5, -3],
  flags: [true, false],
  none: [],
};
const attributesText =
  '{"empty":"","flags":[true,false],"fraction":0.1,"large":9007199254740991,"large_fraction":12345.678901,"negative":-7,"no":false,"none":[],"numbers":[1,2.5,-3],"text":"käse ✓","texts":["a","b"],"whole":42,"yes":true}';

const START_S = 1_700_000_000;
/** A time so many microseconds after the start, as the SDK takes it and as SQL shows it. */
const at = (us: number): [number, number] => [START_S, us * 1000];
const shown = (us: number) =>
  `2023-11-14 22:13:20${us === 0 ? '' : `.${String(us).padStart(6, '0').replace(/0+$/, '')}`}`;
const nanos = (us: number) => `${START_S}${String(us * 1000).padStart(9, '0')}`;

describe.each(encodings)('$name', ({ LogExporter, TraceExporter, MetricExporter }) => {
  describe.each(compressions)('compression %s', (compression) => {
    const settings = (server: OtelServer, path: string) => ({
      url: `${server.row['listen_url']}${path}`,
      headers: { authorization: `Bearer ${TOKEN}` },
      compression,
    });

    test('spans', async () => {
      const server = await serve();
      const exporter = new TraceExporter(settings(server, '/v1/traces'));
      const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
      onTestFinished(() => provider.shutdown());
      const tracer = provider.getTracer('checkout', '1.2.3');

      const linked = {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags: TraceFlags.SAMPLED,
      };
      const root = tracer.startSpan(
        'pay',
        {
          kind: SpanKind.SERVER,
          startTime: at(0),
          attributes,
          links: [{ context: linked, attributes: { why: 'retry' } }, { context: linked }],
        },
        ROOT_CONTEXT,
      );
      root.addEvent('card read', { digits: 4 }, at(10));
      root.addEvent('done', at(20));
      root.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' });
      const child = tracer.startSpan(
        'charge',
        { kind: SpanKind.CLIENT, startTime: at(5) },
        trace.setSpan(ROOT_CONTEXT, root),
      );
      child.setStatus({ code: SpanStatusCode.OK });
      child.end(at(1500));
      root.end(at(2_000));
      for (const [i, kind] of [SpanKind.INTERNAL, SpanKind.PRODUCER, SpanKind.CONSUMER].entries()) {
        tracer.startSpan(`kind ${i}`, { kind, startTime: at(100 + i) }, ROOT_CONTEXT).end(at(100 + i));
      }
      await provider.forceFlush();

      const rows = await read(server, 'otlp_traces', 'start_time_unix_nano');
      const { traceId, spanId } = root.spanContext();
      const common = {
        ...origin,
        scope_attributes: null,
        trace_state: null,
        status_status_message: null,
        status_code: null,
        parent_span_id: null,
        span_attributes: null,
        events_json: null,
        links_json: null,
        dropped_attributes_count: 0,
        dropped_events_count: 0,
        dropped_links_count: 0,
        // The SDK says that a span is sampled, and that its parent, where there is one, is local.
        flags: expect.toSatisfy((flags: number) => (flags & 0xff) === 1),
      };
      const link = (linkAttributes: string) =>
        `{"attributes":${linkAttributes},"dropped_attributes_count":0,"flags":FLAGS,"span_id":"${linked.spanId}","trace_id":"${linked.traceId}","trace_state":""}`;
      const links = String(rows[0]!['links_json']).replaceAll(/"flags":\d+/g, '"flags":FLAGS');
      expect(links).toBe(`[${link('{"why":"retry"}')},${link('{}')}]`);
      expect(rows).toEqual([
        {
          ...common,
          start_time_unix_nano: shown(0),
          duration_time_unix_nano: '2000000',
          trace_id: traceId,
          span_id: spanId,
          name: 'pay',
          kind: 2,
          status_code: 2,
          status_status_message: 'declined',
          span_attributes: attributesText,
          events_json: `[{"attributes":{"digits":4},"dropped_attributes_count":0,"name":"card read","time_unix_nano":${nanos(10)}},{"attributes":{},"dropped_attributes_count":0,"name":"done","time_unix_nano":${nanos(20)}}]`,
          links_json: expect.any(String),
        },
        {
          ...common,
          start_time_unix_nano: shown(5),
          duration_time_unix_nano: '1495000',
          trace_id: traceId,
          span_id: child.spanContext().spanId,
          parent_span_id: spanId,
          name: 'charge',
          kind: 3,
          status_code: 1,
        },
        ...[1, 4, 5].map((kind, i) => ({
          ...common,
          start_time_unix_nano: shown(100 + i),
          duration_time_unix_nano: '0',
          trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
          span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
          name: `kind ${i}`,
          kind,
        })),
      ]);
    });

    test('logs', async () => {
      const server = await serve();
      const exporter = new LogExporter(settings(server, '/v1/logs'));
      const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
      onTestFinished(() => provider.shutdown());
      const logger = provider.getLogger('checkout', '1.2.3', { attributes: { team: 'payments' } });

      const spanContext = {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags: TraceFlags.SAMPLED,
      };
      const context = trace.setSpanContext(ROOT_CONTEXT, spanContext);
      const bodies = [
        'plain ✓',
        '',
        12,
        0.5,
        true,
        null,
        [1, 'two', [false]],
        { b: { c: [1] }, a: 'x' },
        new Uint8Array([1, 2, 255]),
      ];
      const bodyTexts = [
        'plain ✓',
        null,
        '12',
        '0.5',
        'true',
        null,
        '[1,"two",[false]]',
        '{"a":"x","b":{"c":[1]}}',
        'AQL/',
      ];
      for (const [i, body] of bodies.entries()) {
        logger.emit({ body, timestamp: at(i), observedTimestamp: at(i + 1), context: ROOT_CONTEXT });
      }
      logger.emit({
        timestamp: at(100),
        observedTimestamp: at(200),
        severityNumber: SeverityNumber.ERROR2,
        severityText: 'error 2',
        eventName: 'card.declined',
        body: 'declined',
        attributes: { ...attributes, nested: { deep: [{ x: 1 }] }, bytes: new Uint8Array([0, 255]) },
        context,
      });
      await provider.forceFlush();

      const common = {
        ...origin,
        scope_attributes: '{"team":"payments"}',
        trace_id: null,
        span_id: null,
        severity_number: null,
        severity_text: null,
        event_name: null,
        log_attributes: null,
        dropped_attributes_count: 0,
        flags: 0,
      };
      expect(await read(server, 'otlp_logs', 'time_unix_nano')).toEqual([
        ...bodyTexts.map((body, i) => ({
          ...common,
          time_unix_nano: shown(i),
          observed_time_unix_nano: shown(i + 1),
          body,
        })),
        {
          ...common,
          time_unix_nano: shown(100),
          observed_time_unix_nano: shown(200),
          trace_id: spanContext.traceId,
          span_id: spanContext.spanId,
          severity_number: 18,
          severity_text: 'error 2',
          event_name: 'card.declined',
          body: 'declined',
          log_attributes: attributesText
            .replace('{"empty"', '{"bytes":"AP8=","empty"')
            .replace('"no":', '"nested":{"deep":[{"x":1}]},"no":'),
          flags: 1,
        },
      ]);
    });

    test('metrics of every instrument', async () => {
      const server = await serve();
      const exporter = new MetricExporter(settings(server, '/v1/metrics'));
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const provider = new MeterProvider({
        resource,
        readers: [reader],
        views: [
          { instrumentName: 'exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
          {
            instrumentName: 'bounded',
            aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 10, 100] } },
          },
        ],
      });
      onTestFinished(() => provider.shutdown());
      const meter = provider.getMeter('checkout', '1.2.3');
      const startMs = Date.now();

      const counter = meter.createCounter('counter', { description: 'sold', unit: '{item}' });
      counter.add(2, attributes);
      counter.add(3, attributes);
      meter.createCounter('fraction').add(0.5);
      meter.createUpDownCounter('up down').add(-4, { side: 'left' });
      meter.createGauge('gauge', { unit: 's' }).record(1.25, { k: 'v' });
      meter.createGauge('whole gauge').record(-9);
      meter.createObservableCounter('observed counter').addCallback((result) => result.observe(11, { k: 1 }));
      meter.createObservableUpDownCounter('observed up down').addCallback((result) => result.observe(-12));
      meter.createObservableGauge('observed gauge').addCallback((result) => result.observe(0.75));
      const bounded = meter.createHistogram('bounded', { description: 'waits', unit: 'ms' });
      for (const value of [0.5, 5, 5, 50, 500]) bounded.record(value, { k: 'v' });
      const exponential = meter.createHistogram('exponential', { unit: 'By' });
      for (const value of [0, 1, 2, 4]) exponential.record(value);
      await provider.forceFlush();

      const times = { time_unix_nano: expect.any(String), start_time_unix_nano: expect.any(String) };
      const common = {
        ...origin,
        ...times,
        scope_attributes: null,
        description: null,
        unit: null,
        metric_attributes: null,
        flags: 0,
        exemplars_json: null,
      };
      const gauge = { ...common, int_value: null, double_value: null };
      expect(await read(server, 'otlp_metrics_gauge', 'name')).toEqual(
        [
          { ...gauge, name: 'gauge', unit: 's', double_value: 1.25, metric_attributes: '{"k":"v"}' },
          { ...gauge, name: 'observed gauge', double_value: 0.75 },
          { ...gauge, name: 'whole gauge', double_value: -9 },
        ].map(eitherNumber),
      );
      const sum = { ...gauge, aggregation_temporality: AggregationTemporality.CUMULATIVE + 1, is_monotonic: true };
      expect(await read(server, 'otlp_metrics_sum', 'name')).toEqual(
        [
          {
            ...sum,
            name: 'counter',
            description: 'sold',
            unit: '{item}',
            double_value: 5,
            metric_attributes: attributesText,
          },
          { ...sum, name: 'fraction', double_value: 0.5 },
          { ...sum, name: 'observed counter', double_value: 11, metric_attributes: '{"k":1}' },
          { ...sum, name: 'observed up down', double_value: -12, is_monotonic: false },
          { ...sum, name: 'up down', double_value: -4, is_monotonic: false, metric_attributes: '{"side":"left"}' },
        ].map(eitherNumber),
      );
      expect(await read(server, 'otlp_metrics_histogram', 'name')).toEqual([
        {
          ...common,
          name: 'bounded',
          description: 'waits',
          unit: 'ms',
          count: '5',
          sum: 560.5,
          min: 0.5,
          max: 500,
          bucket_counts: ['1', '2', '1', '1'],
          explicit_bounds: [1, 10, 100],
          metric_attributes: '{"k":"v"}',
          aggregation_temporality: 2,
        },
      ]);
      const [exponentialRow] = await read(server, 'otlp_metrics_exp_histogram', 'name');
      expect(exponentialRow).toEqual({
        ...common,
        name: 'exponential',
        unit: 'By',
        count: '4',
        sum: 7,
        min: 0,
        max: 4,
        scale: expect.any(Number),
        zero_count: '1',
        zero_threshold: 0,
        positive_offset: expect.any(Number),
        positive_bucket_counts: expect.any(Array),
        negative_offset: 0,
        negative_bucket_counts: [],
        aggregation_temporality: 2,
      });
      expect(bucketsOf(exponentialRow!)).toEqual([1, 2, 4]);
      expect(await server.database.value('SELECT count(*) FROM otlp_metrics_summary')).toBe('0');

      const [range] = await server.database.rows(
        'SELECT epoch_ms(min(start_time_unix_nano)) AS first, epoch_ms(max(time_unix_nano)) AS last FROM otlp_metrics_sum',
      );
      expect(Number(range!['first'])).toBeGreaterThanOrEqual(startMs - 1);
      expect(Number(range!['last'])).toBeLessThanOrEqual(Date.now() + 1);
      expect(Number(range!['last'])).toBeGreaterThanOrEqual(Number(range!['first']));
    });

    test('metrics as deltas', async () => {
      const server = await serve();
      const exporter = new MetricExporter({
        ...settings(server, '/v1/metrics'),
        temporalityPreference: AggregationTemporality.DELTA,
      });
      const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
      const provider = new MeterProvider({ resource, readers: [reader] });
      onTestFinished(() => provider.shutdown());
      const counter = provider.getMeter('checkout').createCounter('counter');
      for (const value of [2, 3]) {
        counter.add(value);
        await provider.forceFlush();
      }
      await server.flush();
      expect(
        await server.database.rows(
          `SELECT coalesce(double_value, int_value) AS value, aggregation_temporality FROM otlp_metrics_sum ORDER BY ALL`,
        ),
      ).toEqual([2, 3].map((value) => ({ value, aggregation_temporality: 1 })));
    });
  });
});

test('an exporter tries again when there is no room, and nothing is lost', async () => {
  const server = await serve({ max_buffered_bytes: 1, seal_max_age_ms: 3_600_000 });
  const url = `${server.row['listen_url']}/v1/logs`;
  const headers = { 'x-api-key': TOKEN };
  const provider = new LoggerProvider({
    resource,
    processors: [new BatchLogRecordProcessor({ exporter: new ProtoLogExporter({ url, headers }) })],
  });
  onTestFinished(() => provider.shutdown());
  provider.getLogger('checkout').emit({ body: 'patience' });
  // The first answer is 503; the exporter waits as long as Retry-After says, and by then there is a server with room.
  const flushing = provider.forceFlush();
  await eventually(async () => expect(await server.counters('total_requests')).not.toEqual({ total_requests: '0' }));
  await server.stop();
  const roomy = await server.database.serve({}, server.uri);
  await flushing;
  await roomy.flush();
  expect(await roomy.database.rows('SELECT body FROM otlp_logs')).toEqual([{ body: 'patience' }]);
});

async function read(server: OtelServer, table: string, order: string): Promise<JsonRow[]> {
  await server.flush();
  return server.database.rows(`FROM ${table} ORDER BY ${order}`);
}

/** The SDK sends some whole values as integers and some as doubles; a row has the one or the other. */
function eitherNumber<Row extends { double_value: number | null }>(row: Row) {
  return Number.isInteger(row.double_value) ? { ...row, ...wholeNumber(row.double_value!) } : row;
}

function wholeNumber(value: number) {
  return {
    int_value: expect.toSatisfy((given) => given === null || given === String(value)),
    double_value: expect.toSatisfy((given) => given === null || given === value),
  };
}

/** The values that an exponential histogram has counted, from the scale and the places of its buckets. */
function bucketsOf(row: JsonRow): number[] {
  const base = 2 ** (2 ** -Number(row['scale']));
  const counts = (row['positive_bucket_counts'] as string[]).map(Number);
  return counts.flatMap((count, i) => {
    const upper = base ** (Number(row['positive_offset']) + i + 1);
    return Array<number>(count).fill(Math.round(upper * 1e6) / 1e6);
  });
}
