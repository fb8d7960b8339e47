// Sockets → gRPC calls; what methods send and throw → frames and trailers. A small gRPC server on node:http2, because
// @grpc/grpc-js refuses message encodings that real exporters use by default (docs/decisions/0006-grpc-on-http2.md).

import http2 from 'node:http2';
import { messageOf } from '../failure.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { bindSockets } from './bind-sockets.js';
import {
  ACCEPTED_ENCODINGS,
  type Admit,
  framed,
  type GrpcMessage,
  messageEncoding,
  readMessages,
} from './grpc-message.js';
import { type GrpcStatus, grpcCodes, grpcStatus, OK_STATUS, statusTrailers } from './grpc-status.js';
import { canonicalUri, type ListenUri } from './listen-uri.js';
import type { Listener, ListenerHooks } from './listener.js';

/** Calls that one connection may have open. A Collector's Arrow exporter opens one stream per core and signal. */
export const MAX_STREAMS_PER_CONNECTION = 128;
/** What a client may send on a stream before it is read: enough that a usual message does not wait for a round trip. */
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 4 << 20;
/** An idle connection is asked this often whether its client is still there, and given this long to answer. */
const KEEPALIVE_PING_MS = 60_000;
const KEEPALIVE_TIMEOUT_MS = 20_000;
/** How long stop() waits for calls in flight. */
const STOP_GRACE_MS = 10_000;

/** One call, as its method sees it. */
export interface GrpcCall {
  readonly metadata: http2.IncomingHttpHeaders;
  /** Aborted when the client has gone, or the server wants the call to end. */
  readonly signal: AbortSignal;
  /** Messages as they come. `admit` is asked before the bytes of each are taken. */
  messages(admit: Admit): AsyncIterable<GrpcMessage>;
  /** Sends a message. Resolves once the client takes more. */
  send(message: Uint8Array): Promise<void>;
}

/** Serves a call: it ends with OK when this resolves, and with the failure's status when it rejects. */
export type GrpcMethod = (call: GrpcCall) => Promise<void>;

export interface GrpcListenerOptions {
  readonly uri: ListenUri;
  readonly options: Pick<ServeOptions, 'max_body_bytes'>;
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, GrpcMethod>;
  readonly hooks: ListenerHooks;
}

export class GrpcListener implements Listener {
  readonly #options: GrpcListenerOptions;
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  readonly #calls = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  #servers: http2.Http2Server[] = [];
  #lastError: string | undefined;

  constructor(options: GrpcListenerOptions) {
    this.#options = options;
  }

  get isListening(): boolean {
    return (
      !this.#stopping.signal.aborted && this.#servers.length > 0 && this.#servers.every(({ listening }) => listening)
    );
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  async listen(): Promise<number> {
    const { servers, port } = await bindSockets(this.#options.uri, () => this.#newServer());
    this.#servers = servers;
    for (const server of servers) {
      server.on('error', (error) => {
        this.#lastError = messageOf(error);
      });
      server.on('close', () => {
        if (this.#stopping.signal.aborted) return;
        this.#lastError ??= `the socket of ${canonicalUri(this.#options.uri)} was closed`;
      });
    }
    return port;
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    const closed = Promise.all(
      this.#servers.map(
        (server) => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
      ),
    );
    const grace = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, STOP_GRACE_MS);
    while (this.#calls.size > 0) await Promise.all(this.#calls);
    // Sends GOAWAY; streams that a client opens meanwhile are answered UNAVAILABLE.
    for (const session of this.#sessions) session.close();
    await closed;
    clearTimeout(grace);
  }

  #newServer(): http2.Http2Server {
    const server = http2.createServer({
      settings: { maxConcurrentStreams: MAX_STREAMS_PER_CONNECTION, initialWindowSize: STREAM_WINDOW_BYTES },
    });
    server.on('session', (session) => this.#keepAlive(session));
    server.on('stream', (stream, headers) => {
      const call = this.#serve(stream, headers).finally(() => this.#calls.delete(call));
      this.#calls.add(call);
    });
    // Errors of a connection end its streams, where they are dealt with.
    server.on('sessionError', () => undefined);
    return server;
  }

  #keepAlive(session: http2.ServerHttp2Session): void {
    this.#sessions.add(session);
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const timer = setInterval(() => {
      const timeout = setTimeout(() => session.destroy(), KEEPALIVE_TIMEOUT_MS).unref();
      const isSent = !session.closed && session.ping(() => clearTimeout(timeout));
      if (!isSent) clearTimeout(timeout);
    }, KEEPALIVE_PING_MS).unref();
    session.once('close', () => {
      clearInterval(timer);
      this.#sessions.delete(session);
    });
  }

  async #serve(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Promise<void> {
    // Every way in which a stream can fail also ends the iteration over its data, or a write.
    stream.on('error', () => undefined);
    if (!headers['content-type']?.startsWith('application/grpc')) {
      respondNotGrpc(stream);
      return;
    }
    const ended = new AbortController();
    stream.once('close', () => ended.abort());
    let status: GrpcStatus = OK_STATUS;
    try {
      const method = this.#options.methods.get(headers[':path'] ?? '');
      if (method === undefined) {
        status = { code: grpcCodes.UNIMPLEMENTED, message: `unknown method ${headers[':path']}`, retryable: false };
      } else if (this.#stopping.signal.aborted) {
        status = { code: grpcCodes.UNAVAILABLE, message: 'the server is stopping', retryable: true };
      } else {
        await method(this.#call(stream, headers, AbortSignal.any([ended.signal, this.#stopping.signal])));
      }
    } catch (error) {
      status = grpcStatus(error);
      if (status.code === grpcCodes.INTERNAL && !ended.signal.aborted) this.#options.hooks.internalError(error);
    }
    end(stream, status);
  }

  #call(stream: http2.ServerHttp2Stream, metadata: http2.IncomingHttpHeaders, signal: AbortSignal): GrpcCall {
    const maxBytes = this.#options.options.max_body_bytes;
    return {
      metadata,
      signal,
      messages: (admit) => {
        const encoding = messageEncoding(metadata['grpc-encoding'] as string | undefined);
        // An iterator that destroyed the stream when it is left early would take the status with it.
        return readMessages(stream.iterator({ destroyOnReturn: false }), encoding, maxBytes, admit);
      },
      send: (message) => {
        if (!stream.headersSent) stream.respond(responseHeaders, { waitForTrailers: true });
        return new Promise((resolve, reject) => {
          stream.write(framed(message), (error) => (error ? reject(error) : resolve()));
        });
      },
    };
  }
}

const responseHeaders = {
  ':status': 200,
  'content-type': 'application/grpc+proto',
  'grpc-accept-encoding': ACCEPTED_ENCODINGS,
};

function end(stream: http2.ServerHttp2Stream, status: GrpcStatus): void {
  if (stream.destroyed || stream.closed) return;
  // A client that is still sending is told to stop, once it has the status.
  stream.once('finish', () => {
    if (!stream.readableEnded) stream.close(http2.constants.NGHTTP2_NO_ERROR);
  });
  if (stream.headersSent) {
    stream.once('wantTrailers', () => stream.sendTrailers(statusTrailers(status)));
    stream.end();
  } else {
    stream.respond({ ...responseHeaders, ...statusTrailers(status) }, { endStream: true });
    if (!stream.readableEnded) stream.close(http2.constants.NGHTTP2_NO_ERROR);
  }
}

function respondNotGrpc(stream: http2.ServerHttp2Stream): void {
  stream.respond({ ':status': 415, 'content-type': 'text/plain' });
  stream.end('this is a gRPC server: content-type must begin with application/grpc\n');
}
