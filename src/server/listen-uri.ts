// Text → listen URI, for `otlp_uri_parser` and the serve functions.

import { isIPv6 } from 'node:net';
import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';

/** What comes in: telemetry as OTLP or OTAP. */
export type Scheme = 'otlp' | 'otap';
/** Or queries. */
export type ListenScheme = Scheme | 'query';
/** Of URLs: whether connections are encrypted. */
export type UrlScheme = 'http' | 'https';

export interface ListenUri {
  readonly scheme: ListenScheme;
  /** Host name or address in lower case, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly ipv6: boolean;
}

const DEFAULT_GRPC_PORT = 4317;
/**
 * Twenty above that of OTLP/HTTP. IANA assigns it to nobody, and neither Prometheus, Loki, Tempo, Grafana, a Collector and its extensions,
 * OpAMP (4320) nor agents that listen beside 4317 and 4318 (4315, 4316, 4319) use it.
 */
const DEFAULT_QUERY_PORT = 4338;
const DEFAULT_PORTS: Readonly<Record<ListenScheme, number>> = {
  otlp: 4318,
  otap: DEFAULT_GRPC_PORT,
  query: DEFAULT_QUERY_PORT,
};
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '::1']);
const MAX_PORT = 65_535;

/**
 * Parses `otlp:host:port`, `otlp://host:port` and the same with `otap` or `query`. IPv6 addresses are in brackets. Host and port are
 * optional. `anyPort` accepts port 0, for which the listener picks a free port. Errors name the wrong part.
 */
export function parseListenUri(text: string, ports: 'givenPort' | 'anyPort' = 'givenPort'): ListenUri {
  const prefix = /^(otlp|otap|query):(?:\/\/)?/.exec(text);
  if (prefix === null) {
    throw new SqlError(
      'OTLP_URI_INVALID',
      `listen URI needs to start with 'otlp:', 'otap:' or 'query:', got '${text}'`,
    );
  }
  const scheme = prefix[1] as ListenScheme;
  return { scheme, ...parseHostAndPort(text.slice(prefix[0].length), text, DEFAULT_PORTS[scheme], ports) };
}

/**
 * Parses the `host:port` of a gRPC listener, as given by an option. A scheme before it is allowed. The port defaults to 4317;
 * 0 picks a free one. Errors name the option and the wrong part.
 */
export function parseGrpcAddress(text: string, option: string, scheme: Scheme): ListenUri {
  try {
    const hostAndPort = text.replace(/^(?:otlp|otap):(?:\/\/)?/, '');
    return { scheme, ...parseHostAndPort(hostAndPort, text, DEFAULT_GRPC_PORT, 'anyPort') };
  } catch (error) {
    throw new SqlError('OTLP_URI_INVALID', `${option} must be host:port: ${messageOf(error)}`);
  }
}

function parseHostAndPort(
  rest: string,
  text: string,
  defaultPort: number,
  ports: 'givenPort' | 'anyPort',
): Pick<ListenUri, 'host' | 'port' | 'ipv6'> {
  const { host, portText } = rest.startsWith('[') ? splitIPv6(rest, text) : splitHost(rest, text);
  const port = portText === undefined ? defaultPort : parsePort(portText, ports, text);
  return { host, port, ipv6: host.includes(':') };
}

/** Whether a host is this machine, and nobody else reaches it. */
export function isLocalHost(host: string): boolean {
  return LOCAL_HOSTS.has(host.toLowerCase());
}

/** Canonical spelling of a URI, which identifies a server. */
export function canonicalUri(uri: ListenUri): string {
  return `${uri.scheme}:${hostInUrl(uri)}:${uri.port}`;
}

export function httpUrl(uri: ListenUri, scheme: UrlScheme = 'http'): string {
  return `${scheme}://${hostInUrl(uri)}:${uri.port}`;
}

/** Throws if others than this machine could reach a listener there, unless they may. */
export function checkHost(
  { host }: ListenUri,
  { allow_other_hostname: othersMay }: { allow_other_hostname: boolean },
): void {
  if (othersMay || isLocalHost(host)) return;
  throw new SqlError(
    'OTLP_HOST_NOT_ALLOWED',
    `Only localhost is allowed, got '${host}': pass allow_other_hostname := true to listen on other hosts`,
  );
}

function hostInUrl({ host, ipv6 }: ListenUri): string {
  return ipv6 ? `[${host}]` : host;
}

function splitIPv6(rest: string, text: string): { host: string; portText: string | undefined } {
  const close = rest.indexOf(']');
  if (close === -1) throw new SqlError('OTLP_URI_INVALID', `missing ']' after the IPv6 address in '${text}'`);
  const host = rest.slice(1, close).toLowerCase();
  if (host === '') throw new SqlError('OTLP_URI_INVALID', `Missing IPv6 address between '[' and ']' in '${text}'`);
  const wrong = /[^0-9a-f:.]/.exec(host);
  if (wrong !== null)
    throw new SqlError('OTLP_URI_INVALID', `Invalid character in IPv6 address: '${wrong[0]}' in '${text}'`);
  if (!isIPv6(host)) throw new SqlError('OTLP_URI_INVALID', `Invalid IPv6 address '${host}' in '${text}'`);
  const after = rest.slice(close + 1);
  if (after !== '' && !after.startsWith(':')) {
    throw new SqlError(
      'OTLP_URI_INVALID',
      `Invalid OTLP listen port: expected ':' after ']', got '${after}' in '${text}'`,
    );
  }
  return { host, portText: after === '' ? undefined : after.slice(1) };
}

function splitHost(rest: string, text: string): { host: string; portText: string | undefined } {
  const colon = rest.indexOf(':');
  const host = (colon === -1 ? rest : rest.slice(0, colon)).toLowerCase();
  const wrong = /[^a-z0-9._-]/.exec(host);
  if (wrong !== null)
    throw new SqlError('OTLP_URI_INVALID', `Invalid character in OTLP hostname: '${wrong[0]}' in '${text}'`);
  return { host: host === '' ? 'localhost' : host, portText: colon === -1 ? undefined : rest.slice(colon + 1) };
}

function parsePort(portText: string, ports: 'givenPort' | 'anyPort', text: string): number {
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : Number.NaN;
  const lowest = ports === 'anyPort' ? 0 : 1;
  if (!(port >= lowest && port <= MAX_PORT)) {
    throw new SqlError(
      'OTLP_URI_INVALID',
      `Invalid OTLP listen port '${portText}' in '${text}': must be from ${lowest} to ${MAX_PORT}`,
    );
  }
  return port;
}
