// Sockets → requests for the routes of APIs, on fastify, and gRPC calls; what handlers return and throw → responses.

import http, { type IncomingMessage } from 'node:http';
import type { Http2Server } from 'node:http2';
import net, { type Socket } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Failure, messageOf } from '../../base/failure.js';
import { type Cors, isPreflight } from '../cors.js';
import { failureAnswer } from '../failure-answer.js';
import { whenProtocolKnown } from '../first-bytes.js';
import { GrpcServer } from '../grpc/server.js';
import { credentialsOf } from '../identity/credentials.js';
import { type Principal, soleReader } from '../identity/principal.js';
import type { ReadAuthorization } from '../identity/read-authorization.js';
import { SAFE_METHODS, type Sessions } from '../identity/sessions.js';
import { isLocalHost, type ListenUri } from '../listen-uri.js';
import type { Listener, ListenerHooks } from '../listener.js';
import { ListeningSockets } from '../listening-sockets.js';
import { checkLocalName } from '../local-name.js';
import { areOk } from '../probes.js';
import type { TlsIdentity } from '../tls/tls-identity.js';
import { grpcMethods } from './grpc-calls.js';
import { acceptsGzip, gzipped } from './gzip-answers.js';
import type { ReadAnswer, ReadApi, ReadPermission, ReadRequest, ReadRoute, UpgradeRoute } from './read-api.js';
import { readProbes } from './read-probes.js';
import type { RequestRate } from './request-rate.js';

/** Queries of dashboards in URLs are some kilobytes long, with matchers for many series more. */
const MAX_HEADER_BYTES = 64 << 10;
/** Values in a path, such as escaped label names. */
const MAX_PATH_VALUE_CHARACTERS = 4096;
const HEADERS_TIMEOUT_MS = 10_000;
/** For a request, not for its answer. */
const REQUEST_TIMEOUT_MS = 60_000;
/** How often Node looks for requests that are late. */
const TIMEOUT_CHECK_MS = 1000;
/** Longer than clients and load balancers usually keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 75_000;
/** How long a client may take nothing of its answer. */
const SEND_TIMEOUT_MS = 60_000;
/** How long stop() waits for the answers of queries that run. */
const STOP_GRACE_MS = 5000;
/** How long clients then have to read why their query was ended. */
const LAST_WORDS_MS = 500;

export interface ReadListenerOptions {
  readonly uri: ListenUri;
  readonly apis: readonly ReadApi[];
  readonly authorization: ReadAuthorization;
  /** What cookies stand for. Without them, each request has its token. */
  readonly sessions?: Sessions | undefined;
  /** Undefined where nobody asks too often. */
  readonly rate?: RequestRate | undefined;
  readonly maxBodyBytes: number;
  /** Undefined where no page of another origin may ask. */
  readonly cors: Cors | undefined;
  /** Undefined where connections are not encrypted. */
  readonly tls?: TlsIdentity | undefined;
  readonly hooks: ListenerHooks;
  readonly stopGraceMs?: number;
  readonly sendTimeoutMs?: number;
}

export class ReadListener implements Listener {
  readonly #options: ReadListenerOptions;
  readonly #sockets: ListeningSockets<net.Server>;
  readonly #upgrades: ReadonlyMap<string, UpgradeRoute>;
  readonly #principals = new WeakMap<FastifyRequest, Principal>();
  /** Requests that have not been answered. */
  readonly #inFlight = new Set<AbortController>();
  /** Those of them that have become something else, which ends when it is told to. */
  readonly #upgraded = new Set<AbortController>();
  #totalRequests = 0;
  #app: FastifyInstance | undefined;
  /** Undefined where no API has calls: connections are then not looked at. */
  #grpc: { readonly server: GrpcServer; readonly connections: Http2Server } | undefined;
  /** Connections of clients that have not said which protocol they speak. */
  readonly #silent = new Set<Socket>();
  #whenAnswered: (() => void) | undefined;

  constructor(options: ReadListenerOptions) {
    this.#options = options;
    this.#sockets = new ListeningSockets(options.uri, (error) => options.hooks.failed(error));
    this.#upgrades = new Map(options.apis.flatMap(({ upgrades = [] }) => upgrades).map((route) => [route.path, route]));
  }

  get isListening(): boolean {
    return this.#sockets.isListening;
  }

  get lastError(): string | undefined {
    return this.#sockets.lastError;
  }

