// Names that a selector asks for → SQL over the column `name` that is true of every metric which may have them. Which of those have
// them is decided by translating their names.

import type { Matcher } from '#promql/syntax/matcher';
import { quotedString } from '../../duckdb/sql-text.js';
import { partSuffixes } from './metric.js';
import type { TranslationStrategy } from './metric-options.js';
import type { PointTable } from './point-table.js';

/** More names than this are not looked for one by one. */
const MAX_NAMES = 100;

/** Of a name what no translation takes away: letters, digits and colons. */
const KEPT_SQL = "regexp_replace(name, '[^A-Za-z0-9:]+', '', 'g')";
const KEPT_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:';

/** SQL that is true of the rows of series that may match; undefined if names do not tell. */
export function nameSql(
  matchers: readonly Matcher[],
  { kind, name: table }: PointTable,
  strategy: TranslationStrategy,
): string | undefined {
  const wanted = wantedNames(matchers);
  if (wanted === undefined) return undefined;
  if (kind === 'target') return wanted.includes(table) ? undefined : 'false';
  const families = wanted.flatMap((name) =>
    partSuffixes[kind].flatMap((suffix) => (name.endsWith(suffix) ? [name.slice(0, name.length - suffix.length)] : [])),
  );
  const conditions = new Set(families.filter((family) => family !== '').map((family) => familySql(family, strategy)));
  return conditions.size === 0 ? 'false' : `(${[...conditions].join(' OR ')})`;
}

/** The only values that a label may have, if the matchers say so. */
export function wantedNames(matchers: readonly Matcher[]): readonly string[] | undefined {
  const lists = matchers.flatMap(({ name, values }) => (name === '__name__' && values !== undefined ? [values] : []));
  const [first] = lists.sort((left, right) => left.length - right.length);
  return first === undefined || first.length > MAX_NAMES ? undefined : first;
}

function familySql(family: string, strategy: TranslationStrategy): string {
  switch (strategy) {
    case 'NoTranslation':
      return `name = ${quotedString(family)}`;
    case 'UnderscoreEscapingWithoutSuffixes':
      return ifBeginningFits(`${KEPT_SQL} = ${quotedString(kept(family))}`, family);
    case 'UnderscoreEscapingWithSuffixes':
      return orMoved(ifBeginningFits(`starts_with(${quotedString(kept(family))}, ${KEPT_SQL})`, family), family, [
        'total',
        'ratio',
      ]);
    case 'NoUTF8EscapingWithSuffixes':
      // A suffix that the name has, with anything in front of it, is taken away and put to the end.
      return orMoved(`starts_with(${quotedString(family)}, name) OR contains(name, 'per_')`, family, [
        'total',
        'ratio',
      ]);
  }
}

/** A first look at names, since replacing costs a third of a microsecond a row where names are in no dictionary: in memory, before a checkpoint. */
function ifBeginningFits(sql: string, family: string): string {
  const first = quotedString(kept(family).slice(0, 1));
  return `((left(name, 1) = ${first} OR NOT contains('${KEPT_CHARACTERS}', left(name, 1))) AND ${sql})`;
}

/** A word that a name of the family ends with may stand anywhere in the metric's. */
function orMoved(sql: string, family: string, words: readonly string[]): string {
  const moved = words.filter((word) => family.endsWith(word)).map((word) => `contains(name, ${quotedString(word)})`);
  return [sql, ...moved].join(' OR ');
}

function kept(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9:]+/gu, '');
}
