// Arguments of a serve function → a validated request, or an error that says what is wrong.

import { randomBytes } from 'node:crypto';
import { SqlError } from '../base/sql-error.js';
import { checkToken } from '../base/token-rule.js';
import { namedCatalog } from '../catalog/table-home.js';
import type { Caller } from '../duckdb/pending-function.js';
import { type GivenValue, readOptions } from '../schema/option-declaration.js';
import { type ServeOptions, serveOptions } from '../schema/serve-options.js';
import { checkTokens } from '../schema/tenant-options.js';
import { checkTls } from '../schema/tls-options.js';
import {
  canonicalUri,
  checkHost,
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
  /** Protocols that it accepts. A gRPC listener beside another listener accepts OTLP and OTAP. */
  readonly protocols: readonly Scheme[];
}

export interface ServeRequest {
  /** The server is named by the first. */
  readonly listeners: readonly [ListenerRequest, ...ListenerRequest[]];
  readonly options: ServeOptions;
  /** Token that clients must present; undefined without authentication. */
  readonly token: string | undefined;
  readonly caller: Caller;
}

/** The function that starts the server. It determines the scheme and the possible transports. */
export type ServeFunction = 'otlp_serve' | 'otap_serve';

const functionTraits: Readonly<Record<ServeFunction, { scheme: Scheme; transports: readonly Transport[] }>> = {
  otlp_serve: { scheme: 'otlp', transports: ['http', 'grpc'] },
  otap_serve: { scheme: 'otap', transports: ['grpc'] },
};

/** Parses and validates URI and options before anything is started. Errors name the option. */
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
  checkTls(options);
  checkTokens(
    options,
    { name: 'token', isGiven: options.token !== null },
    { name: 'token_file', isGiven: options.token_file !== null },
  );
  checkNeedsTenants(options);
  return { listeners, options, token: token(options), caller };
}

/** The listener of option `grpc`, if given. */
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

/** Throws at what says something of tenants where there are none. */
function checkNeedsTenants(options: ServeOptions): void {
  if (options.tenants !== 'none') return;
  const given = [
    ...(options.lake_partition === 'tenant_day' ? ["lake_partition := 'tenant_day'"] : []),
    ...(options.rate_limit_by === 'tenant' ? ["rate_limit_by := 'tenant'"] : []),
    ...(options.max_buffered_bytes_per_tenant > 0 ? ['max_buffered_bytes_per_tenant'] : []),
    ...(options.max_requests_per_second_per_tenant > 0 ? ['max_requests_per_second_per_tenant'] : []),
  ];
  if (given.length === 0) return;
  throw new SqlError('OTLP_ARGUMENT_CONFLICT', `${given[0]} needs tenants, which is 'none'`);
}

function token(options: ServeOptions): string | undefined {
  if (options.disable_auth || options.tenant_tokens_file !== null || options.token_file !== null) return undefined;
  if (options.token === null) return randomBytes(16).toString('hex');
  checkToken('OTLP server token', options.token);
  return options.token;
}
