import { quoted } from './go-text.js';
import { METRIC_NAME } from './label-name.js';
import { Matcher } from './matcher.js';
import { type Position, spanning } from './position.js';
import { hasStrayBytes, unquote } from './string-literal.js';
import { isLabelName, type MatchOperator, type Token } from './token.js';
import type { TokenStream } from './token-stream.js';

/** `{…}` → its conditions and place. */
export function parseMatchers(tokens: TokenStream): { matchers: Matcher[]; position: Position } {
  const open = tokens.expect('{');
  const matchers: Matcher[] = [];
  while (!tokens.isNext('}')) {
    const matcher = parseMatcher(tokens);
    if (matcher !== undefined) matchers.push(matcher);
    if (tokens.accept(',') !== undefined) continue;
    if (!tokens.isNext('}')) tokens.unexpected({ construct: 'label matching', expected: '"," or "}"' });
  }
  return { matchers, position: spanning(open, tokens.take()) };
}

/** Undefined when the expression of the condition is none; that is reported, and parsing goes on. */
function parseMatcher(tokens: TokenStream): Matcher | undefined {
  const name = tokens.accept('identifier') ?? tokens.accept('string');
  if (name === undefined) return tokens.unexpected({ construct: 'label matching', expected: 'identifier or "}"' });
  const isName = name.kind === 'string';
  const label = isName ? unquote(name.text) : name.text;
  if (!tokens.isNext('=', '!=', '=~', '!~')) {
    if (isName) return new Matcher(METRIC_NAME, '=', label);
    tokens.unexpected({ construct: 'label matching', expected: 'label matching operator' });
  }
  const operator = tokens.take().kind as MatchOperator;
  const value = tokens.expect('string', { construct: 'label matching', expected: 'string' });
  try {
    return new Matcher(label, operator, unquote(value.text));
  } catch (error) {
    tokens.report(spanning(name, value), (error as Error).message);
    return undefined;
  }
}

/** `(a, "b", c)` behind `by`, `without`, `on`, `ignoring` and `group_…`. */
export function parseGroupingLabels(tokens: TokenStream): string[] {
  tokens.expect('(', { construct: 'grouping opts', expected: '"("' });
  const labels: string[] = [];
  if (tokens.accept(')') !== undefined) return labels;
  for (;;) {
    labels.push(parseGroupingLabel(tokens));
    if (tokens.accept(')') !== undefined) return labels;
    tokens.expect(',', { construct: 'grouping opts', expected: '"," or ")"' });
    if (tokens.accept(')') !== undefined) return labels;
  }
}

function parseGroupingLabel(tokens: TokenStream): string {
  const token = tokens.peek();
  if (token.kind !== 'string' && !isLabelName(token)) {
    tokens.unexpected({ construct: 'grouping opts', expected: 'label' });
  }
  tokens.take();
  const label = labelOf(token);
  if (label === '' || hasStrayBytes(label)) tokens.report(token, `invalid label name for grouping: ${quoted(label)}`);
  return label;
}

function labelOf(token: Token): string {
  return token.kind === 'string' ? unquote(token.text) : token.text;
}
