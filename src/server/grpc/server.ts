// HTTP/2 connections → gRPC calls; messages and errors of methods → frames and trailers. A small gRPC server on node:http2, because
// @grpc/grpc-js rejects message encodings that real exporters use by default (docs/decisions/0006-grpc-on-http2.md). Listeners
// provide the connections.

import http2 from 'node:http2';
import type { Socket } from 'node:net';
import { Failure } from '../../base/failure.js';
import { GrpcCall, type GrpcMethod } from './call.js';
import { deadlineMs } from './deadline.js';
import { CONNECTION_WINDOW_BYTES, KEEPALIVE, type Keepalive, MAX_OPEN_CALLS, sessionLimits } from './limits.js';
import { type GrpcStatus, grpcCodes, grpcStatus, OK_STATUS } from './status.js';

/** How long stop() waits for calls in flight. */
const STOP_GRACE_MS = 10_000;

export interface GrpcServerOptions {
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly maxMessageBytes: number;
  /** Reports an internal error, which no client caused. */
  internalError(error: unknown): void;
  readonly keepalive?: Keepalive;
  /** Open calls per connection. */
  readonly maxStreams?: number;
}

export class GrpcServer {
  readonly #options: GrpcServerOptions;
  readonly #keepalive: Keepalive;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  /** Calls in flight, each with the promise of its end. */
  readonly #calls = new Map<GrpcCall, Promise<void>>();
  #isStopping = false;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    this.#keepalive = options.keepalive ?? KEEPALIVE;
  }

  /** A server whose connections are served here, those that it accepts and those that it is given by a `connection` event. */
  newHttp2Server(): http2.Http2Server {
    const server = http2.createServer(sessionLimits(this.#options.maxStreams));
    // What hands connections over may have opened them for HTTP/1, whose clients may end their side and wait for the answer. A session of
    // HTTP/2 on such a connection would not notice that its client has gone.
    server.prependListener('connection', (socket: Socket) => {
      socket.allowHalfOpen = false;
    });
    server.on('session', (session) => this.#watch(session));
    server.on('stream', (stream, headers) => this.#answer(stream, headers));
    // Errors of a connection end its streams, which handle them.
    server.on('sessionError', () => undefined);
    return server;
  }

  /**
   * Answers the calls in flight and closes the connections, once the caller takes no more of them: `closed` is when the
   * sockets have closed. After a bounded time connections are cut.
   */
  async stop(closed: Promise<void> = Promise.resolve()): Promise<void> {
    this.#isStopping = true;
    const grace = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, STOP_GRACE_MS);
    for (const call of this.#calls.keys()) call.askToEnd();
    // Calls that start meanwhile are in the map too, and are answered UNAVAILABLE.
    while (this.#calls.size > 0) await Promise.all(this.#calls.values());
    for (const session of this.#sessions) session.close();
    await closed;
    clearTimeout(grace);
  }

  /** Tracks the session until it closes, and detects dead clients by pings. */
  #watch(session: http2.ServerHttp2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const pings = setInterval(() => {
      const timeout = setTimeout(() => session.destroy(), this.#keepalive.timeoutMs).unref();
      const isSent = !session.destroyed && !session.closed && session.ping(() => clearTimeout(timeout));
      if (!isSent) clearTimeout(timeout);
    }, this.#keepalive.pingMs).unref();
    session.once('close', () => {
      clearInterval(pings);
      this.#sessions.delete(session);
    });
  }

  #answer(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    // Every failure of a stream also ends its pending read or write.
    stream.on('error', () => undefined);
    if (!isGrpc(headers)) {
      respondNotGrpc(stream);
      return;
    }
    const call = new GrpcCall(stream, headers, this.#options.maxMessageBytes);
    const ended = this.#serve(call, headers[':path'] ?? '')
      .then((status) => call.end(status))
      .catch((error) => this.#options.internalError(error))
      .finally(() => this.#calls.delete(call));
    this.#calls.set(call, ended);
  }

  /** Never rejects. */
  async #serve(call: GrpcCall, path: string): Promise<GrpcStatus> {
    try {
      const method = this.#options.methods.get(path);
      if (method === undefined) {
        return { code: grpcCodes.UNIMPLEMENTED, message: `unknown method ${path}`, retryAfterSeconds: undefined };
      }
      if (this.#isStopping) throw new Failure('stopping', 'the server is stopping');
      if (this.#calls.size >= MAX_OPEN_CALLS) throw new Failure('overloaded', `${MAX_OPEN_CALLS} calls are open`);
      const timeoutMs = deadlineMs(call.metadata['grpc-timeout'] as string | undefined);
      if (timeoutMs !== undefined) call.endAfter(timeoutMs);
      await method(call);
      return OK_STATUS;
    } catch (error) {
      const isOurs = !(error instanceof Failure) || error.kind === 'internal';
      if (isOurs && !call.isGone) this.#options.internalError(error);
      return grpcStatus(error);
    }
  }
}

function isGrpc(headers: http2.IncomingHttpHeaders): boolean {
  return headers[':method'] === 'POST' && /^application\/grpc(\+proto)?\s*(;|$)/.test(headers['content-type'] ?? '');
}

function respondNotGrpc(stream: http2.ServerHttp2Stream): void {
  // A client may have reset the stream by now.
  if (stream.destroyed || stream.closed) return;
  stream.respond({ ':status': 415, 'content-type': 'text/plain' });
  stream.end('this is a gRPC server: it takes POST with content-type application/grpc\n');
}
