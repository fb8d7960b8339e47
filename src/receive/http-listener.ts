// Sockets → requests; receipts and failures → responses. OTLP/HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp

import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Failure, failureKinds, messageOf } from '../base/failure.js';
import { LONGEST_TIMER_MS } from '../base/longest-timer.js';
import type { Ingest, Receipt } from '../ingest/ingest.js';
import type { Signal } from '../schema/column-declaration.js';
import { allowedOrigins } from '../schema/origins.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { bindSockets } from '../server/bind-sockets.js';
import { Cors, isPreflight, preflightHeaders } from '../server/http/cors.js';
import { EndOfTurn } from '../server/http/end-of-turn.js';
import { RequestQueues } from '../server/http/request-queue.js';
import type { Authorization } from '../server/identity/authorization.js';
import { canonicalUri, type ListenUri } from '../server/listen-uri.js';
import type { Listener, ListenerHooks } from '../server/listener.js';
import { contentEncoding, signalByPath, wireFormat } from './codec.js';
import { readBody } from './read-body.js';

/** How often Node looks for requests that are late. A stalled client is answered within this of its timeout. */
const TIMEOUT_CHECK_MS = 1000;
/** Longer than clients and load balancers usually keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;
/** How long stop() waits for requests in flight. */
const STOP_GRACE_MS = 10_000;
/** How long a client whose connection is cut has to read why. */
const LINGER_MS = 1000;
/** What a refused client is asked to wait: the shortest pause that the header can state. */
const RETRY_AFTER_S = '1';
/** Beyond some number of headers node:http passes over the rest, and with them perhaps a token or a length. */
const MAX_HEADER_LINES = 2000;

const GET_PATHS = ['/healthz', '/readyz'] as const;

export class HttpListener implements Listener {
  readonly #uri: ListenUri;
  readonly #options: ServeOptions;
  readonly #authorization: Authorization;
  readonly #ingest: Ingest;
  readonly #hooks: ListenerHooks;
  /** Undefined where no page of another origin may send. */
  readonly #cors: Cors | undefined;
  readonly #endOfTurn = new EndOfTurn();
  readonly #queues = new RequestQueues((request, response) => this.#receive(request, response));
  #route: http.RequestListener | undefined;
  #servers: http.Server[] = [];
  #isStopping = false;
  #lastError: string | undefined;

  constructor(
    uri: ListenUri,
    options: ServeOptions,
    authorization: Authorization,
    ingest: Ingest,
    hooks: ListenerHooks,
  ) {
    this.#uri = uri;
    this.#options = options;
    this.#authorization = authorization;
    this.#ingest = ingest;
    this.#hooks = hooks;
    const { cors_allowed_origins: origins } = options;
    this.#cors = origins === null ? undefined : new Cors(allowedOrigins('cors_allowed_origins', origins));
  }

  get isListening(): boolean {
    return !this.#isStopping && this.#servers.length > 0 && this.#servers.every((server) => server.listening);
  }

  get lastError(): string | undefined {
    return this.#lastError;
  }

