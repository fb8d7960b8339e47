// Listeners of a service. Each `--uri` is a server with options for its listeners. Flags belong to the preceding `--uri`. Flags before
// the first one, and variables, apply to all.

import { quotedString } from '../duckdb/sql-text.js';
import type { AskedServer, PluginService, ServerArguments } from '../plugin.js';
import { type Environment, flagOf, givenVariable, hostVariables, listedWords } from './serve-settings.js';

type ListenerOptions = Readonly<Record<string, string>>;

/** Value of an address option that turns the listener off. */
export const NONE = 'none';

/** Listener options, which are set per server. */
export function listenerOptionNames({ options }: PluginService, kind?: 'word' | 'address'): string[] {
  return Object.keys(options).filter((name) => {
    const { ofListener } = options[name]!;
    return ofListener !== undefined && (kind === undefined || kind === ofListener);
  });
}

/** Listener flags, in command-line order. */
export class ListenerFlags {
  readonly #service: PluginService;
  readonly #forAll: Record<string, string> = {};
  readonly #servers: { readonly uri: string; readonly options: Record<string, string> }[] = [];

  constructor(service: PluginService) {
    this.#service = service;
  }

  addUri(uri: string): void {
    this.#servers.push({ uri, options: {} });
  }

  setOption(name: string, value: string): void {
    (this.#servers.at(-1)?.options ?? this.#forAll)[name] = value;
  }

  /**
   * The requested servers, or the default server if there are none and `otherwise` allows it. Errors name the variable or
   * flag that does not fit.
   */
  servers(environment: Environment, shared: ServerArguments, otherwise: 'default' | 'none'): AskedServer[] {
    const service = this.#service;
    const { defaultServer } = service;
    const named = this.#servers.length > 0 ? this.#servers : uriVariable(environment);
    const servers = named.length === 0 && otherwise === 'default' ? [{ uri: defaultServer.uri, options: {} }] : named;
    const words = listenerOptionNames(service, 'word');
    return servers.map(({ uri, options: own }: { uri: string; options: ListenerOptions }, index) => {
      const variables = listenerVariables(service, environment, index, servers.length);
      const given: ListenerOptions = { ...variables, ...this.#forAll, ...own };
      for (const name of listenerOptionNames(service, 'address')) {
        if (servers.length > 1 && own[name] === undefined && isAddress(this.#forAll[name])) {
          const flag = flagOf(name, service.options[name]!);
          throw new Error(`${flag} is of one server: write it after the --uri of that server`);
        }
      }
      // Explicit listener options replace the defaults completely.
      const isDefault = named.length === 0 && words.every((name) => given[name] === undefined);
      const options = isDefault ? { ...defaultServer.addresses, ...given } : given;
      return { uri, arguments: { ...shared, ...listenerArguments(options, service) } };
    });
  }
}

export function listenerArguments(options: ListenerOptions, service: PluginService): ServerArguments {
  const listens = ([name, value]: [string, string]) => service.options[name]!.ofListener === 'word' || isAddress(value);
  return Object.fromEntries(
    Object.entries(options)
      .filter(listens)
      .map(([name, value]) => [name, quotedString(value)]),
  );
}

/** Whether a server is the default one. */
export function isDefaultServer({ uri, arguments: given }: AskedServer, { defaultServer }: PluginService): boolean {
  const addresses = Object.entries(defaultServer.addresses);
  return uri === defaultServer.uri && addresses.every(([name, address]) => given[name] === quotedString(address));
}

export function isAddress(value: string | undefined): boolean {
  return value !== undefined && value !== NONE;
}

function uriVariable(environment: Environment): { uri: string; options: ListenerOptions }[] {
  return listedWords(environment[hostVariables.uri]).map((uri) => ({ uri, options: {} }));
}

/** Values of variables for one server. Each variable has one value for all servers, or one per server. */
function listenerVariables(
  service: PluginService,
  environment: Environment,
  index: number,
  count: number,
): ListenerOptions {
  const found: Record<string, string> = {};
  for (const name of listenerOptionNames(service)) {
    const variable = givenVariable(name, service, environment);
    if (variable === undefined) continue;
    const isOfOne = service.options[name]!.ofListener === 'address';
    const values = listedWords(environment[variable]);
    const isForAll = values.length === 1 && !(isOfOne && isAddress(values[0]));
    if (!isForAll && values.length !== count) {
      const expected = isOfOne ? 'an address or none' : 'one word for all of them or one';
      throw new Error(
        `${variable} must have ${expected} for each of ${count} servers, commas between, got "${environment[variable]}"`,
      );
    }
    found[name] = isForAll ? values[0]! : values[index]!;
  }
  return found;
}
