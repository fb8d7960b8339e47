import type { LineFilter, LineMatch } from '../syntax/ast.js';
import { type PatternPart, parseLinePattern } from '../syntax/line-pattern.js';
import type { LineOperator } from '../syntax/operators.js';
import { compilePattern } from '../text/regular-expression.js';
import { compileAddressMatcher, holdsAddress } from './address.js';

export type LinePredicate = (line: string) => boolean;

/** Throws an error with Loki's text for an expression or address that cannot be. */
export function compileLineFilter({ operator, alternatives }: LineFilter): LinePredicate {
  const predicates = withoutEmpty(operator, alternatives).map((match) => compileMatch(operator, match));
  const [only] = predicates;
  const matches: LinePredicate =
    predicates.length === 1 ? only! : (line) => predicates.some((predicate) => predicate(line));
  return operator.startsWith('!') ? (line) => !matches(line) : matches;
}

/** An empty text matches every line. Beside others Loki leaves it out, so that it matches none. */
function withoutEmpty(operator: LineOperator, alternatives: readonly LineMatch[]): readonly LineMatch[] {
  if (operator !== '|=' || alternatives.length === 1) return alternatives;
  const rest = alternatives.filter(({ text, isAddress }) => isAddress || text !== '');
  return rest.length === 0 ? alternatives.slice(0, 1) : rest;
}

function compileMatch(operator: LineOperator, { text, isAddress }: LineMatch): LinePredicate {
  if (isAddress) {
    if (operator !== '|=' && operator !== '!=') throw new Error('ip: invalid operation');
    const matcher = compileAddressMatcher(text);
    return (line) => holdsAddress(line, matcher);
  }
  if (operator === '|=' || operator === '!=') return (line) => line.includes(text);
  if (operator === '|~' || operator === '!~') {
    const pattern = compilePattern(text);
    return (line) => pattern.test(line);
  }
  const parts = parseLinePattern(text, 'filter');
  return (line) => matchesParts(line, parts);
}

/** The whole line is the texts in their order, with at least one character where a capture stands. */
function matchesParts(line: string, parts: readonly PatternPart[]): boolean {
  if (line === '' || parts.length === 0) return line === '' && parts.length === 0;
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if ('capture' in part) continue;
    const found = line.indexOf(part.text, at);
    if (found === -1 || (index !== 0 && found === at)) return false;
    at = found + part.text.length;
  }
  const endsOnCapture = 'capture' in parts.at(-1)!;
  return endsOnCapture === at < line.length;
}
