// What was asked for → the listener of its wire. They share everything behind Ingest.

import type { Ingest } from '../ingest/ingest.js';
import { HttpListener } from '../receive/http-listener.js';
import { otapMethods, otapServices } from '../receive/otap-service.js';
import { otlpGrpcMethods, otlpServices } from '../receive/otlp-grpc-service.js';
import type { GrpcMethod } from '../server/grpc/call.js';
import { HEALTH_SERVICE, healthMethods } from '../server/grpc/health.js';
import { GrpcListener } from '../server/grpc/listener.js';
import { reflectionMethods } from '../server/grpc/reflection.js';
import { Authorization } from '../server/identity/authorization.js';
import type { Listener, ListenerHooks } from '../server/listener.js';
import type { ServeRequest } from './serve-request.js';

export function newListener(request: ServeRequest, ingest: Ingest, hooks: ListenerHooks): Listener {
  const { uri, options } = request;
  const authorization = new Authorization(request.token);
  if (request.transport === 'http') return new HttpListener(uri, options, authorization, ingest, hooks);
  const timeoutMs = options.request_timeout_ms;
  const isOtap = uri.scheme === 'otap';
  const services = isOtap ? otapServices : [...otlpServices.keys()];
  const methods: ReadonlyMap<string, GrpcMethod> = new Map([
    ...(isOtap ? otapMethods(ingest, authorization, options) : otlpGrpcMethods(ingest, authorization, timeoutMs)),
    ...healthMethods(services, () => hooks.isReady(), timeoutMs),
    ...reflectionMethods([...services, HEALTH_SERVICE], timeoutMs),
  ]);
  return new GrpcListener({
    uri,
    methods,
    maxMessageBytes: options.max_body_bytes,
    maxConnections: options.max_connections,
    hooks,
  });
}
