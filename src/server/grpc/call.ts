// One call, as its method sees it: metadata, messages both ways. How it ends is for the listener to say.

import http2 from 'node:http2';
import { Failure } from '../../base/failure.js';
import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';
import { ACCEPTED_ENCODINGS, framed, messageEncoding } from './message.js';
import { GrpcMessageReader } from './message-reader.js';
import { type GrpcStatus, grpcStatus, statusTrailers } from './status.js';

/** How long nothing must have come on a stream that has its status, before it is reset; and how long it is read at most. */
const QUIET_MS = 50;
const LONGEST_DRAIN_MS = 1000;

/** Serves a call: it ends with OK when this resolves, and with the failure's status when it rejects. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>;

export class GrpcCall {
  readonly metadata: http2.IncomingHttpHeaders;
  /** Identity of the connection that the call came on. */
  readonly connection: unknown;
  readonly #stream: http2.ServerHttp2Stream;
  readonly #maxMessageBytes: number;
  #reader: GrpcMessageReader | undefined;
  #isEnding = false;
  #hasEnded = false;
  /** Made when somebody asks: a fifth of the time that an empty unary call takes. See bench/grpc.ts. */
  #ending: AbortController | undefined;

  constructor(stream: http2.ServerHttp2Stream, metadata: http2.IncomingHttpHeaders, maxMessageBytes: number) {
    this.metadata = metadata;
    this.connection = stream.session;
    this.#stream = stream;
    this.#maxMessageBytes = maxMessageBytes;
    stream.once('close', () => this.askToEnd());
  }

  /** Aborted when the client has gone, or the server is stopping: a call that could go on for ever ends then. */
  get signal(): AbortSignal {
    this.#ending ??= new AbortController();
    if (this.#isEnding) this.#ending.abort();
    return this.#ending.signal;
  }

  /** Whether there is nobody left to answer. */
  get isGone(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  /** Address and port of the client. */
  get client(): string {
    const { remoteAddress, remotePort } = this.#stream.session?.socket ?? {};
    return `${remoteAddress}:${remotePort}`;
  }

  /** The client's messages. Throws `unsupported` when they are compressed with what we do not know. To be called once. */
  messages(maxMessageBytes = this.#maxMessageBytes): GrpcMessageReader {
    const encoding = messageEncoding(this.metadata['grpc-encoding'] as string | undefined);
    this.#reader = new GrpcMessageReader(this.#stream, encoding, maxMessageBytes);
    return this.#reader;
  }

  /** Sends a message. Resolves once the client takes more; rejects when it has gone. */
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

  /** Ends the call with DEADLINE_EXCEEDED after this long, whatever its method waits for then. */
  endAfter(timeoutMs: number): void {
    const timer = setTimeout(
      () => {
        const late = new Failure('timedOut', `the deadline of ${timeoutMs} ms has passed`);
        this.#reader?.interrupt(late);
        this.askToEnd();
        this.end(grpcStatus(late));
        // The status would wait behind messages that the client does not take.
        if (this.#stream.writableLength > 0) this.#stream.close(http2.constants.NGHTTP2_CANCEL);
      },
      Math.min(timeoutMs, LONGEST_TIMER_MS),
    );
    this.#stream.once('close', () => clearTimeout(timer));
  }

  /** The first status counts. */
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
 * In an immediate, as Node sends trailers. At 'finish' they are not yet out, and a reset would overtake them; in Node 22 it
 * overtakes headers too that end the stream.
 */
function closeOnceSent(stream: http2.ServerHttp2Stream): void {
  setImmediate(() => closeUnlessEnded(stream));
}

/**
 * A client that is still sending is told to stop; it has its status. What it had under way is read first: clients on
 * node:http2 count what a reset kept them from sending against the memory of their connection, and after 10 MB of it
 * begin no more streams on it.
 */
function closeUnlessEnded(stream: http2.ServerHttp2Stream): void {
  if (stream.readableEnded) return;
  // Node keeps a stream, and so its session, for as long as there is something in it that nobody has read: one that both
  // sides have ended, too.
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
