// gRPC on node:http2: unary Export calls of OTLP, and one stream per signal of OTAP.

import http2 from 'node:http2';
import type { Signal } from '../schema/column-declaration.js';
import {
  type Connection,
  type ConnectionSettings,
  errorName,
  type OutgoingRequest,
  type ServerAnswer,
  secure,
} from './connection.js';
import { messageType } from './protobuf-requests.js';

const exportPaths: Readonly<Record<Signal, string>> = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  traces: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
};

const arrowPaths: Readonly<Record<Signal, string>> = {
  logs: '/opentelemetry.proto.experimental.arrow.v1.ArrowLogsService/ArrowLogs',
  traces: '/opentelemetry.proto.experimental.arrow.v1.ArrowTracesService/ArrowTraces',
  metrics: '/opentelemetry.proto.experimental.arrow.v1.ArrowMetricsService/ArrowMetrics',
};

/** Status codes of gRPC by number. */
const statusNames = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
];

const PREFIX_BYTES = 5;

/** A connection on which calls are made; a new one once it has ended. */
class Session {
  readonly #settings: ConnectionSettings;
  #session: http2.ClientHttp2Session | undefined;

  constructor(settings: ConnectionSettings) {
    this.#settings = settings;
  }

  call(path: string): http2.ClientHttp2Stream {
    const { token, tenant, encoding, timeoutMs } = this.#settings;
    const stream = this.#open().request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(tenant === undefined ? {} : { 'x-tenant-id': tenant }),
      ...(encoding === undefined ? {} : { 'grpc-encoding': encoding }),
    });
    stream.setTimeout(timeoutMs, () => stream.destroy(new Error('timeout')));
    return stream;
  }

  /** A message with its prefix, in parts. */
  write(stream: http2.ClientHttp2Stream, message: Uint8Array): void {
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix[0] = this.#settings.encoding === undefined ? 0 : 1;
    prefix.writeUInt32BE(message.length, 1);
    stream.write(prefix);
    stream.write(message);
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(): http2.ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) return this.#session;
    const { url, ca } = this.#settings;
    this.#session = http2.connect(url.origin, secure(url.hostname.replace(/^\[|\]$/g, ''), ca));
    // What ends a connection ends its calls, who tell.
    this.#session.on('error', () => undefined);
    return this.#session;
  }
}

export class GrpcConnection implements Connection {
  readonly #session: Session;

  constructor(settings: ConnectionSettings) {
    this.#session = new Session(settings);
  }

  send({ signal, bytes }: OutgoingRequest): Promise<ServerAnswer> {
    const stream = this.#session.call(exportPaths[signal]);
    const ended = statusOf(stream);
    this.#session.write(stream, bytes('next'));
    stream.end();
    stream.resume();
    return ended;
  }

  close(): void {
    this.#session.close();
  }
}

/** How a call ended, once nothing of it is under way any more. */
function statusOf(stream: http2.ClientHttp2Stream): Promise<ServerAnswer> {
  let code: unknown;
  let reason = 'closed';
  const note = (headers: http2.IncomingHttpHeaders) => {
    code = headers['grpc-status'] ?? code;
  };
  stream.on('response', note).on('trailers', note);
  stream.on('error', (error) => {
    reason = errorName(error);
  });
  return new Promise((resolve) => {
    stream.on('close', () =>
      resolve(code === undefined ? { outcome: 'unanswered', status: reason } : answerOf(Number(code))),
    );
  });
}

function answerOf(code: number): ServerAnswer {
  const status = statusNames[code] ?? String(code);
  const isOverloaded = status === 'RESOURCE_EXHAUSTED' || status === 'UNAVAILABLE';
  return { outcome: status === 'OK' ? 'accepted' : isOverloaded ? 'overloaded' : 'refused', status };
}

interface ArrowStream {
  readonly stream: http2.ClientHttp2Stream;
  received: Buffer;
  answered: ((answer: ServerAnswer) => void) | undefined;
}

export class OtapConnection implements Connection {
  readonly #session: Session;
  readonly #streams = new Map<Signal, ArrowStream>();
  readonly #batchStatus = messageType('experimental/arrow/v1/arrow_service.proto', 'experimental.arrow.v1.BatchStatus');

  constructor(settings: ConnectionSettings) {
    this.#session = new Session(settings);
  }

  send({ signal, bytes }: OutgoingRequest): Promise<ServerAnswer> {
    const open = this.#streams.get(signal);
    const arrow = open ?? this.#open(signal);
    this.#session.write(arrow.stream, bytes(open === undefined ? 'first' : 'next'));
    return new Promise((resolve) => {
      arrow.answered = resolve;
    });
  }

  close(): void {
    this.#session.close();
  }

  #open(signal: Signal): ArrowStream {
    const stream = this.#session.call(arrowPaths[signal]);
    const arrow: ArrowStream = { stream, received: Buffer.alloc(0), answered: undefined };
    this.#streams.set(signal, arrow);
    stream.on('data', (chunk: Buffer) => this.#read(arrow, chunk));
    void statusOf(stream).then((answer) => {
      this.#streams.delete(signal);
      // A stream that was ended, not refused, has not answered what was sent last: the batch may have been taken.
      const isRefusal = answer.outcome === 'refused' || answer.status === 'RESOURCE_EXHAUSTED';
      finish(arrow, isRefusal ? answer : { outcome: 'unanswered', status: `ended ${answer.status}` });
    });
    return arrow;
  }

  #read(arrow: ArrowStream, chunk: Buffer): void {
    arrow.received = Buffer.concat([arrow.received, chunk]);
    if (arrow.received.length < PREFIX_BYTES) return;
    const end = PREFIX_BYTES + arrow.received.readUInt32BE(1);
    if (arrow.received.length < end) return;
    const { statusCode } = this.#batchStatus.decode(arrow.received.subarray(PREFIX_BYTES, end)) as unknown as {
      readonly statusCode: number;
    };
    arrow.received = arrow.received.subarray(end);
    finish(arrow, answerOf(statusCode));
  }
}

function finish(arrow: ArrowStream, answer: ServerAnswer): void {
  const { answered } = arrow;
  arrow.answered = undefined;
  answered?.(answer);
}
