// Conditions on lines → SQL. What is said here is said exactly; what cannot be is left to who evaluates.

import type { LineContains, LineMatches } from '#logql';
import { constantSql } from '../scan/constant-sql.js';

export const LINE_SQL = "coalesce(body, '')";

/** Longest expression that DuckDB is given: RE2 refuses programs of more than a few megabytes with an error. */
const MAX_PATTERN_LENGTH = 1000;

/**
 * What RE2 as DuckDB has it and RE2 as Go has it may read in different ways: named groups, which the older one writes with P
 * only; classes of Unicode, whose tables have versions; bytes; and repetitions, whose limits differ.
 */
const TOLD_APART = /\(\?<|\\[pPCQXx]|\{\d/;

/** SQL that is true of exactly the lines that pass; undefined where there is none. */
export function lineFilterSql(filter: LineContains | LineMatches): string | undefined {
  if (filter.kind === 'line-contains') {
    return anyOf(
      filter.texts.map((text) => `contains(${LINE_SQL}, ${constantSql(text)})`),
      filter.isNegated,
    );
  }
  if (filter.patterns.some((pattern) => pattern.length > MAX_PATTERN_LENGTH || TOLD_APART.test(pattern))) {
    return undefined;
  }
  return anyOf(filter.patterns.map(matchSql), filter.isNegated);
}

function anyOf(conditions: readonly string[], isNegated: boolean): string {
  const any = `(${conditions.join(' OR ')})`;
  return isNegated ? `NOT ${any}` : any;
}

/** Texts are found several times faster than expressions match, so those that every match holds are looked for first. */
function matchSql(pattern: string): string {
  const texts = requiredTexts(pattern).map((text) => `contains(${LINE_SQL}, ${constantSql(text)})`);
  return `(${[...texts, `regexp_matches(${LINE_SQL}, ${constantSql(pattern)})`].join(' AND ')})`;
}

/** Shorter texts are in too many lines to be worth a look. */
const SHORTEST_TEXT = 3;

/** Texts that every match of an expression holds, as far as that is seen at a glance: outside of groups and classes. */
export function requiredTexts(pattern: string): string[] {
  // An alternative or a flag may undo all that stands beside it.
  if (/\||\(\?/.test(pattern)) return [];
  const texts: string[] = [];
  let text = '';
  const end = () => {
    if (text.length >= SHORTEST_TEXT) texts.push(text);
    text = '';
  };
  const element = /\\([^\w\s])|\\[\s\S]|\((?:[^()\\]|\\.)*\)|\[\^?\]?(?:[^\]\\]|\\.)*\]|([^\\.^$*+?()[\]{}|])|[\s\S]/gu;
  for (const { 0: whole, 1: escaped, 2: plain, index } of pattern.matchAll(element)) {
    // Nested groups are not read.
    if (whole === '(' || whole === ')' || whole === '[') return [];
    const literal = escaped ?? plain;
    const following = pattern[index + whole.length];
    const isOptional = following === '?' || following === '*' || following === '{';
    if (literal === undefined || isOptional) end();
    else text += literal;
    if (following === '+') end();
  }
  end();
  return texts;
}
