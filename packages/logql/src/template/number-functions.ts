import { parseFloat64 } from '../text/parse-float.js';
import type { TemplateFunction } from './compile.js';
import { DecimalNumber } from './decimal-number.js';
import { type GoValue, Int64 } from './value.js';

/** A value as an integer of 64 bits: what cannot be one is 0. */
function integerOf(value: GoValue): bigint {
  if (typeof value === 'bigint') return value;
  if (value instanceof Int64) return value.value;
  if (typeof value === 'number') return Number.isFinite(value) ? BigInt.asIntN(64, BigInt(Math.trunc(value))) : 0n;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'string' ? integerOfText(value) : 0n;
}

const integerText = /^([+-]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|[1-9]\d*|0)$/;

/** Digits behind a point are cut off. A leading 0 means octal. */
function integerOfText(text: string): bigint {
  const whole = /^([-+]?\d*)\.\d*$/.exec(text)?.[1];
  const candidate = whole === undefined ? text : /^[-+]?$/.test(whole) ? `${whole}0` : whole;
  const [, sign, digits] = integerText.exec(candidate) ?? [];
  if (digits === undefined) return 0n;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits) * (sign === '-' ? -1n : 1n);
  return BigInt.asIntN(64, value) === value ? value : 0n;
}

/** A value as a float64: what cannot be one is 0. */
function floatOf(value: GoValue): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Int64) return Number(value.value);
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'string') return 0;
  try {
    return parseFloat64(value);
  } catch {
    return 0;
  }
}

/** On any number of values, at least one. */
function integers(compute: (left: bigint, right: bigint) => bigint): TemplateFunction {
  return {
    parameters: ['any'],
    rest: 'any',
    call: (values) => new Int64(values.map(integerOf).reduce(compute)),
  };
}

function integerPair(compute: (left: bigint, right: bigint) => bigint): TemplateFunction {
  return {
    parameters: ['any', 'any'],
    call: ([left, right]) => new Int64(compute(integerOf(left), integerOf(right))),
  };
}

function floats(compute: (left: number, right: number) => number): TemplateFunction {
  return {
    parameters: ['any'],
    rest: 'any',
    call: (values) => values.map(floatOf).reduce((left, right) => compute(left, right)),
  };
}

function decimals(compute: (left: DecimalNumber, right: DecimalNumber) => DecimalNumber): TemplateFunction {
  return {
    parameters: ['any'],
    rest: 'any',
    call: (values) => values.map((value) => DecimalNumber.of(floatOf(value))).reduce(compute).value,
  };
}

function nonZero(divisor: bigint): bigint {
  if (divisor === 0n) throw new Error('runtime error: integer divide by zero');
  return divisor;
}

function oneFloat(compute: (value: number) => number): TemplateFunction {
  return { parameters: ['any'], call: ([value]) => compute(floatOf(value)) };
}

function rounded(value: number, places: number, roundOn: number): number {
  const power = 10 ** places;
  const digits = power * value;
  const fraction = digits - Math.trunc(digits);
  return (fraction >= roundOn ? Math.ceil(digits) : Math.floor(digits)) / power;
}

export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  int: { parameters: ['any'], call: ([value]) => integerOf(value) },
  float64: oneFloat((value) => value),
  add: {
    parameters: [],
    rest: 'any',
    call: (values) => new Int64(values.map(integerOf).reduce((left, right) => left + right, 0n)),
  },
  sub: integerPair((left, right) => left - right),
  mul: integers((left, right) => left * right),
  div: integerPair((left, right) => left / nonZero(right)),
  mod: integerPair((left, right) => left % nonZero(right)),
  max: integers((left, right) => (left > right ? left : right)),
  min: integers((left, right) => (left < right ? left : right)),
  addf: {
    parameters: [],
    rest: 'any',
    call: (values) =>
      values
        .map((value) => DecimalNumber.of(floatOf(value)))
        .reduce((left, right) => left.plus(right), new DecimalNumber(0n, 0)).value,
  },
  subf: decimals((left, right) => left.minus(right)),
  mulf: decimals((left, right) => left.times(right)),
  divf: decimals((left, right) => left.dividedBy(right)),
  maxf: floats(Math.max),
  minf: floats(Math.min),
  ceil: oneFloat(Math.ceil),
  floor: oneFloat(Math.floor),
  round: {
    parameters: ['any', 'int'],
    rest: 'float64',
    call: ([value, places, roundOn]) => rounded(floatOf(value), Number(places), (roundOn as number | undefined) ?? 0.5),
  },
};
