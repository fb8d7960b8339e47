// OpenTelemetry's own SDK sends over gRPC, and what it was told is read back in SQL.

import { credentials, Metadata } from '@grpc/grpc-js';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { AggregationType, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OtelServer, TOKEN } from '../support/otel-database.js';
import { serveGrpc } from './grpc-server.js';

const resource = resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': 'shop-1' });
const origin = { service_name: 'shop', service_instance_id: 'shop-1', scope_name: 'checkout', scope_version: '1.2.3' };
const originColumns = Object.keys(origin).join(', ');
const START_S = 1_700_000_000;

describe.each([CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP])('compression %s', (compression) => {
  const settings = (server: OtelServer) => {
    const metadata = new Metadata();
    metadata.set('authorization', `Bearer ${TOKEN}`);
    return { url: String(server.row['listen_url']), metadata, compression, credentials: credentials.createInsecure() };
  };

  test('log records', async () => {
    const server = await serveGrpc();
    const exporter = new OTLPLogExporter(settings(server));
    const provider = new LoggerProvider({ resource, processors: [new BatchLogRecordProcessor({ exporter })] });
    onTestFinished(() => provider.shutdown());
    provider.getLogger('checkout', '1.2.3').emit({
      timestamp: [START_S, 1000],
      observedTimestamp: [START_S, 2000],
      severityNumber: SeverityNumber.WARN,
      severityText: 'WARN',
      eventName: 'card.declined',
      body: 'no money ✓',
      attributes: { attempt: 3, large: 9_007_199_254_740_991, tags: ['a', 'b'] },
    });
    await provider.forceFlush();
    await server.flush();
    expect(
      await server.database.rows(
        `SELECT time_unix_nano, observed_time_unix_nano, severity_number, severity_text, event_name, body, log_attributes, ${originColumns} FROM otlp_logs`,
      ),
    ).toEqual([
      {
        time_unix_nano: '2023-11-14 22:13:20.000001',
        observed_time_unix_nano: '2023-11-14 22:13:20.000002',
        severity_number: 13,
        severity_text: 'WARN',
        event_name: 'card.declined',
        body: 'no money ✓',
        log_attributes: '{"attempt":3,"large":9007199254740991,"tags":["a","b"]}',
        ...origin,
      },
    ]);
  });

  test('spans', async () => {
    const server = await serveGrpc();
    const exporter = new OTLPTraceExporter(settings(server));
    const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(exporter)] });
    onTestFinished(() => provider.shutdown());
    const span = provider.getTracer('checkout', '1.2.3').startSpan('pay', {
      kind: SpanKind.SERVER,
      startTime: [START_S, 0],
      attributes: { amount: 12.5 },
    });
    span.addEvent('card read', { digits: 4 }, [START_S, 5000]);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'declined' });
    span.end([START_S, 7000]);
    await provider.forceFlush();
    await server.flush();
    expect(
      await server.database.rows(
        `SELECT name, kind, start_time_unix_nano, duration_time_unix_nano, trace_id, span_id, status_code,
          status_status_message, span_attributes, events_json, ${originColumns} FROM otlp_traces`,
      ),
    ).toEqual([
      {
        name: 'pay',
        kind: 2,
        start_time_unix_nano: '2023-11-14 22:13:20',
        duration_time_unix_nano: '7000',
        trace_id: span.spanContext().traceId,
        span_id: span.spanContext().spanId,
        status_code: 2,
        status_status_message: 'declined',
        span_attributes: '{"amount":12.5}',
        events_json:
          '[{"attributes":{"digits":4},"dropped_attributes_count":0,"name":"card read","time_unix_nano":1700000000000005000}]',
        ...origin,
      },
    ]);
  });

  test('metrics', async () => {
    const server = await serveGrpc();
    const reader = new PeriodicExportingMetricReader({
      exporter: new OTLPMetricExporter(settings(server)),
      exportIntervalMillis: 3_600_000,
    });
    const provider = new MeterProvider({
      resource,
      readers: [reader],
      views: [
        {
          instrumentName: 'latency',
          aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [1, 2] } },
        },
        { instrumentName: 'size', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
      ],
    });
    onTestFinished(() => provider.shutdown());
    const meter = provider.getMeter('checkout', '1.2.3');
    meter.createGauge('load').record(0.75, { cpu: 1 });
    meter.createCounter('sales').add(7, { shop: 'x' });
    meter.createHistogram('latency').record(1.5);
    meter.createHistogram('size').record(4);
    await provider.forceFlush();
    await server.flush();
    const { database } = server;
    expect(
      await database.rows(`SELECT name, double_value, metric_attributes, ${originColumns} FROM otlp_metrics_gauge`),
    ).toEqual([{ name: 'load', double_value: 0.75, metric_attributes: '{"cpu":1}', ...origin }]);
    expect(
      await database.rows(
        'SELECT name, coalesce(int_value, double_value) AS value, is_monotonic FROM otlp_metrics_sum',
      ),
    ).toEqual([{ name: 'sales', value: 7, is_monotonic: true }]);
    expect(
      await database.rows('SELECT name, count, sum, bucket_counts, explicit_bounds FROM otlp_metrics_histogram'),
    ).toEqual([{ name: 'latency', count: '1', sum: 1.5, bucket_counts: ['0', '1', '0'], explicit_bounds: [1, 2] }]);
    expect(await database.rows('SELECT name, count, sum, zero_count FROM otlp_metrics_exp_histogram')).toEqual([
      { name: 'size', count: '1', sum: 4, zero_count: '0' },
    ]);
  });
});
