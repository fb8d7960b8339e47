import { Matcher } from '#promql/syntax/matcher';
import { ParseError } from './parse-error.js';
import type { TokenStream } from './token-stream.js';

export const matchOperators = ['=', '=~', '!~', '!='] as const;
export type MatchOperator = (typeof matchOperators)[number];

/** `{app="a", level!="info"}` */
export function parseMatchers(tokens: TokenStream): Matcher[] {
  tokens.expect('{');
  if (!tokens.isNext('identifier', '}')) tokens.unexpected('identifier', '}');
  if (tokens.accept('}') !== undefined) return [];
  const matchers: Matcher[] = [];
  do {
    const label = tokens.expect('identifier').text;
    const operator = tokens.expect(...matchOperators).kind as MatchOperator;
    matchers.push(matcherOf(label, operator, tokens.expect('string').text));
  } while (tokens.accept(',') !== undefined);
  tokens.expect('}', ',');
  return matchers;
}

export function matcherOf(label: string, operator: MatchOperator, value: string): Matcher {
  try {
    return new Matcher(label, operator, value);
  } catch (error) {
    throw new ParseError((error as Error).message);
  }
}
