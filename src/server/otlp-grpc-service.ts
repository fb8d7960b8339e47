// OTLP/gRPC: unary Export for each signal. https://opentelemetry.io/docs/specs/otlp/#otlpgrpc

import { Failure } from '../failure.js';
import type { Signal } from '../schema/column-declaration.js';
import type { Authorization } from './authorization.js';
import type { GrpcCall, GrpcMethod } from './grpc-listener.js';
import type { GrpcMessage } from './grpc-message.js';
import type { Ingest } from './ingest.js';

export const otlpServices: ReadonlyMap<string, Signal> = new Map([
  ['opentelemetry.proto.collector.logs.v1.LogsService', 'logs'],
  ['opentelemetry.proto.collector.trace.v1.TraceService', 'traces'],
  ['opentelemetry.proto.collector.metrics.v1.MetricsService', 'metrics'],
]);

/** An Export…ServiceResponse without a partial success is a message without fields. */
const ACCEPTED = new Uint8Array(0);

/** Methods by path. Message bytes go to the decoders as they are; no message object is made. */
export function otlpGrpcMethods(
  ingest: Ingest,
  authorization: Authorization,
  timeoutMs: number,
): ReadonlyMap<string, GrpcMethod> {
  return new Map(
    [...otlpServices].map(([service, signal]) => [
      `/${service}/Export`,
      (call) => ingest.counted(() => exportOnce(signal, call, ingest, authorization, timeoutMs)),
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
  checkMetadata(call, authorization);
  let reservedBytes = 0;
  let isOwned = true;
  let isOver = false;
  const admit = (bytes: number) => {
    // A client may send on after its time was up.
    if (isOver) throw new Failure('timedOut', 'the request came too late');
    ingest.checkRoom();
    ingest.admission.reserve(bytes);
    reservedBytes += bytes;
  };
  try {
    const { body, encoding } = await within(timeoutMs, onlyMessage(call.messages(admit)));
    isOwned = false;
    ingest.accept({ signal, format: 'protobuf', encoding, body }, reservedBytes);
  } finally {
    isOver = true;
    if (isOwned) ingest.admission.release(reservedBytes);
  }
  await call.send(ACCEPTED);
}

/** Throws unless the call's metadata carries the token. */
export function checkMetadata({ metadata }: GrpcCall, authorization: Authorization): void {
  const apiKey = metadata['x-api-key'];
  authorization.check({
    authorization: metadata.authorization,
    apiKey: Array.isArray(apiKey) ? apiKey[0] : apiKey,
  });
}

async function onlyMessage(messages: AsyncIterable<GrpcMessage>): Promise<GrpcMessage> {
  let only: GrpcMessage | undefined;
  for await (const message of messages) {
    if (only !== undefined) throw new Failure('malformed', 'a unary call takes one message, got another');
    only = message;
  }
  if (only === undefined) throw new Failure('malformed', 'a unary call takes one message, got none');
  return only;
}

/** Rejects with `timedOut` when work takes longer. */
async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Failure('timedOut', `the request did not arrive within ${timeoutMs} ms`)),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
