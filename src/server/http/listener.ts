// Sockets → requests for routes; results and errors of handlers → responses. Knows HTTP, and nothing about telemetry.

import http from 'node:http';
import type { Server as NetServer, Socket } from 'node:net';
import { Failure, messageOf } from '../../base/failure.js';
import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';
import { type Cors, isPreflight, preflightHeaders } from '../cors.js';
import { failureAnswer } from '../failure-answer.js';
import type { ListenUri } from '../listen-uri.js';
import type { Listener, ListenerHooks } from '../listener.js';
import { ListeningSockets } from '../listening-sockets.js';
import type { TlsIdentity } from '../tls/tls-identity.js';
import { answerPastHttp, answerUnreadable, endSoon } from './bare-answer.js';
import { EndOfTurn } from './end-of-turn.js';
import { checkFraming, MAX_HEADER_LINES } from './framing.js';
import { RequestQueues } from './request-queue.js';
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpMethods,
  type HttpRoutes,
  handlerOf,
  listed,
  methodsAt,
  shownPath,
  TextBody,
} from './routes.js';

/** How often Node checks for late requests. A stalled client is answered at most this long after its timeout. */
const TIMEOUT_CHECK_MS = 1000;
/** Longer than the idle timeouts of most clients and load balancers, so that they close idle connections first. */
const KEEP_ALIVE_MS = 75_000;
/** How long stop() waits for requests in flight. */
const STOP_GRACE_MS = 10_000;

export interface HttpListenerOptions {
  readonly uri: ListenUri;
  readonly routes: HttpRoutes;
  readonly maxBodyBytes: number;
  readonly requestTimeoutMs: number;
  readonly headersTimeoutMs: number;
  /** Undefined if no page of another origin may send. */
  readonly cors: Cors | undefined;
  /** Undefined where connections are not encrypted. */
  readonly tls: TlsIdentity | undefined;
  readonly hooks: ListenerHooks;
}

export class HttpListener implements Listener {
  readonly #options: HttpListenerOptions;
  readonly #sockets: ListeningSockets<NetServer>;
  /** One for each socket. */
  readonly #servers: http.Server[] = [];
  readonly #endOfTurn = new EndOfTurn();
  readonly #queues = new RequestQueues((request, response) => this.#receive(request, response));

  constructor(options: HttpListenerOptions) {
    this.#options = options;
    this.#sockets = new ListeningSockets(options.uri, (error) => options.hooks.failed(error));
  }

  get isListening(): boolean {
    return this.#sockets.isListening;
  }

  get lastError(): string | undefined {
    return this.#sockets.lastError;
  }

