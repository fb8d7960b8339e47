// proto/ is written by hand. The serializers of the OpenTelemetry SDK are the witness that its numbers and types are
// the protocol's: what they write must be understood without a remainder, in protobuf and in JSON alike.

import { SpanKind, SpanStatusCode, TraceFlags, trace, ValueType } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { decode } from '../oracle/decode.js';
import { loadProtocol } from '../oracle/protocol.js';
import type { OracleRow } from '../oracle/rows.js';
import { unknownFields } from '../oracle/unknown-fields.js';

const resource = resourceFromAttributes({
  'service.name': 'shop',
  'host.cpus': 8,
  ratio: 0.5,
  up: true,
  tags: ['a', 'b'],
});

interface Serialized {
  readonly protobuf: Uint8Array;
  readonly json: Uint8Array;
}

async function serializedSpans(): Promise<Serialized> {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = provider.getTracer('tracer', '1.2.3');
  const linked = { traceId: 'af'.repeat(16), spanId: 'be'.repeat(8), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  const parent = trace.setSpanContext((await import('@opentelemetry/api')).ROOT_CONTEXT, linked);
  const span = tracer.startSpan(
    'checkout',
    {
      kind: SpanKind.CLIENT,
      startTime: [1_700_000_000, 5],
      links: [{ context: linked, attributes: { why: 'retry' } }],
    },
    parent,
  );
  span.setAttributes({ items: 3, price: 1.25, note: 'ünï' });
  span.addEvent('paid', { amount: 7 }, [1_700_000_001, 1]);
  span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' });
  span.end([1_700_000_002, 6]);
  const spans = exporter.getFinishedSpans();
  return {
    protobuf: ProtobufTraceSerializer.serializeRequest(spans)!,
    json: JsonTraceSerializer.serializeRequest(spans)!,
  };
}

async function serializedLogs(): Promise<Serialized> {
  const exporter = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  provider.getLogger('logger', '4.5').emit({
    timestamp: [1_700_000_000, 7],
    observedTimestamp: [1_700_000_000, 8],
    severityNumber: SeverityNumber.WARN,
    severityText: 'warn',
    eventName: 'cart.abandoned',
    body: { text: 'hello', parts: [1, 2.5, 'x'] },
    attributes: { user: 'u1', nested: { deep: [true] } },
  });
  await provider.forceFlush();
  const records = exporter.getFinishedLogRecords();
  return {
    protobuf: ProtobufLogsSerializer.serializeRequest(records)!,
    json: JsonLogsSerializer.serializeRequest(records)!,
  };
}

async function serializedMetrics(): Promise<Serialized> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const meter = provider.getMeter('meter', '6.7');
  meter
    .createCounter('orders', { unit: '{order}', description: 'Orders', valueType: ValueType.INT })
    .add(5, { shop: 'a' });
  meter.createGauge('heat', { unit: 'Cel' }).record(21.5);
  meter.createUpDownCounter('depth').add(-3);
  meter.createHistogram('latency', { advice: { explicitBucketBoundaries: [1, 10] } }).record(4);
  const size = meter.createHistogram('size');
  for (const value of [0, 1, 2, 1000]) size.record(value);
  await provider.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  return {
    protobuf: ProtobufMetricsSerializer.serializeRequest(metrics!)!,
    json: JsonMetricsSerializer.serializeRequest(metrics!)!,
  };
}

const sharedColumns: OracleRow = {
  service_name: 'shop',
  resource_attributes: '{"host.cpus":8,"ratio":0.5,"service.name":"shop","tags":["a","b"],"up":true}',
};

describe.each([
  {
    signal: 'traces',
    serialized: serializedSpans,
    expected: {
      otlp_traces: [
        {
          name: 'checkout',
          kind: 3,
          trace_id: 'af'.repeat(16),
          parent_span_id: 'be'.repeat(8),
          start_time_unix_nano: '1700000000000000005',
          duration_time_unix_nano: '2000000001',
          status_code: 2,
          status_status_message: 'declined',
          scope_name: 'tracer',
          scope_version: '1.2.3',
          span_attributes: '{"items":3,"note":"ünï","price":1.25}',
          events_json:
            '[{"attributes":{"amount":7},"dropped_attributes_count":0,"name":"paid","time_unix_nano":1700000001000000001}]',
          links_json:
            '[{"attributes":{"why":"retry"},"dropped_attributes_count":0,"flags":769,' +
            `"span_id":"${'be'.repeat(8)}","trace_id":"${'af'.repeat(16)}","trace_state":""}]`,
          flags: 769,
        },
      ],
    },
  },
  {
    signal: 'logs',
    serialized: serializedLogs,
    expected: {
      otlp_logs: [
        {
          time_unix_nano: '1700000000000000007',
          observed_time_unix_nano: '1700000000000000008',
          severity_number: 13,
          severity_text: 'warn',
          event_name: 'cart.abandoned',
          body: '{"parts":[1,2.5,"x"],"text":"hello"}',
          log_attributes: '{"nested":{"deep":[true]},"user":"u1"}',
          scope_name: 'logger',
          scope_version: '4.5',
        },
      ],
    },
  },
  {
    signal: 'metrics',
    serialized: serializedMetrics,
    expected: {
      otlp_metrics_gauge: [{ name: 'heat', unit: 'Cel', double_value: 21.5, scope_name: 'meter' }],
      otlp_metrics_sum: [
        {
          name: 'orders',
          unit: '{order}',
          description: 'Orders',
          int_value: '5',
          metric_attributes: '{"shop":"a"}',
          aggregation_temporality: 1,
          is_monotonic: true,
        },
        { name: 'depth', double_value: -3, aggregation_temporality: 1, is_monotonic: false },
      ],
      otlp_metrics_histogram: [
        {
          name: 'latency',
          count: '1',
          sum: 4,
          min: 4,
          max: 4,
          bucket_counts: ['0', '1', '0'],
          explicit_bounds: [1, 10],
        },
      ],
      otlp_metrics_exp_histogram: [{ name: 'size', count: '4', sum: 1003, min: 0, max: 1000, zero_count: '1' }],
      otlp_metrics_summary: [],
    },
  },
] as const)("the SDK's $signal", ({ signal, serialized, expected }) => {
  const expectedRows = Object.fromEntries(
    Object.entries(expected).map(([table, rows]) => [
      table,
      rows.map((row: object) => expect.objectContaining({ ...sharedColumns, ...row })),
    ]),
  );

  test('leave no unknown field in protobuf', async () => {
    expect(unknownFields(signal, (await serialized()).protobuf)).toEqual([]);
  });

  test('mean what was recorded, in protobuf and in JSON', async () => {
    const { protobuf, json } = await serialized();
    expect(decode(signal, 'application/x-protobuf', protobuf)).toEqual(expectedRows);
    expect(decode(signal, 'application/json', json)).toEqual(expectedRows);
  });
});

test('a field of another number or type would be noticed', async () => {
  const { protobuf } = await serializedLogs();
  const withoutEventName = loadProtocol();
  const record = withoutEventName.lookupType('opentelemetry.proto.logs.v1.LogRecord');
  record.remove(record.fields['event_name']!);
  expect(unknownFields('logs', protobuf, withoutEventName)).toHaveLength(1);
});
