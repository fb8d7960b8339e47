// The command line of `otelduck load` → a plan.

import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Signal, signals } from '../schema/column-declaration.js';
import { encodings, type LoadPlan, MAX_OTAP_RECORDS, type Protocol, protocols, sentCompressions } from './load-plan.js';
import { SERVICE_DIGITS } from './request-number.js';

export interface LoadInvocation {
  readonly kind: 'load';
  readonly plan: LoadPlan;
  readonly isJson: boolean;
  /** Where the server's metrics are looked at before and after. */
  readonly metricsUrl: URL | undefined;
}

interface LoadFlags {
  readonly url?: string;
  readonly uri?: string;
  readonly token?: string | undefined;
  readonly allowRemote?: true;
  readonly protocol?: Protocol;
  readonly encoding: LoadPlan['encoding'];
  readonly compression: LoadPlan['compression'];
  readonly signal: Signal | 'mixed';
  readonly services: number;
  readonly rate: number;
  readonly recordsPerRequest: number;
  readonly connections: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly timeout: number;
  readonly closedLoop?: true;
  readonly numbered?: true;
  readonly payload?: string[];
  readonly tenant?: string;
  readonly tenants?: number;
  readonly ca?: string;
  readonly checkMetrics?: string;
  readonly json?: true;
}

const defaultPorts: Readonly<Record<Protocol, number>> = { http: 4318, grpc: 4317, otap: 4317 };
/** The one that `otelduck serve` takes its token from. */
const TOKEN_VARIABLE = 'OTELDUCK_TOKEN';
const MAX_SERVICES = 10 ** SERVICE_DIGITS;

export function loadCommand(
  environment: Readonly<Record<string, string | undefined>>,
  accept: (invocation: LoadInvocation) => void,
): Command {
  const command = new Command('load')
    .description(
      'Sends telemetry of made-up services to a server, at a rate that does not depend on its answers, and reports what ' +
        'became of it. Latency counts from when a request was due.',
    )
    .option('--url <url>', 'where to send (default: http://localhost with the port of the protocol)')
    .option('--uri <uri>', 'the same as a listen URI: otlp:localhost:4318, otap:localhost:4317')
    .option(
      '--token <token>',
      `bearer token (default: ${TOKEN_VARIABLE} of the environment, which, unlike a flag, ps does not show)`,
    )
    .option('--allow-remote', 'send to a server that is not on this machine')
    .addOption(new Option('--protocol <name>', 'http, or as the URI says').choices(protocols))
    .addOption(new Option('--encoding <name>', 'of bodies over http').choices(encodings).default('protobuf'))
    .addOption(new Option('--compression <name>', 'of bodies and messages').choices(sentCompressions).default('none'))
    .addOption(new Option('--signal <name>', 'what to send').choices([...signals, 'mixed']).default('logs'))
    .option('--services <number>', 'services that send', wholeNumber(1, MAX_SERVICES), 200)
    .option('--rate <number>', 'records a second of each service', positive, 50)
    .option('--records-per-request <number>', 'records in a request', wholeNumber(1, 100_000), 1000)
    .option('--connections <number>', 'connections, each with one request at a time', wholeNumber(1, 10_000), 8)
    .addOption(
      new Option('--duration <time>', 'how long to measure, such as 90s or 5m')
        .argParser(milliseconds)
        .default(60_000, '60s'),
    )
    .addOption(
      new Option('--warm-up <time>', 'how long to send before that').argParser(milliseconds).default(5_000, '5s'),
    )
    .addOption(
      new Option('--timeout <time>', 'longest wait for an answer').argParser(milliseconds).default(60_000, '60s'),
    )
    .option('--closed-loop', 'send as fast as answers come, instead of at a rate')
    .option('--numbered', 'a number of its own for each record, even where each body must be compressed for it')
    .option('--payload <file>', 'send this file instead of made-up records; may be repeated', collected)
    .option('--tenant <name>', 'whose telemetry it is, in the header x-tenant-id')
    .option('--tenants <number>', 'tenants tenant-1, tenant-2 …: each connection sends for one', wholeNumber(1, 10_000))
    .option('--ca <file>', 'certificates to trust over https://, as PEM, besides those of the system')
    .option(
      '--check-metrics <url>',
      "look at the server's metrics before and after, such as http://localhost:4318/metrics, and fail if it rejected, dropped or set aside anything, or is behind with retention",
    )
    .option('--json', 'report as JSON')
    .helpOption('-h, --help', 'show this help')
    .showSuggestionAfterError();
  return command.action(() => {
    const flags = command.opts<LoadFlags>();
    try {
      accept({
        kind: 'load',
        plan: loadPlan({ ...flags, token: flags.token ?? environment[TOKEN_VARIABLE] }),
        isJson: flags.json ?? false,
        metricsUrl: flags.checkMetrics === undefined ? undefined : metricsUrl(flags.checkMetrics, flags),
      });
    } catch (error) {
      command.error(`error: ${(error as Error).message}`);
    }
  });
}