  listen(): Promise<number> {
    return this.#sockets.bind(() => {
      const server = this.#newServer();
      this.#servers.push(server);
      const { tls, hooks } = this.#options;
      const door =
        tls === undefined ? server : tls.newServer(['http/1.1'], (socket) => server.emit('connection', socket));
      // Behind TLS it never listens itself; this begins its watch over late requests.
      if (door !== server) server.emit('listening');
      hooks.connections.watch(door);
      return door;
    });
  }

  async stop(): Promise<void> {
    if (this.#sockets.isClosing) return;
    const closed = this.#sockets.close();
    this.#options.tls?.cutHandshakes();
    for (const server of this.#servers) server.closeIdleConnections();
    const grace = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
    }, STOP_GRACE_MS);
    await closed;
    clearTimeout(grace);
    for (const server of this.#servers) server.close();
  }

  #newServer(): http.Server {
    const { requestTimeoutMs, headersTimeoutMs } = this.#options;
    const server = http.createServer({
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // checkFraming() requires it, and answers in JSON.
      requireHostHeader: false,
    });
    // One more than allowed, so that a request with too many is detected.
    server.maxHeadersCount = MAX_HEADER_LINES + 1;
    server.on('connection', (socket) => this.#queues.open(socket));
    const queued: http.RequestListener = (request, response) => this.#queues.of(request.socket).add(request, response);
    server.on('request', queued);
    // For a client that waits for "100 Continue", the handler sends it after checking the headers.
    server.on('checkContinue', queued);
    server.on('checkExpectation', queued);
    server.on('connect', (_request, socket) => {
      // node:http no longer handles errors of this socket.
      socket.on('error', () => undefined);
      const failure = new Failure('methodNotAllowed', 'CONNECT is for proxies, and this is none');
      this.#queues.of(socket as Socket).whenIdle(() => answerPastHttp(socket, failure));
    });
    server.on('clientError', (error, socket) => {
      this.#queues.of(socket as Socket).whenIdle(() => answerUnreadable(error, socket));
    });
    return server;
  }

  /** Rejects malformed requests before routing, and answers preflights. */
  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    // Before anything can fail, because a page must be able to read errors.
    const isFromAllowedPage = this.#options.cors?.allow(request, response) ?? false;
    try {
      checkFraming(request);
    } catch (error) {
      // The start of the next request is uncertain.
      response.setHeader('connection', 'close');
      this.#respondFailure(request, response, error);
      return;
    }
    const methods = methodsAt(this.#options.routes, request.url!);
    if (methods === undefined) {
      this.#respondFailure(
        request,
        response,
        new Failure('notFound', `there is nothing at ${shownPath(request.url!)}`),
      );
    } else if (isFromAllowedPage && isPreflight(request)) {
      this.#respond(response, { status: 200, body: { status: 'ok' }, headers: preflightHeaders(listed(methods)) });
    } else {
      this.#route(methods, request, response);
    }
  }

  #route(methods: HttpMethods, request: http.IncomingMessage, response: http.ServerResponse): void {
    const handler = handlerOf(methods, request.method!);
    if (handler !== undefined) {
      this.#answer(handler, request, response);
      return;
    }
    const allow = listed(methods);
    const failure = new Failure('methodNotAllowed', `${shownPath(request.url!)} takes ${allow}, got ${request.method}`);
    this.#respondFailure(request, response, failure, { allow });
  }

  async #answer(handler: HttpHandler, request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      this.#respond(response, await handler({ request, response, isStopping: this.#sockets.isClosing }));
    } catch (error) {
      this.#respondFailure(request, response, error);
    }
  }

  #respondFailure(
    request: http.IncomingMessage,
    response: http.ServerResponse,
    thrown: unknown,
    headers: http.OutgoingHttpHeaders = {},
  ): void {
    const failure = thrown instanceof Failure ? thrown : new Failure('internal', messageOf(thrown), { cause: thrown });
    if (failure.kind === 'internal') this.#options.hooks.internalError(thrown);
    const answer = failureAnswer(failure);
    const all = { ...answer.headers, ...headers };
    if (this.#hasMuchToCome(request)) {
      all['connection'] = 'close';
      endSoon(request.socket);
    }
    this.#respond(response, { ...answer, headers: all });
  }

  /** Whether the rest of a body may exceed the limit of a request. All of it would have to be read to be skipped. */
  #hasMuchToCome(request: http.IncomingMessage): boolean {
    if (request.complete) return false;
    const { 'transfer-encoding': transferEncoding, 'content-length': length } = request.headers;
    return transferEncoding !== undefined || Number(length ?? 0) > this.#options.maxBodyBytes;
  }

  #respond(response: http.ServerResponse, { status, body, headers: given }: HttpAnswer): void {
    const { type, text } = body instanceof TextBody ? body : new TextBody('application/json', JSON.stringify(body));
    const headers: http.OutgoingHttpHeaders = {
      ...given,
      'content-type': type,
      'content-length': Buffer.byteLength(text),
    };
    const { socket } = response.req;
    const queue = this.#queues.of(socket);
    this.#endOfTurn.add(() => {
      if (this.#sockets.isClosing) headers['connection'] = 'close';
      response.writeHead(status, headers).end(text);
      // A client that does not read its answers has as much time for them as for its requests. node:http sets no limit.
      if (socket.writableLength > 0 || queue.isPipelined) {
        socket.setTimeout(Math.min(this.#options.requestTimeoutMs, LONGEST_TIMER_MS));
      }
      queue.answered();
    });
    // Such a client does not wait for answers, so deferring them gains nothing, and thousands of them would be held.
    if (queue.isPipelined) this.#endOfTurn.run();
  }
}