  /** Requests in progress, and all since the start. */
  get requests(): { readonly active: number; readonly total: number } {
    return { active: this.#inFlight.size, total: this.#totalRequests };
  }

  async listen(): Promise<number> {
    this.#app = this.#newApp();
    await this.#app.ready();
    const { server } = this.#app;
    this.#grpc = this.#newGrpc();
    // Connections come from sockets of ours ("localhost" is two), so it never listens; this begins its watch over late requests.
    server.emit('listening');
    return this.#sockets.bind(() => {
      const sockets = this.#newSockets();
      this.#options.hooks.connections.watch(sockets);
      return sockets;
    });
  }

  async stop(): Promise<void> {
    if (this.#sockets.isClosing) return;
    const closed = this.#sockets.close();
    for (const socket of this.#silent) socket.destroy();
    this.#options.tls?.cutHandshakes();
    const callsEnded = this.#grpc?.server.stop();
    const server = this.#app?.server;
    server?.closeIdleConnections();
    for (const upgraded of this.#upgraded) upgraded.abort(new Failure('stopping', 'the server is stopping'));
    if (!(await this.#answeredWithin(this.#options.stopGraceMs ?? STOP_GRACE_MS))) {
      for (const request of this.#inFlight) request.abort(new Failure('stopping', 'the server is stopping'));
      await this.#answeredWithin(LAST_WORDS_MS);
    }
    server?.closeAllConnections();
    server?.close();
    await callsEnded;
    await closed;
  }

  #newSockets(): net.Server {
    const { tls } = this.#options;
    // As node:http has it: a client may end its side once it has asked.
    if (tls === undefined) {
      return net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#connect(socket));
    }
    const { server } = this.#app!;
    const grpc = this.#grpc?.connections;
    return tls.newServer(grpc === undefined ? ['http/1.1'] : ['h2', 'http/1.1'], (socket) => {
      (socket.alpnProtocol === 'h2' && grpc !== undefined ? grpc : server).emit('connection', socket);
    });
  }

  /** A connection of a client that has said nothing yet. Other protocols than HTTP/1 branch off here. */
  #connect(socket: Socket): void {
    const { server } = this.#app!;
    const grpc = this.#grpc?.connections;
    if (grpc === undefined) {
      server.emit('connection', socket);
      return;
    }
    this.#silent.add(socket);
    socket.once('close', () => this.#silent.delete(socket));
    whenProtocolKnown(socket, HEADERS_TIMEOUT_MS, (protocol) => {
      this.#silent.delete(socket);
      (protocol === 'http2' ? grpc : server).emit('connection', socket);
    });
  }

  #newGrpc() {
    const { apis, authorization, maxBodyBytes, hooks } = this.#options;
    const calls = apis.flatMap((api) => api.calls ?? []);
    if (calls.length === 0) return undefined;
    const server = new GrpcServer({
      methods: grpcMethods(calls, {
        authorization,
        rate: this.#options.rate,
        maxMessageBytes: maxBodyBytes,
        timeoutMs: REQUEST_TIMEOUT_MS,
        isServing: () => areOk(hooks.checks()) && !this.#sockets.isClosing,
      }),
      maxMessageBytes: maxBodyBytes,
      internalError: (error) => hooks.internalError(error),
    });
    return { server, connections: server.newHttp2Server() };
  }

  #newApp(): FastifyInstance {
    const app = fastify({
      serverFactory: (handler) => {
        const server = http.createServer(
          {
            maxHeaderSize: MAX_HEADER_BYTES,
            headersTimeout: HEADERS_TIMEOUT_MS,
            requestTimeout: REQUEST_TIMEOUT_MS,
            connectionsCheckingInterval: TIMEOUT_CHECK_MS,
            keepAliveTimeout: KEEP_ALIVE_MS,
          },
          handler,
        );
        server.on('request', () => this.#totalRequests++);
        server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head));
        return server;
      },
      requestTimeout: REQUEST_TIMEOUT_MS,
      bodyLimit: this.#options.maxBodyBytes,
      routerOptions: { ignoreTrailingSlash: true, maxParamLength: MAX_PATH_VALUE_CHARACTERS },
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.addHook('onRequest', async (request, reply) => this.#allow(request, reply));
    app.setErrorHandler((error, request, reply) => this.#send(reply, this.#failed(error, undefined, request.raw)));
    app.setNotFoundHandler((request, reply) => {
      const path = pathOf(request.raw);
      const failure = new Failure('notFound', `there is nothing at ${path}`);
      return this.#send(reply, this.#failed(failure, undefined, request.raw));
    });
    const checks = () => ({ ...this.#options.hooks.checks(), listener: this.#sockets.isClosing ? 'stopping' : 'ok' });
    for (const api of [readProbes(checks), ...this.#options.apis]) this.#addRoutes(app, api);
    return app;
  }

  #addRoutes(app: FastifyInstance, api: ReadApi): void {
    const methodsByPath = new Map<string, string[]>();
    for (const route of api.routes) {
      const methods = [route.method].flat();
      methodsByPath.set(route.path, [...(methodsByPath.get(route.path) ?? []), ...methods]);
      app.route({
        method: methods,
        url: route.path,
        // Before the body is read.
        onRequest: async (request) => this.#admit(route.permission, request),
        errorHandler: (error, request, reply) => this.#send(reply, this.#failed(error, api, request.raw)),
        handler: (request, reply) => this.#answer(route, api, request, reply),
      });
    }
    for (const [path, methods] of methodsByPath) {
      const allowed = methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]));
      app.route({
        method: app.supportedMethods.filter((method) => !allowed.includes(method)),
        url: path,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          const allow = allowed.join(', ');
          const text = `${pathOf(request.raw)} takes ${allow}, got ${request.method}`;
          reply.header('allow', allow);
          return this.#send(reply, this.#failed(new Failure('methodNotAllowed', text), api, request.raw));
        },
      });
    }
  }

  /** Sets what every answer to pages of other origins has, and answers what browsers ask before they send. */
  async #allow(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const { cors } = this.#options;
    if (cors === undefined || !cors.allow(request.raw, reply.raw) || !isPreflight(request.raw)) return undefined;
    const asked = request.raw.headers;
    return reply
      .code(204)
      .headers({
        'access-control-allow-methods': asked['access-control-request-method'],
        // Data sources send headers of their own. A page learns nothing by them that its token does not let it.
        'access-control-allow-headers': asked['access-control-request-headers'] ?? '',
      })
      .send();
  }

  async #answer(route: ReadRoute, api: ReadApi, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const gone = new AbortController();
    this.#inFlight.add(gone);
    reply.raw.once('close', () => {
      gone.abort(new Failure('queryCanceled', 'the client has gone'));
      this.#leave(gone);
    });
    let answer: ReadAnswer;
    try {
      answer = await route.handle(this.#readRequest(request, gone.signal));
    } catch (error) {
      answer = this.#failed(error, api, request.raw);
    }
    const { sent } = answer;
    if (sent !== undefined) {
      // Whatever became of the answer, its connection is free or gone when this is aborted.
      if (gone.signal.aborted) sent();
      else gone.signal.addEventListener('abort', sent, { once: true });
    }
    return this.#send(reply, answer);
  }

  /** Throws unless the client may ask for this. */
  #admit(permission: ReadPermission, request: FastifyRequest): void {
    this.#principals.set(request, this.#principalOf(permission, request.raw));
  }

  #principalOf(permission: ReadPermission, request: IncomingMessage): Principal {
    // Probes, metrics and files of pages. What else is public takes a token in its body.
    if (permission === 'public' && SAFE_METHODS.has(request.method!)) return soleReader;
    // First, so that wrong tokens are counted too.
    this.#options.rate?.take(request.socket.remoteAddress);
    const { authorization: check, uri } = this.#options;
    if (check.isOpen && isLocalHost(uri.host)) checkLocalName(request.headers);
    if (permission === 'public') return soleReader;
    const credentials = credentialsOf(request.headers);
    const authorization = credentials.authorization ?? this.#options.sessions?.authorizationOf(request);
    return check.check({ ...credentials, authorization }, permission);
  }

  #readRequest(request: FastifyRequest, signal: AbortSignal): ReadRequest {
    const { raw } = request;
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return {
      ...asked(raw),
      pathValues: request.params as Record<string, string>,
      form: new URLSearchParams(isForm(raw) ? body.toString() : ''),
      body,
      principal: this.#principals.get(request)!,
      signal,
    };
  }

  #upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    const gone = new AbortController();
    socket.on('error', () => undefined);
    socket.once('close', () => {
      gone.abort(new Failure('queryCanceled', 'the client has gone'));
      this.#upgraded.delete(gone);
      this.#leave(gone);
    });
    this.#inFlight.add(gone);
    this.#upgraded.add(gone);
    try {
      const route = this.#upgrades.get(pathOf(incoming));
      if (route === undefined) throw new Failure('notFound', `there is nothing to upgrade to at ${pathOf(incoming)}`);
      const principal = this.#principalOf(route.permission, incoming);
      const nothing = { pathValues: {}, form: new URLSearchParams(), body: Buffer.alloc(0) };
      route.upgrade({ ...asked(incoming), ...nothing, principal, signal: gone.signal }, incoming, socket, head);
    } catch (error) {
      const { status, body, headers } = failureAnswer(this.#failureOf(error));
      const text = JSON.stringify(body);
      const lines = Object.entries({ ...headers, 'content-type': 'application/json', 'content-length': text.length });
      const all = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\n${all}connection: close\r\n\r\n${text}`);
    }
  }

  #failureOf(thrown: unknown): Failure {
    const failure = thrown instanceof Failure ? thrown : frameworkFailure(thrown);
    if (failure !== undefined) return failure;
    this.#options.hooks.internalError(thrown);
    return new Failure('internal', messageOf(thrown), { cause: thrown });
  }

  #failed(thrown: unknown, api: ReadApi | undefined, { headers: asked }: IncomingMessage): ReadAnswer {
    const failure = this.#failureOf(thrown);
    const { status, body, headers } = failureAnswer(failure);
    // Where a script asks, a browser would show a window for a name and a password over the page that the script belongs to.
    const isScript = asked['sec-fetch-dest'] === 'empty';
    if (status === 401) headers['www-authenticate'] = isScript ? 'Bearer' : 'Bearer, Basic realm="otelduck"';
    const answer = api?.failed?.(failure) ?? { status, type: 'application/json', body: JSON.stringify(body) };
    return { ...answer, headers: { ...headers, ...answer.headers } };
  }

  async #send(reply: FastifyReply, { status = 200, headers = {}, type, body = '' }: ReadAnswer): Promise<FastifyReply> {
    reply.code(status).headers(headers);
    if (type !== undefined) reply.header('content-type', type);
    if (this.#sockets.isClosing) reply.header('connection', 'close');
    if (typeof body !== 'string' && !(body instanceof Uint8Array)) return reply.send(Readable.from(body));
    // To the type of a text, fastify adds a charset that JSON does not have.
    const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
    // Until a client has it all, the answer takes memory. The time starts anew with whatever the client takes.
    reply.raw.setTimeout(this.#options.sendTimeoutMs ?? SEND_TIMEOUT_MS, () => reply.raw.destroy());
    if (headers['content-encoding'] !== undefined) return reply.send(bytes);
    reply.header('vary', [reply.raw.getHeader('vary'), 'Accept-Encoding'].flat().filter(Boolean).join(', '));
    const compressed = acceptsGzip(reply.request.headers['accept-encoding']) ? await gzipped(bytes) : undefined;
    if (compressed === undefined) return reply.send(bytes);
    return reply.header('content-encoding', 'gzip').send(compressed);
  }

  #leave(request: AbortController): void {
    this.#inFlight.delete(request);
    if (this.#inFlight.size === 0) this.#whenAnswered?.();
  }

  /** Whether all requests have been answered within so long. */
  async #answeredWithin(ms: number): Promise<boolean> {
    if (this.#inFlight.size === 0) return true;
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve(false), ms);
      this.#whenAnswered = () => {
        clearTimeout(late);
        resolve(true);
      };
    });
  }
}

/** What the head of a request says. */
function asked(raw: IncomingMessage): Pick<ReadRequest, 'method' | 'path' | 'query' | 'headers' | 'client'> {
  const mark = raw.url!.indexOf('?');
  return {
    method: raw.method!,
    path: pathOf(raw),
    query: new URLSearchParams(mark === -1 ? '' : raw.url!.slice(mark + 1)),
    headers: raw.headers,
    client: `${raw.socket.remoteAddress}:${raw.socket.remotePort}`,
  };
}

function pathOf({ url }: IncomingMessage): string {
  return url!.split('?', 1)[0]!;
}

function isForm({ headers }: IncomingMessage): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '');
}

/** What fastify refuses before a handler sees it. */
function frameworkFailure(thrown: unknown): Failure | undefined {
  const { statusCode, message } = thrown as { statusCode?: number; message: string };
  if (statusCode === 415) return new Failure('unsupported', message, { cause: thrown });
  if (statusCode === 413) return new Failure('tooLarge', message, { cause: thrown });
  if (statusCode !== undefined && statusCode < 500) return new Failure('malformed', message, { cause: thrown });
  return statusCode === 503 ? new Failure('stopping', 'the server is stopping') : undefined;
}