function loadPlan(flags: LoadFlags): LoadPlan {
  const { url, protocol } = destination(flags);
  if (flags.allowRemote === undefined && !isLoopback(url)) {
    throw new Error(`${url.hostname} is not this machine: a load is sent to another one with --allow-remote only`);
  }
  if (protocol === 'otap' && flags.recordsPerRequest > MAX_OTAP_RECORDS) {
    throw new Error(`an OTAP message has at most ${MAX_OTAP_RECORDS} records, got ${flags.recordsPerRequest}`);
  }
  const payloads = flags.payload ?? [];
  if (payloads.length > 0 && (protocol === 'otap' || flags.signal === 'mixed')) {
    throw new Error('payloads are sent over http and grpc, and of one signal');
  }
  return {
    url,
    token: flags.token,
    protocol,
    encoding: flags.encoding,
    compression: flags.compression,
    signals: flags.signal === 'mixed' ? signals : [flags.signal],
    services: flags.services,
    rate: flags.rate,
    recordsPerRequest: flags.recordsPerRequest,
    connections: flags.connections,
    warmUpMs: flags.warmUp,
    durationMs: flags.duration,
    isClosedLoop: flags.closedLoop ?? false,
    isNumbered: flags.numbered ?? false,
    payloads,
    timeoutMs: flags.timeout,
    tenants: tenantNames(flags),
    ca: flags.ca === undefined ? undefined : readFileSync(flags.ca, 'utf8'),
  };
}

function tenantNames({ tenant, tenants, connections }: LoadFlags): readonly string[] {
  if (tenant !== undefined && tenants !== undefined) throw new Error('give --tenant or --tenants, not both');
  if (tenants !== undefined && tenants > connections) {
    throw new Error(
      `--tenants must be at most --connections, ${connections}: each connection sends for one, got ${tenants}`,
    );
  }
  if (tenant !== undefined) return [tenant];
  return Array.from({ length: tenants ?? 0 }, (_, i) => `tenant-${i + 1}`);
}

function metricsUrl(text: string, { allowRemote }: LoadFlags): URL {
  if (!/^https?:/.test(text) || !URL.canParse(text)) throw new Error(`--check-metrics must be a URL, got ${text}`);
  const url = new URL(text);
  if (allowRemote === undefined && !isLoopback(url)) {
    throw new Error(`${url.hostname} is not this machine: another one is asked with --allow-remote only`);
  }
  return url;
}

function destination(flags: LoadFlags): { readonly url: URL; readonly protocol: Protocol } {
  if (flags.url !== undefined && flags.uri !== undefined) throw new Error('give --url or --uri, not both');
  const isOtap = flags.uri?.startsWith('otap:') ?? false;
  const protocol = flags.protocol ?? (isOtap ? 'otap' : 'http');
  if (isOtap !== (protocol === 'otap') && flags.uri !== undefined) {
    throw new Error(`protocol ${protocol} does not go with ${flags.uri}`);
  }
  const text = flags.url ?? `http://${(flags.uri ?? 'otlp:localhost').replace(/^\w+:(\/\/)?/, '')}`;
  if (!URL.canParse(text)) throw new Error(`cannot read the address ${text}`);
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol)) throw new Error(`a load is sent over http:// or https://, got ${text}`);
  if (flags.ca !== undefined && url.protocol !== 'https:') throw new Error(`--ca is for https://, got ${text}`);
  if (url.port === '' && !/:(80|443)(\/|$)/.test(text)) url.port = String(defaultPorts[protocol]);
  return { url, protocol };
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || value === Number.POSITIVE_INFINITY)
    throw new InvalidArgumentError('It must be greater than zero.');
  return value;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It must be a number with a unit: 500ms, 90s, 5m, 1h.');
  return Number(match[1]) * unitMs[match[2]!]!;
}

function collected(value: string, before: string[] = []): string[] {
  return [...before, value];
}
