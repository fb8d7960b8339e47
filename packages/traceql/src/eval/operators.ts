// What operators do with two values. Values of types that an operator has no meaning for give nil, and a comparison with
// them does not hold: spans are the data of others, so that a query does not fail for one attribute of the wrong type.

import { Matcher } from '#promql';
import { ArrayValue, Duration, Keyword, type Value } from '../data/value.js';
import type { ComparisonOperator } from '../source.js';
import type { ArithmeticOperator } from '../syntax/token.js';

/** The number that a value counts as. Undefined for what is no number. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value instanceof Duration ? value.ns : undefined;
}

export type Comparison = (left: Value, right: Value) => boolean;

/** Patterns are compiled when they are first met: most queries have one that never changes. */
export function comparison(operator: ComparisonOperator): Comparison {
  if (operator === '=~' || operator === '!~') return regexComparison(operator);
  const compare = scalarComparisons[operator];
  const matchesAll = operator === '!=';
  return (left, right) => {
    if (left instanceof ArrayValue) return compareArray(left, right, compare, matchesAll);
    if (right instanceof ArrayValue) return compareArray(right, left, flipped(compare), matchesAll);
    return compare(left, right);
  };
}

function flipped(compare: Comparison): Comparison {
  return (left, right) => compare(right, left);
}

/** Elements against a value: one must meet it, or all where the operator denies something. */
function compareArray(array: ArrayValue, value: Value, compare: Comparison, matchesAll: boolean): boolean {
  if (value instanceof ArrayValue) return false;
  if (value === undefined || !isComparable(array, value)) return false;
  return matchesAll
    ? array.values.every((element) => compare(element, value))
    : array.values.some((element) => compare(element, value));
}

/** An empty array has no element to tell its type by, so that the type it was declared with decides. */
function isComparable({ elementType }: ArrayValue, value: Value): boolean {
  if (elementType === 'int' || elementType === 'float') return numberOf(value) !== undefined;
  return typeof value === elementType;
}

const scalarComparisons: Readonly<Record<Exclude<ComparisonOperator, '=~' | '!~'>, Comparison>> = {
  '=': (left, right) => orderOf(left, right) === 0,
  '!=': (left, right) => {
    const order = orderOf(left, right);
    return order !== undefined && order !== 0;
  },
  '<': (left, right) => isOrdered(left) && orderOf(left, right)! < 0,
  '<=': (left, right) => isOrdered(left) && orderOf(left, right)! <= 0,
  '>': (left, right) => isOrdered(left) && orderOf(left, right)! > 0,
  '>=': (left, right) => isOrdered(left) && orderOf(left, right)! >= 0,
};

function isOrdered(value: Value): boolean {
  return typeof value !== 'boolean' && !(value instanceof Keyword);
}

/** Negative, zero, positive or NaN. Undefined for values that do not compare. */
export function orderOf(left: Value, right: Value): number | undefined {
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right ? -1 : left > right ? 1 : 0;
  if (typeof left === 'string') return typeof right === 'string' ? compareTexts(left, right) : undefined;
  if (typeof left === 'boolean') return typeof right === 'boolean' ? Number(left) - Number(right) : undefined;
  if (left instanceof Keyword) {
    if (!(right instanceof Keyword) || left.type !== right.type) return undefined;
    return left === right ? 0 : 1;
  }
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)];
  if (leftNumber === undefined || rightNumber === undefined) return undefined;
  if (leftNumber === rightNumber) return 0;
  // NaN differs from everything, and is neither less nor more.
  return leftNumber - rightNumber;
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function regexComparison(operator: '=~' | '!~'): Comparison {
  let compiled: Matcher | undefined;
  const matches = (text: Value, pattern: string) => {
    if (compiled?.value !== pattern) compiled = new Matcher('', operator, pattern);
    return typeof text === 'string' && compiled.matches(text);
  };
  return (left, right) => {
    if (typeof right !== 'string') return false;
    if (!(left instanceof ArrayValue)) return matches(left, right);
    if (left.elementType !== 'string') return false;
    return operator === '!~'
      ? left.values.every((element) => matches(element, right))
      : left.values.some((element) => matches(element, right));
  };
}

/** Two ints give an int. Everything else gives a float, durations counting in nanoseconds. */
export function arithmetic(operator: ArithmeticOperator, left: Value, right: Value): Value {
  if (typeof left === 'bigint' && typeof right === 'bigint') return ints[operator](left, right);
  const [leftNumber, rightNumber] = [numberOf(left), numberOf(right)];
  if (leftNumber === undefined || rightNumber === undefined) return undefined;
  return floats[operator](leftNumber, rightNumber);
}

const floats: Readonly<Record<ArithmeticOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  '/': (left, right) => left / right,
  '%': (left, right) => left % right,
  '^': (left, right) => left ** right,
};

/** As int64: overflows wrap, divisions cut, and a division by zero has no value. */
const ints: Readonly<Record<ArithmeticOperator, (left: bigint, right: bigint) => Value>> = {
  '+': (left, right) => BigInt.asIntN(64, left + right),
  '-': (left, right) => BigInt.asIntN(64, left - right),
  '*': (left, right) => BigInt.asIntN(64, left * right),
  '/': (left, right) => (right === 0n ? undefined : BigInt.asIntN(64, left / right)),
  '%': (left, right) => (right === 0n ? undefined : left % right),
  '^': power,
};

/** Through floats, as a big exponent would otherwise take all memory. */
function power(base: bigint, exponent: bigint): Value {
  const result = Number(base) ** Number(exponent);
  return Number.isFinite(result) ? BigInt.asIntN(64, BigInt(Math.trunc(result))) : undefined;
}

export function negated(value: Value): Value {
  if (typeof value === 'bigint') return BigInt.asIntN(64, -value);
  if (typeof value === 'number') return -value;
  return value instanceof Duration ? new Duration(-value.ns) : undefined;
}

/** Text that only values of one type and value share. */
export function keyOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Duration) return `d${value.ns}`;
  if (value instanceof Keyword) return `k${value.type}${value.name}`;
  if (value instanceof ArrayValue) return `a${JSON.stringify(value.values.map(keyOf))}`;
  return `${typeof value}${value}`;
}
