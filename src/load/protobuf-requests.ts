// Export requests between OTLP/JSON's objects and protobuf, by protobufjs and the definitions in proto/.

import { join } from 'node:path';
import protobuf from 'protobufjs';
import { packageFolder } from '../base/package-folder.js';
import type { Signal } from '../schema/column-declaration.js';
import { type OtlpObject, type OtlpValue, recordFields } from './records.js';

const requestTypes: Readonly<Record<Signal, readonly [file: string, type: string]>> = {
  logs: ['collector/logs/v1/logs_service.proto', 'collector.logs.v1.ExportLogsServiceRequest'],
  traces: ['collector/trace/v1/trace_service.proto', 'collector.trace.v1.ExportTraceServiceRequest'],
  metrics: ['collector/metrics/v1/metrics_service.proto', 'collector.metrics.v1.ExportMetricsServiceRequest'],
};

const ID_FIELDS: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId']);

/** Looks a message up in one of the files of opentelemetry/proto/. */
export function messageType(file: string, name: string): protobuf.Type {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => join(packageFolder, 'proto', target);
  root.loadSync(`opentelemetry/proto/${file}`);
  return root.lookupType(`opentelemetry.proto.${name}`);
}

export function encodeRequest(signal: Signal, request: OtlpObject): Uint8Array {
  const type = messageType(...requestTypes[signal]);
  return type.encode(type.fromObject(withBase64Ids(request) as OtlpObject)).finish();
}

/** How many records (of metrics: data points) an encoded request has. */
export function countRecords(signal: Signal, body: Uint8Array): number {
  const type = messageType(...requestTypes[signal]);
  return recordsIn(signal, type.toObject(type.decode(body), { longs: String, bytes: String }) as OtlpObject);
}

/** How many records (of metrics: data points) there are in an object of OTLP/JSON. */
export function recordsIn(signal: Signal, value: OtlpValue): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: OtlpValue) => sum + recordsIn(signal, item), 0);
  if (typeof value !== 'object') return 0;
  const counted: string = signal === 'metrics' ? 'dataPoints' : recordFields[signal];
  return Object.entries(value as OtlpObject).reduce(
    (sum, [field, item]) => sum + (field === counted ? (item as readonly OtlpValue[]).length : recordsIn(signal, item)),
    0,
  );
}

/** protobufjs takes bytes as base64 where OTLP/JSON has ids in hex. */
function withBase64Ids(value: OtlpValue): OtlpValue {
  if (Array.isArray(value)) return value.map(withBase64Ids);
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([field, item]: [string, OtlpValue]) => [
      field,
      ID_FIELDS.has(field) ? Buffer.from(item as string, 'hex').toString('base64') : withBase64Ids(item),
    ]),
  );
}
