// The detected level as far as columns tell it.

import type { Matcher } from '#promql/syntax/matcher';
import { constantSql } from '../scan/constant-sql.js';
import { DETECTED_LEVEL, LEVEL_FIELDS, LEVEL_WORDS, LEVELS, levelOfSeverity } from './detected-level.js';
import { mayHoldSql } from './label-names-sql.js';
import { RESOURCE_ID_SQL, type Resource } from './resource-catalogue.js';

const HIGHEST_SEVERITY = 24;

/** Where the line of a row may tell its level. */
export const IS_LEVEL_OF_LINE_SQL = "(nullif(severity_text, '') IS NULL AND nullif(severity_number, 0) IS NULL)";

/** Whether the level that columns tell may pass; NULL where they tell none. */
export function columnLevelSql(matcher: Matcher): string {
  const words = Object.entries(LEVELS);
  const severities = Array.from({ length: HIGHEST_SEVERITY }, (_, i) => i + 1);
  const passing = severities.filter((severity) => matcher.matches(levelOfSeverity(severity)));
  // Other texts than those words are levels as they stand.
  const ofText =
    matcher.values === undefined
      ? `lower(severity_text) NOT IN (${quoted(words.filter(([, level]) => !matcher.matches(level)).map(([word]) => word))})`
      : `lower(severity_text) IN (${quoted([
          ...words.filter(([, level]) => matcher.matches(level)).map(([word]) => word),
          ...matcher.values.map((value) => value.toLowerCase()),
        ])})`;
  const ofNumber = passing.length === 0 ? 'false' : `severity_number IN (${passing.join(', ')})`;
  return `CASE WHEN nullif(severity_text, '') IS NOT NULL THEN ${ofText}
    WHEN severity_number BETWEEN 1 AND ${HIGHEST_SEVERITY} THEN ${ofNumber} END`;
}

/** Never empty: SQL has no empty list. */
function quoted(texts: readonly string[]): string {
  return ['', ...texts].map(constantSql).join(', ');
}

/** Whether something else than the columns of a row and its line may say its level. */
export function isLevelElsewhereSql(resources: readonly Resource[]): string {
  const telling = resources.filter(tellsLevel);
  const ids = telling.length === 0 ? [] : [`${RESOURCE_ID_SQL} IN (${telling.map(({ id }) => id).join(', ')})`];
  return `(${[...ids, mayHoldSql(LEVEL_WORDS)].join(' OR ')})`;
}

function tellsLevel({ stream, metadata }: Resource): boolean {
  return [...stream.entries, ...metadata].some(
    ([name]) => LEVEL_FIELDS.includes(name) || name === DETECTED_LEVEL || name === 'severity_number',
  );
}
