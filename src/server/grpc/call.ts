// A call as its method sees it: metadata, and messages in both directions. The server ends it.

import http2 from 'node:http2';
import { Failure } from '../../base/failure.js';
import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';
import { ACCEPTED_ENCODINGS, framed, messageEncoding } from './message.js';
import { GrpcMessageReader } from './message-reader.js';
import { type GrpcStatus, grpcStatus, statusTrailers } from './status.js';

/** A stream with a status is reset after this much silence, or after this total time. */
const QUIET_MS = 50;
const LONGEST_DRAIN_MS = 1000;

/** Serves a call. It ends with OK when this resolves, and with the failure's status when it rejects. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>;

export class GrpcCall {
  readonly metadata: http2.IncomingHttpHeaders;
  /** Identity of the call's connection. */
  readonly connection: unknown;
  readonly #stream: http2.ServerHttp2Stream;
  readonly #maxMessageBytes: number;
  #reader: GrpcMessageReader | undefined;
  #isEnding = false;
  #hasEnded = false;
  /** Created on demand, because it takes a fifth of the time of an empty unary call. See bench/grpc.ts. */
  #ending: AbortController | undefined;

  constructor(stream: http2.ServerHttp2Stream, metadata: http2.IncomingHttpHeaders, maxMessageBytes: number) {
    this.metadata = metadata;
    this.connection = stream.session;
    this.#stream = stream;
    this.#maxMessageBytes = maxMessageBytes;
    stream.once('close', () => this.askToEnd());
  }

  /** Aborted when the client has gone or the server is stopping, so that unbounded calls end. */
  get signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#isEnding) this.#ending.abort();
    return this.#ending.signal;
  }

  /** Whether the client has gone. */
  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** Address of the client. */
  get address(): string | undefined {
    return this.#stream.session?.socket?.remoteAddress;
  }

  /** Address and port of the client. */
  get client(): string {
    const { remoteAddress, remotePort } = this.#stream.session?.socket ?? {};
    return `${remoteAddress}:${remotePort}`;
  }

  /** The client's messages. Throws `unsupported` for an unknown compression. Must be called once. */
  messages(maxMessageBytes = this.#maxMessageBytes): GrpcMessageReader {
    const encoding = messageEncoding(this.metadata['grpc-encoding'] as string | undefined);
    this.#reader = new GrpcMessageReader(this.#stream, encoding, maxMessageBytes);
    return this.#reader;
  }

  /** Sends a message. Resolves when the client can take more, and rejects when it has gone. */
  async send(message: Uint8Array): Promise<void> {
    if (this.#hasEnded) throw new Failure('timedOut', 'the deadline passed before the answer');
    if (!this.#stream.headersSent) this.#stream.respond(responseHeaders, { waitForTrailers: true });
    await new Promise<void>((resolve, reject) => {
      this.#stream.write(framed(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  askToEnd(): void {
    this.#isEnding = true;
    this.#ending?.abort();
  }

  /** Ends the call with DEADLINE_EXCEEDED after this time, whatever its method is waiting for. */
  endAfter(timeoutMs: number): void {
    const timer = setTimeout(
      () => {
        const late = new Failure('timedOut', `the deadline of ${timeoutMs} ms has passed`);
        this.#reader?.interrupt(late);
        this.askToEnd();
        this.end(grpcStatus(late));
        // The status would wait behind messages that the client does not read.
        if (this.#stream.writableLength > 0) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    this.#stream.once('close', () => clearTimeout(timer));
  }

  /** Only the first status counts. */
  end(status: GrpcStatus): void {
    const stream = this.#stream;
    if (this.#hasEnded || this.isGone) return;
    this.#hasEnded = true;
    if (!stream.headersSent) {
      stream.respond({ ...responseHeaders, ...statusTrailers(status) }, { endStream: true });
      closeOnceSent(stream);
      return;
    }
    stream.once('wantTrailers', () => {
      stream.sendTrailers(statusTrailers(status));
      closeOnceSent(stream);
    });
    stream.end();
  }
}

const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ACCEPTED_ENCODINGS,
};

/**
 * Uses an immediate, because Node sends trailers in one. At 'finish' they are not sent yet, and a reset would overtake them. In
 * Node 22 a reset also overtakes headers that end the stream.
 */
function closeOnceSent(stream: http2.ServerHttp2Stream): void {
  setImmediate(() => closeUnlessEnded(stream));
}

/**
 * Resets the stream of a client that keeps sending after its status. Bytes in flight are read first: clients on node:http2 count
 * unsent bytes of reset streams against the memory of their connection, and after 10 MB of them open no more streams.
 */
function closeUnlessEnded(stream: http2.ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  // Node keeps a stream, and with it the session, while it holds unread bytes, even after both sides have ended it.
  stream.removeAllListeners('readable').resume();
  if (stream.closed) return;
  const close = () => stream.close(http2.constants.NGHTTP2_NO_ERROR);
  const quiet = setTimeout(close, QUIET_MS);
  const drained = setTimeout(close, LONGEST_DRAIN_MS);
  stream.once('close', () => {
    clearTimeout(quiet);
    clearTimeout(drained);
  });
  stream.on('data', () => quiet.refresh());
}
