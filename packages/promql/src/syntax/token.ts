import { quoted } from './go-text.js';
import type { Position } from './position.js';

export const aggregationOperators = [
  'avg',
  'bottomk',
  'count',
  'count_values',
  'group',
  'limit_ratio',
  'limitk',
  'max',
  'min',
  'quantile',
  'stddev',
  'stdvar',
  'sum',
  'topk',
] as const;
export type AggregationOperator = (typeof aggregationOperators)[number];

const keywords = [
  'anchored',
  'bool',
  'by',
  'fill',
  'fill_left',
  'fill_right',
  'group_left',
  'group_right',
  'ignoring',
  'offset',
  'on',
  'smoothed',
  'without',
] as const;

/** Words that stand for a time or a duration of the query, or are the names of functions. */
const preprocessors = ['end', 'max_of', 'min_of', 'range', 'start', 'step'] as const;

export const arithmeticOperators = ['+', '-', '*', '/', '%', '^', 'atan2', '</', '>/'] as const;
export const comparisonOperators = ['==', '!=', '<=', '<', '>=', '>'] as const;
export const setOperators = ['and', 'or', 'unless'] as const;
export type ArithmeticOperator = (typeof arithmeticOperators)[number];
export type ComparisonOperator = (typeof comparisonOperators)[number];
export type SetOperator = (typeof setOperators)[number];
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | SetOperator;

export const matchOperators = ['=', '!=', '=~', '!~'] as const;
export type MatchOperator = (typeof matchOperators)[number];

const symbols = ['(', ')', '{', '}', '[', ']', ',', ':', '@', '=', '=~', '!~'] as const;

export type TokenKind =
  | 'end of input'
  | 'identifier'
  | 'metric identifier'
  | 'string'
  | 'number'
  | 'duration'
  | AggregationOperator
  | BinaryOperator
  | (typeof keywords)[number]
  | (typeof preprocessors)[number]
  | (typeof symbols)[number];

/** A piece of a query. Words and symbols are their own kind, in lower case; `text` is what the query says. */
export interface Token extends Position {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Everything that the lexer takes for more than an identifier. */
export const reservedWords: ReadonlyMap<string, TokenKind> = new Map<string, TokenKind>([
  ...[...aggregationOperators, ...keywords, ...preprocessors, ...setOperators, 'atan2' as const].map(
    (word): [string, TokenKind] => [word, word],
  ),
  ['inf', 'number'],
  ['nan', 'number'],
]);

const aggregationKinds = new Set<string>(aggregationOperators);
const keywordKinds = new Set<string>(keywords);
const operatorKinds = new Set<string>([
  ...arithmeticOperators,
  ...comparisonOperators,
  ...setOperators,
  '@',
  '=~',
  '!~',
]);
const comparisonKinds = new Set<string>(comparisonOperators);
const setKinds = new Set<string>(setOperators);
const notMetricNames = new Set<TokenKind>(['bool', 'ignoring', 'on', 'group_left', 'group_right', 'atan2', 'number']);
const labelOnlyWords = new Set<TokenKind>(['bool', 'ignoring', 'on', 'group_left', 'group_right', 'atan2']);

export function isAggregation(kind: string): kind is AggregationOperator {
  return aggregationKinds.has(kind);
}

export function isComparison(kind: string): kind is ComparisonOperator {
  return comparisonKinds.has(kind);
}

export function isSetOperator(kind: string): kind is SetOperator {
  return setKinds.has(kind);
}

/** Aggregations whose first argument is a parameter. */
export function takesParameter(operator: AggregationOperator): boolean {
  return ['bottomk', 'count_values', 'limit_ratio', 'limitk', 'quantile', 'topk'].includes(operator);
}

/** Whether the token may be the name of a metric: an identifier, or a word that is reserved elsewhere only. */
export function isMetricName({ kind, text }: Token): boolean {
  if (kind === 'identifier' || kind === 'metric identifier') return true;
  return reservedWords.has(text.toLowerCase()) && !notMetricNames.has(kind);
}

/** Whether the token may be a label in `by (…)`, `on (…)` and their like. Prometheus leaves out `without`. */
export function isLabelName(token: Token): boolean {
  return token.kind !== 'without' && (isMetricName(token) || labelOnlyWords.has(token.kind));
}

const operandKinds = new Set<TokenKind>(['+', '-', '(', '{', 'number', 'duration', 'string']);

export function startsExpression(token: Token): boolean {
  return operandKinds.has(token.kind) || isMetricName(token);
}

/** The token as Prometheus names it in "unexpected …". */
export function describe(token: Token): string {
  const { kind, text } = token;
  if (kind === 'end of input') return kind;
  if (kind === 'identifier' || kind === 'metric identifier') return `${kind} ${quoted(text)}`;
  if (kind === 'string' || kind === 'number' || kind === 'duration') return `${kind} ${abbreviated(text)}`;
  if (keywordKinds.has(kind)) return `<${text}>`;
  if (operatorKinds.has(kind)) return `<op:${text}>`;
  if (aggregationKinds.has(kind)) return `<aggr:${text}>`;
  return abbreviated(text);
}

/** Longer texts are cut to ten characters. */
function abbreviated(text: string): string {
  return Buffer.byteLength(text) > 10 ? `${quoted([...text].slice(0, 10).join(''))}...` : quoted(text);
}
