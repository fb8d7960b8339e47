import {
  arithmeticOperators,
  comparisonOperators,
  rangeOperators,
  setOperators,
  unwrapConversions,
  vectorOperators,
} from './operators.js';
import type { Place } from './parse-error.js';

/** Words and signs that mean themselves wherever they stand. */
const reserved = [
  ...['=', '=~', '!~', '!>', '{', '}', '[', ']', ',', '.', '|~', '|=', '|>', '|', '(', ')'],
  ...['by', 'without', 'bool', 'offset', 'on', 'ignoring', 'group_left', 'group_right', 'unwrap'],
  ...['json', 'regexp', 'logfmt', 'unpack', 'pattern', 'line_format', 'label_format', 'decolorize', 'drop', 'keep'],
  ...setOperators,
  ...comparisonOperators,
  ...arithmeticOperators,
];
export const reservedWords: ReadonlySet<string> = new Set(reserved);

/** Words that mean a function when a parenthesis follows, and are names otherwise. */
export const functionWords: ReadonlySet<string> = new Set([
  ...rangeOperators,
  ...vectorOperators,
  ...unwrapConversions,
  'vector',
  'label_replace',
  'ip',
]);

/**
 * `identifier`, `string`, `number`, `span` (a duration), `size` (of bytes), `range`, `flag` or `end`, whose tokens differ in what they hold. Every
 * other kind is the word or sign itself.
 */
export type TokenKind = string;

export interface Token {
  readonly kind: TokenKind;
  /** Of a string, what it stands for; of a range, what stands between the brackets. */
  readonly text: string;
  /** Nanoseconds of a duration or range, bytes of a size. */
  readonly value?: bigint;
  readonly place: Place;
}

const conversions: ReadonlySet<string> = new Set(unwrapConversions);
const valueNames = new Map<TokenKind, string>([
  ['identifier', 'IDENTIFIER'],
  ['string', 'STRING'],
  ['number', 'NUMBER'],
  ['span', 'DURATION'],
  ['size', 'BYTES'],
  ['range', 'RANGE'],
  ['flag', 'FUNCTION_FLAG'],
  ['end', '$end'],
]);

/** What an error calls a token: Loki's own names for its tokens show through. */
export function tokenName(kind: TokenKind): string {
  const name = valueNames.get(kind);
  if (name !== undefined) return name;
  if (conversions.has(kind)) return `${kind.toUpperCase()}_CONV`;
  if (kind === 'ip' || kind === 'label_replace' || !functionWords.has(kind)) return kind;
  return kind.toUpperCase();
}
