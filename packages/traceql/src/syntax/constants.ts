// Numbers without an aggregate or metrics beside them are computed when the query is parsed.

import { Duration, type Value } from '../data/value.js';
import type { MetricsOperator } from './ast.js';
import type { TokenStream } from './token-stream.js';

type Constant = Exclude<Value, undefined>;

export function negatedConstant(value: Constant): Constant {
  if (value instanceof Duration) return new Duration(-value.ns);
  if (typeof value === 'bigint') return BigInt.asIntN(64, -value);
  return -(value as number);
}

/** Two ints give an int, which overflows as an int64 does; division cuts. */
export function foldConstants(
  operator: MetricsOperator,
  left: Constant,
  right: Constant,
  tokens: TokenStream,
): Constant {
  if (left instanceof Duration || right instanceof Duration) {
    tokens.refuse('duration cannot be used in scalar arithmetic');
  }
  if (typeof left !== 'bigint' || typeof right !== 'bigint') return floats[operator](Number(left), Number(right));
  if (operator === '/' && right === 0n) tokens.refuse('division by zero');
  return BigInt.asIntN(64, ints[operator](left, right));
}

const ints: Readonly<Record<MetricsOperator, (left: bigint, right: bigint) => bigint>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};

const floats: Readonly<Record<MetricsOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
};
