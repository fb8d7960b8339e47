// Flags and environment variables → the SQL that starts servers. The options are those of the option table; a flag wins
// over a variable, and OTELDUCK_… over the DUCKDB_OTLP_… that it replaces.

import { nearestName } from '../base/nearest-name.js';
import { quotedString } from '../duckdb/sql-text.js';
import type { Option } from '../schema/option-declaration.js';
import { type ServeOptionName, serveOptions } from '../schema/serve-options.js';

export type Environment = Readonly<Record<string, string | undefined>>;
/** What the command line gave, by option: text, or whether a switch is on. */
export type ServeFlags = Readonly<Partial<Record<ServeOptionName, string | boolean>>>;
/** SQL literals by option. */
export type ServeArguments = Readonly<Partial<Record<ServeOptionName, string>>>;

export const serveOptionNames = Object.keys(serveOptions) as ServeOptionName[];

/** Variables that are not in the option table. */
export const hostVariables = {
  database: 'OTELDUCK_DATABASE',
  uri: 'OTELDUCK_URI',
  init: 'OTELDUCK_INIT',
  drainTimeoutMs: 'OTELDUCK_DRAIN_TIMEOUT_MS',
  memoryLimit: 'OTELDUCK_MEMORY_LIMIT',
  quack: 'OTELDUCK_QUACK',
  quackToken: 'OTELDUCK_QUACK_TOKEN',
} as const;

/** Of variables that mean an option; the first wins. */
export const PREFIXES = ['OTELDUCK_', 'DUCKDB_OTLP_'] as const;

export function flagOf(name: ServeOptionName): string {
  const words = name.replaceAll('_', '-');
  return isOnByDefault(name) ? `--no-${words}` : `--${words}`;
}

/** The variable of an option, as the documentation names it. */
export function variableOf(name: ServeOptionName): string {
  return PREFIXES[0] + name.toUpperCase();
}

/** A switch that is on by default has a flag that turns it off. */
export function isOnByDefault(name: ServeOptionName): boolean {
  const option: Option<unknown> = serveOptions[name];
  return option.sqlType === 'BOOLEAN' && option.defaultText === 'true';
}

/** The arguments of these options, which flags or variables give. */
export function serveArguments(
  names: readonly ServeOptionName[],
  flags: ServeFlags,
  environment: Environment,
): ServeArguments {
  const given: Partial<Record<ServeOptionName, string>> = {};
  for (const name of names) {
    const flag = flags[name];
    const variable = PREFIXES.map((prefix) => prefix + name.toUpperCase()).find((candidate) => environment[candidate]);
    if (flag !== undefined) given[name] = literal(flagOf(name), serveOptions[name], String(flag));
    else if (variable !== undefined) given[name] = literal(variable, serveOptions[name], environment[variable]!);
  }
  return given;
}

function literal(source: string, option: Option<unknown>, text: string): string {
  if (option.sqlType === 'VARCHAR') return quotedString(text);
  if (option.sqlType === 'BOOLEAN') {
    const value = booleanWords[text.toLowerCase()];
    if (value === undefined) throw new Error(`${source} must be true or false, got "${text}"`);
    return String(value);
  }
  if (!/^-?\d+$/.test(text)) throw new Error(`${source} must be a whole number, got "${text}"`);
  return text;
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

/** The statement that starts a server; its scheme says which function does. */
export function serveStatement(uri: string, given: ServeArguments): string {
  const name = uri.startsWith('otap:') ? 'otap_serve' : 'otlp_serve';
  const named = Object.entries(given).map(([option, sql]) => `, ${option} := ${sql}`);
  return `CALL ${name}(${quotedString(uri)}${named.join('')})`;
}

/** Variables that look like ours and are not, with the one that was probably meant. */
export function unknownVariables(environment: Environment): { variable: string; meant: string | undefined }[] {
  const known = [
    ...Object.values<string>(hostVariables),
    ...serveOptionNames.flatMap((name) => PREFIXES.map((prefix) => prefix + name.toUpperCase())),
  ];
  return Object.keys(environment)
    .filter((variable) => PREFIXES.some((prefix) => variable.startsWith(prefix)) && !known.includes(variable))
    .map((variable) => ({ variable, meant: nearestName(variable, known) }));
}
