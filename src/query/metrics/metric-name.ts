// Names of OTLP metrics → names of Prometheus metrics, as its OTLP receiver makes them.

import type { TranslationStrategy } from './metric-options.js';
import { escapedWord, unitWords } from './unit-name.js';

export interface NamedMetric {
  readonly name: string;
  /** Empty for none. */
  readonly unit: string;
  /** What decides on suffixes: whether it is a gauge, or a sum that only grows. */
  readonly kind: 'gauge' | 'counter' | 'other';
}

/** The name, or undefined where none can be made. Prometheus drops such metrics. */
export function metricName(metric: NamedMetric, strategy: TranslationStrategy): string | undefined {
  switch (strategy) {
    case 'NoTranslation':
      return metric.name || undefined;
    case 'NoUTF8EscapingWithSuffixes':
      return withSuffixes(metric) || undefined;
    case 'UnderscoreEscapingWithoutSuffixes':
      return ifNamed(metric.name, escapedRuns(metric.name));
    case 'UnderscoreEscapingWithSuffixes':
      return ifNamed(metric.name, escapedWithSuffixes(metric));
  }
}

/** Each run of what a name cannot hold becomes one `_`, and is dropped at the ends. Written underscores stay. */
function escapedRuns(name: string): string {
  return beginningWithNoDigit(
    name
      .split(/[^A-Za-z0-9:_]+/u)
      .filter((part) => part !== '')
      .join('_'),
  );
}

function escapedWithSuffixes({ name, unit, kind }: NamedMetric): string {
  let tokens = name.split(/[^A-Za-z0-9:]+/u).filter((token) => token !== '');
  const words = unitWords(unit);
  const main = escapedWord(words.main);
  const per = escapedWord(words.per).replace(/_$/, '');
  const addsPer = per !== '' && per !== 'per';
  const addsMain = main !== '' && !tokens.includes(main);
  if (addsMain) tokens.push(addsPer ? main.replace(/_$/, '') : main);
  if (addsPer) tokens.push(per);
  if (kind === 'counter') tokens = movedToEnd(tokens, 'total');
  if (kind === 'gauge' && unit === '1') tokens = movedToEnd(tokens, 'ratio');
  return beginningWithNoDigit(tokens.join('_'));
}

function movedToEnd(tokens: readonly string[], word: string): string[] {
  return [...tokens.filter((token) => token !== word), word];
}

/** Suffixes that the name has already are not repeated. */
function withSuffixes({ name, unit, kind }: NamedMetric): string {
  const words = unitWords(unit);
  const last = kind === 'counter' ? 'total' : kind === 'gauge' && unit === '1' ? 'ratio' : '';
  let result = withoutSuffix(withoutSuffix(name, last), words.per);
  if (words.main !== '' && !result.endsWith(words.main)) result += `_${words.main}`;
  if (words.per !== '') result += `_${words.per}`;
  return last === '' ? result : `${result}_${last}`;
}

/** Without the suffix and what stands in front of it, whatever that is; unless nothing would be left. */
function withoutSuffix(name: string, suffix: string): string {
  const isThere = suffix !== '' && name.endsWith(suffix) && Buffer.byteLength(name) > Buffer.byteLength(suffix) + 1;
  return isThere ? name.slice(0, name.length - suffix.length - 1) : name;
}

function beginningWithNoDigit(name: string): string {
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/** Names of underscores alone say nothing, unless they were written so. */
function ifNamed(written: string, name: string): string | undefined {
  return name === '' || (name !== written && /^_+$/.test(name)) ? undefined : name;
}
