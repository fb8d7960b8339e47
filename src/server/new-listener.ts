// What was asked for → the listener of its wire. They share everything behind Ingest.

import { Authorization } from './authorization.js';
import { healthMethods } from './grpc-health.js';
import { GrpcListener } from './grpc-listener.js';
import { HttpListener } from './http-listener.js';
import type { Ingest } from './ingest.js';
import type { Listener, ListenerHooks } from './listener.js';
import { otlpGrpcMethods, otlpServices } from './otlp-grpc-service.js';
import type { ServeRequest } from './serve-request.js';

export function newListener(request: ServeRequest, ingest: Ingest, hooks: ListenerHooks): Listener {
  const { uri, options } = request;
  const authorization = new Authorization(request.token);
  if (request.transport === 'http') return new HttpListener(uri, options, authorization, ingest, hooks);
  const methods = new Map([
    ...otlpGrpcMethods(ingest, authorization, options.request_timeout_ms),
    ...healthMethods([...otlpServices.keys()], () => hooks.isReady()),
  ]);
  return new GrpcListener({ uri, options, methods, hooks });
}
