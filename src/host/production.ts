// What `serve --production` refuses: settings that are right on a developer's machine and lose data or tell secrets elsewhere. Only flags,
// variables and the configuration file are looked at, not SQL of --init.

import type { AskedServer, PluginService, UnfitSetting } from '../plugin.js';
import { listedWords } from './serve-settings.js';

/** What of a service its host itself decides. */
export interface HostFacts {
  readonly database: string | undefined;
  readonly quack: { readonly uri: string; readonly token: string | undefined } | undefined;
  /** Secrets in a configuration file that other users may read, and the file. */
  readonly exposedSecrets: readonly string[];
  readonly servers: readonly AskedServer[];
  readonly queryServers: readonly AskedServer[];
}

/** Rules of the host, beside those of the plugin. */
export const hostRules: Readonly<Record<string, string>> = {
  database: 'the database is a file that is named',
  quack_token: '`--quack` has a token that somebody chose',
  secrets: 'a configuration file with secrets is not readable by all users',
};

/** Throws with all that is wrong. `except` are rules that need not hold, with commas between. */
export function checkProduction(facts: HostFacts, service: PluginService, except: string | undefined): void {
  const known = [...Object.keys(hostRules), ...Object.keys(service.productionRules)];
  const waived = listedWords(except);
  const unknown = waived.find((rule) => !known.includes(rule));
  if (unknown !== undefined) {
    throw new Error(`--production-except must be of ${known.join(', ')}, got "${unknown}"`);
  }
  const unfit = [...unfitForHost(facts), ...service.unfitForProduction(facts)];
  const left = unfit.filter(({ rule }) => !waived.includes(rule));
  if (left.length === 0) return;
  const listed = left.map(({ rule, text }) => `\n  ${rule}: ${text}`).join('');
  const rules = [...new Set(left.map(({ rule }) => rule))];
  throw new Error(
    `--production does not allow these settings:${listed}\n--production-except ${rules.join(',')} allows them`,
  );
}

function unfitForHost({ database, quack, exposedSecrets }: HostFacts): UnfitSetting[] {
  const found: UnfitSetting[] = [];
  if (database === undefined) found.push({ rule: 'database', text: 'no database is named' });
  if (database === ':memory:')
    found.push({ rule: 'database', text: 'the database is in memory, and ends with the process' });
  if (quack !== undefined && quack.token === undefined) {
    found.push({ rule: 'quack_token', text: 'the token of --quack is made at each start, and told in the log' });
  }
  if (exposedSecrets.length > 0) {
    found.push({
      rule: 'secrets',
      text: `all users may read the configuration file, with ${exposedSecrets.join(', ')}`,
    });
  }
  return found;
}
