// OTLP/gRPC: unary Export for each signal. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc

import type { Ingest } from '../ingest/ingest.js';
import type { Signal } from '../schema/column-declaration.js';
import type { GrpcCall, GrpcMethod } from '../server/grpc/call.js';
import { onlyMessage } from '../server/grpc/message-reader.js';
import { principalOf } from '../server/grpc/metadata.js';
import type { Authorization } from '../server/identity/authorization.js';

export const otlpServices: ReadonlyMap<string, Signal> = new Map([
  ['opentelemetry.proto.collector.logs.v1.LogsService', 'logs'],
  ['opentelemetry.proto.collector.trace.v1.TraceService', 'traces'],
  ['opentelemetry.proto.collector.metrics.v1.MetricsService', 'metrics'],
]);

/** An Export…ServiceResponse without partial_success is an empty message. */
const ACCEPTED = new Uint8Array(0);

/** Methods by path. Decoders receive the message bytes as they are; no message object is created. */
export function otlpGrpcMethods(
  ingest: Ingest,
  authorization: Authorization,
  timeoutMs: number,
): ReadonlyMap<string, GrpcMethod> {
  return new Map(
    [...otlpServices].map(([service, signal]) => [
      `/${service}/Export`,
      (call) => ingest.counted(signal, () => exportOnce(signal, call, ingest, authorization, timeoutMs)),
    ]),
  );
}

async function exportOnce(
  signal: Signal,
  call: GrpcCall,
  ingest: Ingest,
  authorization: Authorization,
  timeoutMs: number,
): Promise<void> {
  const principal = principalOf(call, authorization);
  const reader = call.messages();
  const reservation = ingest.admission.admit({ principal, address: call.address });
  try {
    const { body, encoding } = await reader.within(timeoutMs, () =>
      onlyMessage(reader, {
        announced: ({ bytes }) => {
          ingest.checkRoom();
          reservation.check(bytes);
        },
        arrived: (bytes) => reservation.growTo(bytes),
      }),
    );
    await ingest.accept({ signal, format: 'protobuf', encoding, body }, reservation, call.connection);
  } finally {
    reservation.release();
  }
  await call.send(ACCEPTED);
}
