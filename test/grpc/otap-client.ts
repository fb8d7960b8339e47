// OTAP as a client sees it: telemetry in, statuses out.

import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import type { Signal } from '../../src/schema/column-declaration.js';
import type { Message } from '../oracle/message.js';
import { readProtobuf } from '../oracle/protobuf-messages.js';
import { OtelDatabase, type OtelServer, type ServeArguments } from '../support/otel-database.js';
import { logsRequest } from '../support/telemetry.js';

export const arrowPath: Readonly<Record<Signal, string>> = {
  logs: '/opentelemetry.proto.experimental.arrow.v1.ArrowLogsService/ArrowLogs',
  traces: '/opentelemetry.proto.experimental.arrow.v1.ArrowTracesService/ArrowTraces',
  metrics: '/opentelemetry.proto.experimental.arrow.v1.ArrowMetricsService/ArrowMetrics',
};

const proto = protobuf.loadSync(
  fileURLToPath(new URL('../../proto/opentelemetry/proto/experimental/arrow/v1/arrow_service.proto', import.meta.url)),
);
const BatchStatus = proto.lookupType('BatchStatus');

export interface Status {
  readonly batchId: number;
  /** Name of the code. */
  readonly statusCode: string;
  readonly statusMessage: string;
}

/** What a server's message says; undefined stays so. */
export function statusIn(message: Uint8Array | undefined): Status | undefined {
  if (message === undefined) return undefined;
  return BatchStatus.toObject(BatchStatus.decode(message), { longs: Number, enums: String, defaults: true }) as Status;
}

/** A server of OTAP on a database of its own. */
export async function serveOtap(
  options: ServeArguments,
  finished: (close: () => Promise<void>) => void,
): Promise<OtelServer> {
  const database = await OtelDatabase.open();
  finished(() => database.close());
  return database.serve(options, 'otap:127.0.0.1:0');
}

/** A request of `count` log records, whose bodies are `<prefix>0`, `<prefix>1`, … */
export function logs(count: number, prefix?: string): Message {
  return readProtobuf('logs', logsRequest(count, prefix));
}
