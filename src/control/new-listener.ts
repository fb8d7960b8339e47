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
import { HttpListener } from '../server/http/listener.js';
import type { HttpMethods } from '../server/http/routes.js';
import type { Authorization } from '../server/identity/authorization.js';
import type { ListenUri } from '../server/listen-uri.js';
import type { Listener, ListenerHooks } from '../server/listener.js';
import { areOk, probes } from '../server/probes.js';
import type { TlsIdentity } from '../server/tls/tls-identity.js';
import { healthz } from './healthz-route.js';
import { Listeners } from './listeners.js';
import { metricsRoutes } from './metrics-route.js';
import type { MetricFamily } from './metrics-text.js';
import type { ListenerRequest, ServeRequest } from './serve-request.js';

/** What the listeners of a server share. */
interface SharedParts {
  readonly options: ServeOptions;
  readonly authorization: Authorization;
  readonly ingest: Ingest;
  readonly hooks: ListenerHooks;
  /** Undefined where connections are not encrypted. */
  readonly tls: TlsIdentity | undefined;
  /** URI of the server, once it is bound. */
  listenUri(): string;
  /** Of all servers. */
  metrics(): readonly MetricFamily[];
}

/** Creates all requested listeners. */
export function newListeners(
  { options, listeners }: ServeRequest,
  {
    hooks,
    ...parts
  }: Pick<SharedParts, 'ingest' | 'authorization' | 'listenUri' | 'metrics' | 'tls'> & {
    hooks: Omit<ListenerHooks, 'connections'>;
  },
): Listeners {
  const connections = new ConnectionLimit(options.max_connections);
  const shared = {
    ...parts,
    options,
    hooks: { ...hooks, connections },
  };
  const made = listeners.map((asked) => ({ request: asked, listener: newListener(asked, shared) }));
  return new Listeners(made, connections);
}

function newListener({ uri, transport, protocols }: ListenerRequest, shared: SharedParts): Listener {
  if (transport === 'http') return newHttpListener(uri, shared);
  const { options, authorization, ingest, tls, hooks } = shared;
  const timeoutMs = options.request_timeout_ms;
  const services = protocols.flatMap((protocol) => (protocol === 'otap' ? otapServices : [...otlpServices.keys()]));
  const methods: ReadonlyMap<string, GrpcMethod> = new Map([
    ...protocols.flatMap((protocol) => [
      ...(protocol === 'otap'
        ? otapMethods(ingest, authorization, options)
        : otlpGrpcMethods(ingest, authorization, timeoutMs)),
    ]),
    ...healthMethods(services, () => areOk(hooks.checks()), timeoutMs),
    ...reflectionMethods([...services, HEALTH_SERVICE], timeoutMs),
  ]);
  return new GrpcListener({
    uri,
    methods,
    maxMessageBytes: options.max_body_bytes,
    maxStreams: options.grpc_max_concurrent_streams,
    keepalive: { pingMs: options.grpc_keepalive_ms, timeoutMs: options.grpc_keepalive_timeout_ms },
    tls,
    hooks,
  });
}

function newHttpListener(
  uri: ListenUri,
  { options, authorization, ingest, tls, hooks, listenUri, metrics }: SharedParts,
): HttpListener {
  const { cors_allowed_origins: origins, max_body_bytes: maxBodyBytes } = options;
  return new HttpListener({
    uri,
    routes: new Map<string, HttpMethods>([
      ...otlpHttpRoutes(ingest, authorization, maxBodyBytes),
      ...[...probes(() => hooks.checks())].map(([path, GET]) => [path, { GET }] as const),
      ['/healthz', { GET: healthz({ authorization, listenUri, metrics }) }],
      ...metricsRoutes(metrics),
    ]),
    maxBodyBytes,
    requestTimeoutMs: options.request_timeout_ms,
    headersTimeoutMs: options.headers_timeout_ms,
    cors: origins === null ? undefined : new Cors(allowedOrigins('cors_allowed_origins', origins)),
    tls,
    hooks,
  });
}