  async listen(): Promise<number> {
    const app = this.#routes((handler) => {
      this.#route = handler;
    });
    await app.ready();
    const { servers, port } = await bindSockets(this.#uri, () => this.#newServer());
    this.#servers = servers;
    for (const server of servers) {
      server.on('error', (error) => this.#fail(messageOf(error)));
      server.on('close', () => {
        if (!this.#isStopping) this.#fail(`the socket of ${canonicalUri({ ...this.#uri, port })} was closed`);
      });
    }
    return port;
  }

  /** The first cause counts: the socket of a server that fails is closed too. */
  #fail(error: string): void {
    if (this.#lastError !== undefined) return;
    this.#lastError = error;
    this.#hooks.failed(error);
  }

  async stop(): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    const closed = Promise.all(
      this.#servers.map(
        (server) => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
      ),
    );
    for (const server of this.#servers) server.closeIdleConnections();
    const grace = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
    }, STOP_GRACE_MS);
    await closed;
    clearTimeout(grace);
  }

  #newServer(): http.Server {
    const server = http.createServer({
      requestTimeout: this.#options.request_timeout_ms,
      headersTimeout: Math.min(this.#options.headers_timeout_ms, this.#options.request_timeout_ms),
      connectionsCheckingInterval: TIMEOUT_CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // #receive() requires it, and says so in JSON.
      requireHostHeader: false,
    });
    // One more than may be, so that a request with more can be told.
    server.maxHeadersCount = MAX_HEADER_LINES + 1;
    this.#hooks.connections.watch(server);
    server.on('connection', (socket) => this.#queues.open(socket));
    const queued: http.RequestListener = (request, response) => this.#queues.of(request.socket).add(request, response);
    server.on('request', queued);
    // A client that waits for "100 Continue" is told to go on by readBody(), once its headers have been checked.
    server.on('checkContinue', queued);
    server.on('checkExpectation', queued);
    server.on('connect', (_request, socket) => {
      // node:http has let go of the socket.
      socket.on('error', () => undefined);
      const failure = new Failure('methodNotAllowed', 'CONNECT is for proxies, and this is none');
      this.#queues.of(socket as Socket).whenIdle(() => answerPastHttp(socket, failure));
    });
    server.on('clientError', (error, socket) => {
      this.#queues.of(socket as Socket).whenIdle(() => answerUnreadable(error, socket));
    });
    return server;
  }

  /** Refuses what no route should see, and answers what browsers ask before they send. */
  #receive(request: http.IncomingMessage, response: http.ServerResponse): void {
    // Before anything can fail: a page has to be able to read errors.
    const isFromAllowedPage = this.#cors?.allow(request, response) ?? false;
    try {
      checkFraming(request);
    } catch (error) {
      // Where the next request begins is not sure.
      response.setHeader('connection', 'close');
      this.#respondFailure(request, response, error);
      return;
    }
    const path = withoutSlashAtEnd(request.url!.split('?', 1)[0]!);
    const methods = isFromAllowedPage && isPreflight(request) ? allowed(path) : undefined;
    if (methods === undefined) this.#route!(request, response);
    else this.#respond(response, 200, { status: 'ok' }, preflightHeaders(methods));
  }

  #routes(takeHandler: (handler: http.RequestListener) => void): FastifyInstance {
    const app = fastify({
      // We bind sockets ourselves: "localhost" takes two, and each can fail in its own way.
      serverFactory: (handler) => {
        takeHandler(handler as http.RequestListener);
        return http.createServer();
      },
      rewriteUrl: ({ url }) => withoutSlashAtEnd(url!),
      // A URL that it cannot decode: nothing is there.
      frameworkErrors: (_error, request, reply) =>
        this.#respondFailure(request.raw, reply.hijack().raw, notRouted(request.url.split('?', 1)[0]!, request.method)),
    });
    // All answers are made in hooks that run before fastify looks at Content-Type and body: it would refuse some types
    // in words and in an order of its own, and bodies are read by readBody(), which bounds and admits them.
    app.addHook('onRequest', (request, _reply, done) => {
      done(request.is404 ? notRouted(request.url.split('?', 1)[0]!, request.method) : undefined);
    });
    app.setErrorHandler((error, request, reply) => this.#respondFailure(request.raw, reply.hijack().raw, error));
    app.get('/healthz', (_request, reply) => this.#respond(reply.hijack().raw, 200, { status: 'ok' }));
    app.get('/readyz', (_request, reply) =>
      this.#hooks.isReady()
        ? this.#respond(reply.hijack().raw, 200, { status: 'ready' })
        : this.#respond(reply.hijack().raw, 503, { status: 'degraded' }),
    );
    for (const [path, signal] of signalByPath) {
      const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
        const { rows, batches } = await this.#ingest.counted(() => this.#export(signal, request.raw, reply.raw));
        this.#respond(reply.hijack().raw, 202, { status: 'buffered', rows, batches });
      };
      app.post(path, { onRequest }, () => {
        throw new Error(`BUG: ${path} was not answered before its body`);
      });
    }
    return app;
  }

  async #export(signal: Signal, request: http.IncomingMessage, response: http.ServerResponse): Promise<Receipt> {
    const { headers } = request;
    if (this.#isStopping) throw new Failure('stopping', 'the server is stopping');
    const principal = this.#authorization.check({
      authorization: headers.authorization,
      apiKey: singleHeader(headers['x-api-key']),
    });
    const format = wireFormat(headers['content-type']);
    const encoding = contentEncoding(headers['content-encoding']);
    const reservation = this.#ingest.admission.reservation(principal);
    try {
      const body = await readBody(request, response, this.#options.max_body_bytes, this.#ingest, reservation);
      return await this.#ingest.accept({ signal, format, encoding, body }, reservation, request.socket);
    } finally {
      reservation.release();
    }
  }

  #respondFailure(request: http.IncomingMessage, response: http.ServerResponse, thrown: unknown): void {
    const failure = thrown instanceof Failure ? thrown : new Failure('internal', messageOf(thrown), { cause: thrown });
    if (failure.kind === 'internal') this.#hooks.internalError(thrown);
    const { http: status, reason, retryable } = failureKinds[failure.kind];
    const headers: http.OutgoingHttpHeaders = {};
    if (retryable) headers['retry-after'] = RETRY_AFTER_S;
    if (status === 401) headers['www-authenticate'] = 'Bearer';
    if (status === 405) headers['allow'] = allowed(request.url!.split('?', 1)[0]!);
    if (this.#hasMuchToCome(request)) {
      headers['connection'] = 'close';
      endSoon(request.socket);
    }
    this.#respond(response, status, { error: reason, message: failure.message }, headers);
  }

  /** Whether more of a body may follow than a request is allowed, all of which would have to be read to be passed by. */
  #hasMuchToCome(request: http.IncomingMessage): boolean {
    if (request.complete) return false;
    const { 'transfer-encoding': transferEncoding, 'content-length': length } = request.headers;
    return transferEncoding !== undefined || Number(length ?? 0) > this.#options.max_body_bytes;
  }

  /** Answers past fastify, which would send head and body as two writes, and add a charset to the type. */
  #respond(
    response: http.ServerResponse,
    status: number,
    answer: object,
    headers: http.OutgoingHttpHeaders = {},
  ): void {
    const text = JSON.stringify(answer);
    headers['content-type'] = 'application/json';
    headers['content-length'] = Buffer.byteLength(text);
    const { socket } = response.req;
    const queue = this.#queues.of(socket);
    this.#endOfTurn.add(() => {
      if (this.#isStopping) headers['connection'] = 'close';
      response.writeHead(status, headers).end(text);
      // A client that reads no answers has as long for them as for its requests; node:http gives it for ever.
      if (socket.writableLength > 0 || queue.isPipelined) {
        socket.setTimeout(Math.min(this.#options.request_timeout_ms, LONGEST_TIMER_MS));
      }
      queue.answered();
    });
    // Such a client does not wait for the answer, so that nothing is won, and its answers would be held by the thousand.
    if (queue.isPipelined) this.#endOfTurn.run();
  }
}

