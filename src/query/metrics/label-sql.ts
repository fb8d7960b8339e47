// Values that a selector asks for → SQL over the texts of attributes that is true of every row which may have them. DuckDB computes it
// once for each text of a dictionary.

import type { Matcher } from '#promql/syntax/matcher';
import { quotedString } from '../../duckdb/sql-text.js';
import type { PointTable } from './point-table.js';

/** Labels that are made of something else than one attribute of a resource or a point. */
const madeLabels = new Set(['__name__', 'le', 'quantile']);
const SCOPE_PREFIX = 'otel_scope_';
/** Texts that JSON has as they are. A semicolon may join the values of two attributes. */
const PLAIN_TEXT = /^[\w ./:-]+$/;
/** More values than this are not looked for one by one. */
const MAX_VALUES = 20;

/** Conditions that rows of matching series meet, to be joined by AND. */
export function labelSql(matchers: readonly Matcher[], { kind }: PointTable): readonly string[] {
  const columns = kind === 'target' ? ['resource_attributes'] : ['resource_attributes', 'metric_attributes'];
  return matchers.flatMap(({ name, values }) => {
    if (values === undefined || values.length > MAX_VALUES) return [];
    if (madeLabels.has(name) || name.startsWith(SCOPE_PREFIX) || !values.every((value) => PLAIN_TEXT.test(value)))
      return [];
    const wanted = name === 'job' ? values.flatMap(serviceNames) : values;
    // No value at all is an empty text, too.
    if (wanted.includes('')) return [];
    const texts = wanted.flatMap(jsonTexts);
    const alternatives = columns.flatMap((column) => texts.map((text) => `contains(${column}, ${quotedString(text)})`));
    return [`(${alternatives.join(' OR ')})`];
  });
}

/** The names of services that have this job: all of it, or what follows a namespace. Either may have slashes. */
function serviceNames(job: string): readonly string[] {
  return [job, ...[...job.matchAll(/\//g)].map(({ index }) => job.slice(index + 1))];
}

/** How an attribute with this value can be written in JSON: as a text, or as a number or truth value. */
function jsonTexts(value: string): readonly string[] {
  const isWord = /^(?:-?\d[\w.+-]*|true|false)$/.test(value);
  return isWord ? [`:"${value}"`, `:${value}`] : [`:"${value}"`];
}
