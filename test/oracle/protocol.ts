// The message types of proto/, reflected. Everything in this folder reads field numbers, names and types from here.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';

/** From test/oracle, and from dist-bench/test/oracle, where the measurements of bench/ run. */
export const protoFolder = ['../../proto/', '../../../proto/']
  .map((folder) => fileURLToPath(new URL(folder, import.meta.url)))
  .find((folder) => existsSync(folder))!;

const requestTypeNames: Record<Signal, string> = {
  logs: 'opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest',
  traces: 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
  metrics: 'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
};

// Generated parsers recurse once per message. The protocol's depth limit counts values, and rows.ts enforces it.
protobuf.Reader.recursionLimit = 5_000;
protobuf.util.recursionLimit = 5_000;

/** A fresh copy of all types, so that whoever asked may change it. Field names are spelled as in the files. */
export function loadProtocol(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => (target.startsWith('/') ? target : protoFolder + target);
  root.loadSync(
    ['logs', 'trace', 'metrics'].map((name) => `opentelemetry/proto/collector/${name}/v1/${name}_service.proto`),
    { keepCase: true },
  );
  root.resolveAll();
  return root;
}

export function requestType(root: protobuf.Root, signal: Signal): protobuf.Type {
  return root.lookupType(requestTypeNames[signal]);
}

export function allTypes(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested] : []),
    ...(nested instanceof protobuf.Namespace ? allTypes(nested) : []),
  ]);
}

export function isMessageField(field: protobuf.Field): boolean {
  return field.resolvedType instanceof protobuf.Type;
}

export function messageTypeOf(field: protobuf.Field): protobuf.Type {
  if (!(field.resolvedType instanceof protobuf.Type)) throw new Error(`BUG: ${field.fullName} is not a message`);
  return field.resolvedType;
}
