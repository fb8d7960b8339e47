// What was asked for → listeners, each of its wire. They share everything behind Ingest.

import type { Ingest } from '../ingest/ingest.js';
import { HttpListener } from '../receive/http-listener.js';
import { otapMethods, otapServices } from '../receive/otap-service.js';
import { otlpGrpcMethods, otlpServices } from '../receive/otlp-grpc-service.js';
import { ConnectionLimit } from '../server/connection-limit.js';
import type { GrpcMethod } from '../server/grpc/call.js';
import { HEALTH_SERVICE, healthMethods } from '../server/grpc/health.js';
import { GrpcListener } from '../server/grpc/listener.js';
import { reflectionMethods } from '../server/grpc/reflection.js';
import { Authorization } from '../server/identity/authorization.js';
import type { Listener, ListenerHooks } from '../server/listener.js';
import { Listeners } from './listeners.js';
import type { ListenerRequest, ServeRequest } from './serve-request.js';

/** Makes all listeners that were asked for. */
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
  options: ServeRequest['options'],
  authorization: Authorization,
  ingest: Ingest,
  hooks: ListenerHooks,
): Listener {
  if (transport === 'http') return new HttpListener(uri, options, authorization, ingest, hooks);
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
