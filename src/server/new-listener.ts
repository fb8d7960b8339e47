// What was asked for → the listener of its wire. They share everything behind Ingest.

import { Authorization } from './authorization.js';
import type { GrpcMethod } from './grpc-call.js';
import { HEALTH_SERVICE, healthMethods } from './grpc-health.js';
import { GrpcListener } from './grpc-listener.js';
import { reflectionMethods } from './grpc-reflection.js';
import { HttpListener } from './http-listener.js';
import type { Ingest } from './ingest.js';
import type { Listener, ListenerHooks } from './listener.js';
import { otapMethods, otapServices } from './otap-service.js';
import { otlpGrpcMethods, otlpServices } from './otlp-grpc-service.js';
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
  return new GrpcListener({ uri, methods, maxMessageBytes: options.max_body_bytes, hooks });
}
