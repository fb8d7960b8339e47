// Keys of OTLP attributes → names of Prometheus labels, as its OTLP receiver makes them.

import type { TranslationStrategy } from './metric-options.js';

export function escapesNames(strategy: TranslationStrategy): boolean {
  return strategy === 'UnderscoreEscapingWithSuffixes' || strategy === 'UnderscoreEscapingWithoutSuffixes';
}

/** The name, or undefined where none can be made: of nothing, or of underscores alone. */
export function labelName(key: string, strategy: TranslationStrategy): string | undefined {
  const name = escapesNames(strategy) ? escaped(key) : key;
  return /^_*$/.test(name) ? undefined : name;
}

/** One leading underscore is not for users in Prometheus, and two are for itself. */
function escaped(key: string): string {
  const name = key.replaceAll(/[^A-Za-z0-9]/gu, '_');
  if (/^[0-9]/.test(name)) return `key_${name}`;
  return /^_(?!_)/.test(name) ? `key${name}` : name;
}
