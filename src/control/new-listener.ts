// Requested listeners → listeners for each wire. They share everything behind Ingest.

import type { Ingest } from '../ingest/ingest.js';
import { otapMethods, otapServices } from '../receive/otap-service.js';
import { otlpGrpcMethods, otlpServices } from '../receive/otlp-grpc-service.js';
import { otlpHttpRoutes } from '../receive/otlp-http.js';
import { allowedOrigins } from '../schema/origins.js';
import type { ServeOptions } from '../schema/serve-options.js';
import { ConnectionLimit } from '../server/connection-limit.js';
import { Cors } from '../server/cors.js';
import type { GrpcMethod } from '../server/grpc/call.js';
import { HEALTH_SERVICE, healthMethods } from '../server/grpc/health.js';
import { GrpcListener } from '../server/grpc/listener.js';
import { reflectionMethods } from '../server/grpc/reflection.js';
import { healthRoutes } from '../server/http/health.js';
import { HttpListener } from '../server/http/listener.js';
import { Authorization } from '../server/identity/authorization.js';
import type { ListenUri } from '../server/listen-uri.js';
import type { Listener, ListenerHooks } from '../server/listener.js';
import { Listeners } from './listeners.js';
import type { ListenerRequest, ServeRequest } from './serve-request.js';

/** Creates all requested listeners. */
export function newListeners(
  request: ServeRequest,
  ingest: Ingest,
  hooks: Omit<ListenerHooks, 'connections'>,
): Listeners {
  const authorization = new Authorization(request.token);
  const connections = new ConnectionLimit(request.options.max_connections);
  const parts = request.listeners.map((asked) => ({
    request: asked,
    listener: newListener(asked, request.options, authorization, ingest, { ...hooks, connections }),
  }));
  return new Listeners(parts, connections);
}

function newListener(
  { uri, transport, protocols }: ListenerRequest,
  options: ServeOptions,
  authorization: Authorization,
  ingest: Ingest,
  hooks: ListenerHooks,
): Listener {
  if (transport === 'http') return newHttpListener(uri, options, authorization, ingest, hooks);
  const timeoutMs = options.request_timeout_ms;
  const services = protocols.flatMap((protocol) => (protocol === 'otap' ? otapServices : [...otlpServices.keys()]));
  const methods: ReadonlyMap<string, GrpcMethod> = new Map([
    ...protocols.flatMap((protocol) => [
      ...(protocol === 'otap'
        ? otapMethods(ingest, authorization, options)
        : otlpGrpcMethods(ingest, authorization, timeoutMs)),
    ]),
    ...healthMethods(services, () => hooks.isReady(), timeoutMs),
    ...reflectionMethods([...services, HEALTH_SERVICE], timeoutMs),
  ]);
  return new GrpcListener({
    uri,
    methods,
    maxMessageBytes: options.max_body_bytes,
    hooks,
  });
}

function newHttpListener(
  uri: ListenUri,
  options: ServeOptions,
  authorization: Authorization,
  ingest: Ingest,
  hooks: ListenerHooks,
): HttpListener {
  const { cors_allowed_origins: origins, max_body_bytes: maxBodyBytes } = options;
  return new HttpListener({
    uri,
    routes: new Map([...otlpHttpRoutes(ingest, authorization, maxBodyBytes), ...healthRoutes(() => hooks.isReady())]),
    maxBodyBytes,
    requestTimeoutMs: options.request_timeout_ms,
    headersTimeoutMs: options.headers_timeout_ms,
    cors: origins === null ? undefined : new Cors(allowedOrigins('cors_allowed_origins', origins)),
    hooks,
  });
}
