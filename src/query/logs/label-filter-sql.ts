// A condition on a label → SQL that is true of all rows that pass, and of as few others as columns can tell.

import type { Matcher } from '#promql/syntax/matcher';
import { constantSql } from '../scan/constant-sql.js';
import { DETECTED_LEVEL } from './detected-level.js';
import { mayHoldLabelSql } from './label-names-sql.js';
import { columnLevelSql, isLevelElsewhereSql } from './level-sql.js';
import { RESOURCE_ID_SQL, type Resource } from './resource-catalogue.js';

/** Undefined where all rows may pass. */
export function labelFilterSql(
  matcher: Matcher,
  resources: readonly Resource[],
  labelColumns: ReadonlyMap<string, string>,
): string | undefined {
  // What is absent is empty, and may pass.
  if (matcher.matches('')) return undefined;
  if (matcher.name === DETECTED_LEVEL) return levelFilterSql(matcher, resources);
  const { values } = matcher;
  if (values === undefined || values.some((value) => !isFoundInJson(value))) return undefined;
  const passing = resources.filter((resource) => mayPass(resource, matcher));
  const alternatives = [
    ...(passing.length === 0 ? [] : [`${RESOURCE_ID_SQL} IN (${passing.map(({ id }) => id).join(', ')})`]),
    mayHoldLabelSql(matcher.name, values.map(jsonPart)),
  ];
  const column = labelColumns.get(matcher.name);
  if (column === undefined) return orFalse(alternatives);
  const isValue = `${column} IN (${values.map(constantSql).join(', ')})`;
  // DuckDB tests the first condition within the scan of that column, and reads the others where it is true.
  return `(${isValue} OR ${column} IS NULL OR ${column} = '') AND ${orFalse([isValue, ...alternatives])}`;
}

function mayPass({ stream, metadata }: Resource, matcher: Matcher): boolean {
  return [...stream.entries, ...metadata].some(([name, value]) => name === matcher.name && matcher.matches(value));
}

/** A condition that is NULL, because a column is, must not hide one that is true. */
function orFalse(conditions: readonly string[]): string {
  return `(${conditions.map((condition) => `coalesce(${condition}, false)`).join(' OR ')})`;
}

/** Arrays are written in JSON otherwise than in labels. */
function isFoundInJson(value: string): boolean {
  return !value.startsWith('[');
}

/** A text as it stands in the JSON of attributes, without quotes: numbers have none. */
function jsonPart(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function levelFilterSql(matcher: Matcher, resources: readonly Resource[]): string {
  const levels = columnLevelSql(matcher);
  return `(coalesce(${levels}, true) OR ${isLevelElsewhereSql(resources)})`;
}