/** Throws for a request whose headers say that its body, or the headers themselves, may not be what they seem. */
function checkFraming({ headers, rawHeaders, httpVersion }: http.IncomingMessage): void {
  // Names and values alternate.
  if (rawHeaders.length > 2 * MAX_HEADER_LINES) {
    throw new Failure('headersTooLarge', `a request may have ${MAX_HEADER_LINES} headers, got more`);
  }
  const { host, expect, 'transfer-encoding': transferEncoding } = headers;
  if (host === undefined && httpVersion === '1.1') throw new Failure('malformed', 'the Host header is missing');
  if (expect !== undefined && httpVersion === '1.1' && expect.toLowerCase() !== '100-continue') {
    throw new Failure('expectationFailed', `Expect must be 100-continue, got ${expect}`);
  }
  // node:http looks for "chunked" at its end and passes by what stands before.
  if (transferEncoding !== undefined && transferEncoding.toLowerCase() !== 'chunked') {
    throw new Failure('notImplemented', `Transfer-Encoding must be chunked, got ${transferEncoding}`);
  }
}

function notRouted(path: string, method: string): Failure {
  const allow = allowed(path);
  return allow === undefined
    ? new Failure('notFound', `there is nothing at ${path}`)
    : new Failure('methodNotAllowed', `${path} takes ${allow}, got ${method}`);
}

function withoutSlashAtEnd(url: string): string {
  return url.replace(/(?<=.)\/+(?=$|\?)/, '');
}

function allowed(path: string): string | undefined {
  if (signalByPath.has(path)) return 'POST';
  return (GET_PATHS as readonly string[]).includes(path) ? 'GET, HEAD' : undefined;
}

function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** Answers on a socket whose request is late, or is not HTTP, and so never became a request object. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    answerPastHttp(socket, new Failure('timedOut', 'the request did not arrive in time'));
    return;
  }
  const kind = error.code === 'HPE_HEADER_OVERFLOW' ? 'headersTooLarge' : 'malformed';
  answerPastHttp(socket, new Failure(kind, `cannot read the request: ${error.message}`));
}

/** Answers on a socket that has no response object, and ends it. */
function answerPastHttp(socket: Duplex, { kind, message }: Failure): void {
  const { http: status, reason } = failureKinds[kind];
  const body = JSON.stringify({ error: reason, message });
  const allow = status === 405 ? 'Allow: GET, HEAD, POST\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\nContent-Type: application/json\r\n${allow}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  endSoon(socket);
}

/** Cuts a connection off once its client has had time to read an answer: it may keep its end open, or send, for ever. */
function endSoon(socket: Duplex): void {
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}
