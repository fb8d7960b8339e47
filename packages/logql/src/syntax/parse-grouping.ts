import type { Grouping, VectorMatching } from './ast.js';
import type { TokenStream } from './token-stream.js';

/** `by (a, b)` or `without (a)`, if it is there. */
export function parseGrouping(tokens: TokenStream): Grouping | undefined {
  if (!tokens.isNext('by', 'without')) return undefined;
  const without = tokens.take().kind === 'without';
  return { without, labels: parseLabels(tokens) ?? [] };
}

/** Names in parentheses; undefined for none. */
function parseLabels(tokens: TokenStream): string[] | undefined {
  tokens.expect('(');
  if (!tokens.isNext('identifier', ')')) tokens.unexpected('identifier', ')');
  if (tokens.accept(')') !== undefined) return undefined;
  const labels: string[] = [];
  do labels.push(tokens.expect('identifier').text);
  while (tokens.accept(',') !== undefined);
  tokens.expect(',', ')');
  return labels;
}

/** What may stand between an operator and its right side. */
export interface Modifiers {
  readonly returnsBool: boolean;
  readonly matching: VectorMatching;
}

export function parseModifiers(tokens: TokenStream): Modifiers {
  const returnsBool = tokens.accept('bool') !== undefined;
  if (!tokens.isNext('on', 'ignoring')) return { returnsBool, matching: oneToOne };
  const on = tokens.take().kind === 'on';
  const matching: VectorMatching = { ...oneToOne, on, labels: parseLabels(tokens) };
  if (!tokens.isNext('group_left', 'group_right')) return { returnsBool, matching };
  const cardinality = tokens.take().kind === 'group_left' ? 'many-to-one' : 'one-to-many';
  const include = tokens.isNext('(') ? parseLabels(tokens) : undefined;
  return { returnsBool, matching: { ...matching, cardinality, include } };
}

const oneToOne: VectorMatching = { cardinality: 'one-to-one', on: false, labels: undefined, include: undefined };
