// What a serve function was asked for → a request that can be carried out, or the reason why it cannot.

import { randomBytes } from 'node:crypto';
import { SqlError } from '../base/sql-error.js';
import { checkToken } from '../base/token-rule.js';
import { namedCatalog } from '../catalog/table-home.js';
import type { Caller } from '../duckdb/pending-function.js';
import { type GivenValue, readOptions } from '../schema/option-declaration.js';
import { type ServeOptions, serveOptions } from '../schema/serve-options.js';
import {
  canonicalUri,
  isLocalHost,
  type ListenUri,
  parseGrpcAddress,
  parseListenUri,
  type Scheme,
} from '../server/listen-uri.js';

export type Transport = 'http' | 'grpc';

/** One listener of a server. */
export interface ListenerRequest {
  readonly uri: ListenUri;
  readonly transport: Transport;
  /** What it takes. A gRPC listener beside another one takes both. */
  readonly protocols: readonly Scheme[];
}

export interface ServeRequest {
  /** The first is the one that the server is named by. */
  readonly listeners: readonly [ListenerRequest, ...ListenerRequest[]];
  readonly options: ServeOptions;
  /** What clients must present; undefined when everybody may send. */
  readonly token: string | undefined;
  readonly caller: Caller;
}

/** The function that a server is started with: it decides the scheme, and which transports there are. */
export type ServeFunction = 'otlp_serve' | 'otap_serve';

const functionTraits: Readonly<Record<ServeFunction, { scheme: Scheme; transports: readonly Transport[] }>> = {
  otlp_serve: { scheme: 'otlp', transports: ['http', 'grpc'] },
  otap_serve: { scheme: 'otap', transports: ['grpc'] },
};

/** Reads and checks URI and options. Throws naming the option at fault, before anything has been started. */
export function serveRequest(
  name: ServeFunction,
  uriText: string,
  given: Readonly<Record<string, GivenValue>>,
  caller: Caller,
): ServeRequest {
  const { scheme, transports } = functionTraits[name];
  const asked = given['transport'] ?? null;
  if (name === 'otap_serve' && asked !== null && String(asked).toLowerCase() !== 'grpc') {
    throw new SqlError(
      'OTLP_ARGUMENT_INVALID',
      `otap_serve is gRPC-only: transport must be 'grpc' or left out, got '${asked}'`,
    );
  }
  const uri = parseListenUri(uriText, 'anyPort');
  if (uri.scheme !== scheme)
    throw new SqlError('OTLP_URI_INVALID', `${name} requires an '${scheme}:' URI, got '${uriText}'`);
  const options = readOptions(serveOptions, given);
  const transport = options.transport ?? transports[0]!;
  const listeners = [
    { uri, transport, protocols: [scheme] },
    ...besideListeners(name, uri, transport, options),
  ] as const;
  for (const { uri: checked } of listeners) checkHost(checked, options);
  if (options.parquet_export_path !== null && namedCatalog(options.catalog) !== undefined) {
    throw new SqlError('OTLP_ARGUMENT_CONFLICT', 'parquet_export_path cannot be combined with catalog');
  }
  if (
    options.parquet_export_path !== null &&
    (options.promote_resource_attributes || options.promote_scope_attributes)
  ) {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      'parquet_export_path cannot be combined with promoted attributes, which are columns of a catalog',
    );
  }
  return { listeners, options, token: token(options), caller };
}

/** The listener that option `grpc` asks for, if it does. */
function besideListeners(
  name: ServeFunction,
  uri: ListenUri,
  transport: Transport,
  { grpc }: ServeOptions,
): ListenerRequest[] {
  if (grpc === null) return [];
  if (transport === 'grpc') {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      `grpc adds a gRPC listener to one of HTTP, and ${name === 'otap_serve' ? 'otap_serve' : "transport := 'grpc'"} has no HTTP listener, got '${grpc}'`,
    );
  }
  const beside = parseGrpcAddress(grpc, 'grpc', 'otlp');
  if (beside.port !== 0 && canonicalUri(beside) === canonicalUri(uri)) {
    throw new SqlError(
      'OTLP_ARGUMENT_CONFLICT',
      `grpc must name another port than the URI, got '${grpc}' beside '${canonicalUri(uri)}'`,
    );
  }
  return [{ uri: beside, transport: 'grpc', protocols: ['otlp', 'otap'] }];
}

function checkHost(uri: ListenUri, options: ServeOptions): void {
  if (options.allow_other_hostname || isLocalHost(uri)) return;
  throw new SqlError(
    'OTLP_HOST_NOT_ALLOWED',
    `Only localhost is allowed, got '${uri.host}': pass allow_other_hostname := true to listen on other hosts`,
  );
}

function token(options: ServeOptions): string | undefined {
  if (options.disable_auth) return undefined;
  if (options.token === null) return randomBytes(16).toString('hex');
  checkToken('OTLP server token', options.token);
  return options.token;
}
