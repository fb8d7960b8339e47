// Calls as a gRPC library makes them. Message bytes go and come as they are.

import { Client, type ClientDuplexStream, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { onTestFinished } from 'vitest';
import { TOKEN } from '../support/otel-database.js';

const DEADLINE_MS = 20_000;

export const exportPath = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
} as const;

export interface UnaryAnswer {
  /** Name of the status code. */
  readonly code: string;
  readonly details: string;
  readonly trailers: Metadata;
  readonly message: Uint8Array | undefined;
}

export const withToken = { authorization: `Bearer ${TOKEN}` };

const asItIs = (bytes: Buffer) => bytes;

export class GrpcClient {
  readonly #client: Client;

  constructor(port: number, finished = onTestFinished) {
    this.#client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.max_send_message_length': -1,
      // Clients of one address share a connection otherwise, and a test's would outlive it.
      'grpc.use_local_subchannel_pool': 1,
    });
    finished(() => this.#client.close());
  }

  unary(
    path: string,
    body: Uint8Array,
    metadata: Record<string, string> = withToken,
    deadlineMs = DEADLINE_MS,
  ): Promise<UnaryAnswer> {
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        asItIs,
        asItIs,
        Buffer.from(body),
        toMetadata(metadata),
        { deadline: Date.now() + deadlineMs },
        (error: ServiceError | null, message) =>
          resolve({
            code: status[error?.code ?? status.OK],
            details: error?.details ?? '',
            trailers: error?.metadata ?? new Metadata(),
            message,
          }),
      );
    });
  }

  stream(path: string, metadata: Record<string, string> = withToken): MessageStream {
    const call = this.#client.makeBidiStreamRequest(path, asItIs, asItIs, toMetadata(metadata), {
      deadline: Date.now() + DEADLINE_MS,
    });
    return new MessageStream(call);
  }
}

type BidiCall = ClientDuplexStream<Buffer, Buffer>;

/** A call whose messages go both ways. */
export class MessageStream {
  readonly #call: BidiCall;
  readonly #messages: AsyncIterator<Buffer>;
  /** How the call ended. */
  readonly ended: Promise<{ code: string; details: string }>;

  constructor(call: BidiCall) {
    this.#call = call;
    this.ended = new Promise((resolve) => {
      call.on('status', ({ code, details }) => resolve({ code: status[code]!, details }));
    });
    call.on('error', () => undefined);
    this.#messages = messagesOf(call);
  }

  send(message: Uint8Array): void {
    this.#call.write(Buffer.from(message));
  }

  /** The next message of the server; undefined when there is none any more. */
  async next(): Promise<Uint8Array | undefined> {
    const { value, done } = await this.#messages.next();
    return done === true ? undefined : value;
  }

  /** Says that no more messages will come. */
  end(): void {
    this.#call.end();
  }

  cancel(): void {
    this.#call.cancel();
  }
}

async function* messagesOf(call: BidiCall): AsyncGenerator<Buffer> {
  try {
    for await (const message of call) yield message as Buffer;
  } catch {
    // `ended` tells how.
  }
}

function toMetadata(entries: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}
