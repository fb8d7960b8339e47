// Flags and environment variables → arguments of servers. The plugin declares the options. A flag takes precedence over a variable,
// and OTELDUCK_… over the older prefixes.

import { nearestName } from '../base/nearest-name.js';
import { quotedString } from '../duckdb/sql-text.js';
import type { AskedServer, PluginService, ServerArguments, ServiceOption } from '../plugin.js';

export type Environment = Readonly<Record<string, string | undefined>>;
/** Flags of the command line by option: a text, or the state of a switch. */
export type ServeFlags = Readonly<Record<string, string | boolean>>;

/** Variables that are not options of servers. */
export const hostVariables = {
  config: 'OTELDUCK_CONFIG',
  database: 'OTELDUCK_DATABASE',
  uri: 'OTELDUCK_URI',
  init: 'OTELDUCK_INIT',
  drainTimeoutMs: 'OTELDUCK_DRAIN_TIMEOUT_MS',
  memoryLimit: 'OTELDUCK_MEMORY_LIMIT',
  quack: 'OTELDUCK_QUACK',
  quackToken: 'OTELDUCK_QUACK_TOKEN',
  queryUri: 'OTELDUCK_QUERY_URI',
  logLevel: 'OTELDUCK_LOG_LEVEL',
  production: 'OTELDUCK_PRODUCTION',
  productionExcept: 'OTELDUCK_PRODUCTION_EXCEPT',
} as const;

/** What flags and variables are made of. */
export type ServiceOptions = Pick<PluginService, 'options' | 'variablePrefixes'>;

/** Prefix of the variables of all options. */
const PREFIX = 'OTELDUCK_';

export function flagOf(name: string, option: ServiceOption): string {
  const words = name.replaceAll('_', '-');
  return isOnByDefault(option) ? `--no-${words}` : `--${words}`;
}

/** Documented variable of an option. */
export function variableOf(name: string): string {
  return PREFIX + name.toUpperCase();
}

/** All variables of an option, in order of precedence. */
function variablesOf(name: string, { variablePrefixes }: ServiceOptions): string[] {
  return [variableOf(name), ...variablePrefixes.map((prefix) => prefix + name.toUpperCase())];
}

/** Variable that sets an option. Empty variables are ignored. */
export function givenVariable(name: string, service: ServiceOptions, environment: Environment): string | undefined {
  return variablesOf(name, service).find((candidate) => environment[candidate]);
}

/** A switch that is on by default has a flag that turns it off. */
export function isOnByDefault(option: ServiceOption): boolean {
  return option.sqlType === 'BOOLEAN' && option.defaultText === 'true';
}

/** Arguments of all servers, from flags or variables. */
export function sharedArguments(service: ServiceOptions, flags: ServeFlags, environment: Environment): ServerArguments {
  const given: Record<string, string> = {};
  for (const [name, option] of Object.entries(service.options)) {
    if (option.ofListener !== undefined) continue;
    const flag = flags[name];
    const variable = givenVariable(name, service, environment);
    if (flag !== undefined) given[name] = literal(flagOf(name, option), option, String(flag));
    else if (variable !== undefined) given[name] = literal(variable, option, environment[variable]!);
  }
  return given;
}

function literal(source: string, option: ServiceOption, text: string): string {
  if (option.sqlType === 'VARCHAR') return quotedString(text);
  if (option.sqlType === 'BOOLEAN') return String(truth(source, text));
  if (!/^-?\d+$/.test(text)) throw new Error(`${source} must be a whole number, got "${text}"`);
  return text;
}

/** Whether a variable that is a switch is on. */
export function isTrue(variable: string, environment: Environment): boolean {
  const text = environment[variable];
  return text !== undefined && text !== '' && truth(variable, text);
}

function truth(source: string, text: string): boolean {
  const value = booleanWords[text.toLowerCase()];
  if (value === undefined) throw new Error(`${source} must be true or false, got "${text}"`);
  return value;
}

const booleanWords: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  '1': true,
  '0': false,
  yes: true,
  no: false,
  on: true,
  off: false,
};

const QUERY_PREFIX = 'query_';

/** Options of servers that answer queries, under the names that their flags and variables are made of. */
export function queryOptions({ queries, otherHostsSwitch }: PluginService): ServiceOptions {
  const named = Object.entries(queries?.options ?? {})
    .filter(([name]) => name !== otherHostsSwitch)
    .map(([name, option]) => [prefixed(name), option]);
  return { options: Object.fromEntries(named), variablePrefixes: [] };
}

/** Servers that answer queries, at each of these URIs one. They share all options. */
export function queryServers(
  service: PluginService,
  uris: readonly string[],
  flags: ServeFlags,
  environment: Environment,
  shared: ServerArguments,
): AskedServer[] {
  const { queries, otherHostsSwitch } = service;
  if (queries === undefined) return [];
  const [flag] = Object.keys(flags);
  if (uris.length === 0 && flag !== undefined) {
    throw new Error(
      `${flagOf(flag, queryOptions(service).options[flag]!)} needs --query-uri or ${hostVariables.queryUri}`,
    );
  }
  const given = sharedArguments(queryOptions(service), flags, environment);
  const valueGiven = (name: string): string | undefined => {
    const own = given[prefixed(name)];
    return own ?? (name === otherHostsSwitch || queries.inherited.includes(name) ? shared[name] : undefined);
  };
  const all = Object.fromEntries(
    Object.keys(queries.options).flatMap((name) => {
      const value = valueGiven(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  return uris.map((uri) => ({ uri, arguments: all }));
}

function prefixed(name: string): string {
  return name.startsWith(QUERY_PREFIX) ? name : QUERY_PREFIX + name;
}

/** The words of a variable that lists something. */
export function listedWords(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

/** Unknown variables with our prefix, each with the one that was probably meant. */
export function unknownVariables(
  environment: Environment,
  service: PluginService,
): { variable: string; meant: string | undefined }[] {
  const prefixes = [PREFIX, ...service.variablePrefixes];
  const known = [
    ...Object.values<string>(hostVariables),
    ...[service, queryOptions(service)].flatMap((of) =>
      Object.keys(of.options).flatMap((name) => variablesOf(name, of)),
    ),
  ];
  return Object.keys(environment)
    .filter((variable) => prefixes.some((prefix) => variable.startsWith(prefix)) && !known.includes(variable))
    .map((variable) => ({ variable, meant: nearestName(variable, known) }));
}
