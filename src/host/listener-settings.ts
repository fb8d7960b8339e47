// Where a service listens: each `--uri` is a server, and has options that say what listens there. Flags belong to the
// `--uri` before them; those before the first one, and variables, are for all.

import { quotedString } from '../duckdb/sql-text.js';
import { type Environment, hostVariables, PREFIXES, type ServeArguments } from './serve-settings.js';

/** Options of what listens, which servers do not share. */
export const listenerOptionNames = ['transport', 'grpc'] as const;
export type ListenerOptionName = (typeof listenerOptionNames)[number];
type ListenerOptions = Partial<Record<ListenerOptionName, string>>;

/** A server that is to be started. */
export interface AskedServer {
  readonly uri: string;
  readonly arguments: ServeArguments;
}

export const DEFAULT_URI = 'otlp:localhost:4318';
/** Beside the default URI: SDKs send to one or the other. */
export const DEFAULT_GRPC = 'localhost:4317';
/** For `grpc`: no such listener. */
export const NONE = 'none';

export function isListenerOption(name: string): name is ListenerOptionName {
  return listenerOptionNames.some((listed) => listed === name);
}

/** The flags about listeners, in the order in which the command line has them. */
export class ListenerFlags {
  readonly #forAll: ListenerOptions = {};
  readonly #servers: { readonly uri: string; readonly options: ListenerOptions }[] = [];

  addUri(uri: string): void {
    this.#servers.push({ uri, options: {} });
  }

  setOption(name: ListenerOptionName, value: string): void {
    (this.#servers.at(-1)?.options ?? this.#forAll)[name] = value;
  }

  /**
   * The servers that are asked for, or the one that is started when none is and `otherwise` says so. Throws naming the
   * variable or flag that fits them not.
   */
  servers(environment: Environment, shared: ServeArguments, otherwise: 'default' | 'none'): AskedServer[] {
    const named = this.#servers.length > 0 ? this.#servers : uriVariable(environment);
    const servers = named.length === 0 && otherwise === 'default' ? [{ uri: DEFAULT_URI, options: {} }] : named;
    return servers.map(({ uri, options: own }, index) => {
      const variables = listenerVariables(environment, index, servers.length);
      const options: ListenerOptions = { ...variables, ...this.#forAll, ...own };
      if (servers.length > 1 && own.grpc === undefined && isAddress(this.#forAll.grpc)) {
        throw new Error('--grpc is of one server: write it after the --uri of that server');
      }
      // Who says how to listen gets that and nothing beside it.
      if (named.length === 0 && options.transport === undefined) options.grpc ??= DEFAULT_GRPC;
      return { uri, arguments: { ...shared, ...listenerArguments(options) } };
    });
  }
}

export function listenerArguments({ transport, grpc }: ListenerOptions): ServeArguments {
  return {
    ...(transport === undefined ? {} : { transport: quotedString(transport) }),
    ...(isAddress(grpc) ? { grpc: quotedString(grpc) } : {}),
  };
}

function isAddress(grpc: string | undefined): grpc is string {
  return grpc !== undefined && grpc !== NONE;
}

function uriVariable(environment: Environment): { uri: string; options: ListenerOptions }[] {
  return words(environment[hostVariables.uri]).map((uri) => ({ uri, options: {} }));
}

/** What variables say of one of the servers. Each has one word for all of them, or one for each. */
function listenerVariables(environment: Environment, index: number, count: number): ListenerOptions {
  const found: ListenerOptions = {};
  for (const name of listenerOptionNames) {
    const variable = PREFIXES.map((prefix) => prefix + name.toUpperCase()).find((candidate) => environment[candidate]);
    if (variable === undefined) continue;
    const values = words(environment[variable]);
    const isForAll = values.length === 1 && (name !== 'grpc' || !isAddress(values[0]));
    if (!isForAll && values.length !== count) {
      const expected = name === 'grpc' ? 'an address or none' : 'one word for all of them or one';
      throw new Error(
        `${variable} must have ${expected} for each of ${count} servers, commas between, got "${environment[variable]}"`,
      );
    }
    found[name] = isForAll ? values[0]! : values[index]!;
  }
  return found;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}
