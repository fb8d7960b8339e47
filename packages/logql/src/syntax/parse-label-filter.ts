import { parseFloat64 } from '../text/parse-float.js';
import type { LabelFilter } from './ast.js';
import { type ComparisonOperator, comparisonOperators } from './operators.js';
import { ParseError } from './parse-error.js';
import { matcherOf } from './parse-selector.js';
import type { TokenStream } from './token-stream.js';

const strengths = { or: 1, and: 2 } as const;

/**
 * `a="b" and c > 5 or d`. `and` binds stronger than `or`. A comma, or nothing, between two filters means `and` too, but
 * takes everything behind it as its right side.
 */
export function parseLabelFilter(tokens: TokenStream, least = 0): LabelFilter {
  return tokens.deeper(() => {
    let left = parseOperand(tokens);
    for (;;) {
      const { kind } = tokens.peek();
      if (kind === 'and' || kind === 'or') {
        if (strengths[kind] <= least) return left;
        tokens.take();
        left = { kind, left, right: parseLabelFilter(tokens, strengths[kind]) };
      } else if (kind === ',' || kind === 'identifier' || kind === '(') {
        tokens.accept(',');
        left = { kind: 'and', left, right: parseLabelFilter(tokens) };
      } else {
        return left;
      }
    }
  });
}

function parseOperand(tokens: TokenStream): LabelFilter {
  if (tokens.accept('(') === undefined) return parseComparison(tokens);
  const filter = parseLabelFilter(tokens);
  if (tokens.accept(')') === undefined) tokens.unexpected();
  return filter;
}

function parseComparison(tokens: TokenStream): LabelFilter {
  const label = tokens.expect('identifier', '(').text;
  const { kind } = tokens.peek();
  if (kind === '=~' || kind === '!~') {
    tokens.take();
    return { kind: 'matcher', matcher: matcherOf(label, kind, tokens.expect('string').text) };
  }
  if (kind === '=' || kind === '!=') {
    tokens.take();
    if (tokens.isNext('string')) return { kind: 'matcher', matcher: matcherOf(label, kind, tokens.take().text) };
    if (tokens.isNext('ip')) return { kind: 'address', label, operator: kind, pattern: parseAddress(tokens) };
    return parseQuantity(tokens, label, kind === '=' ? '==' : kind);
  }
  if (!(comparisonOperators as readonly string[]).includes(kind)) tokens.unexpected();
  tokens.take();
  return parseQuantity(tokens, label, kind as ComparisonOperator);
}

/** `ip("10.0.0.0/8")` */
export function parseAddress(tokens: TokenStream): string {
  tokens.expect('ip');
  tokens.expect('(');
  const pattern = tokens.expect('string').text;
  tokens.expect(')');
  return pattern;
}

function parseQuantity(tokens: TokenStream, label: string, operator: ComparisonOperator): LabelFilter {
  const { kind, value } = tokens.peek();
  if (kind === 'span' || kind === 'size') {
    tokens.take();
    return { kind: kind === 'span' ? 'duration' : 'bytes', label, operator, value: value! };
  }
  if (!tokens.isNext('number', '+', '-')) tokens.unexpected();
  return { kind: 'number', label, operator, value: literalValue(parseSignedNumber(tokens)) };
}

/** A number as it is written, which may be more than Go reads. */
export interface NumberText {
  readonly text: string;
  readonly isNegative: boolean;
}

export function parseSignedNumber(tokens: TokenStream): NumberText {
  const sign = tokens.accept('-') ?? tokens.accept('+');
  return { text: tokens.expect('number').text, isNegative: sign?.kind === '-' };
}

/** Throws `ParseError` for what is no float to Go, such as `0x10`. */
export function literalValue({ text, isNegative }: NumberText): number {
  try {
    return parseFloat64(text) * (isNegative ? -1 : 1);
  } catch (error) {
    throw new ParseError(`unable to parse literal as a float: ${(error as Error).message}`);
  }
}
