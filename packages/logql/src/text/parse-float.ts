import { quoted } from '#promql/syntax/go-text';

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const hexadecimal = /^([+-]?)0[xX]((?:_?[0-9a-fA-F])+\.?(?:_?[0-9a-fA-F])*|\.(?:_?[0-9a-fA-F])+)[pP]([+-]?\d+)$/;
const special = /^([+-]?)(?:inf|infinity)$|^nan$/i;

/** Go's `ParseFloat(text, 64)`. Throws an error with Go's text. */
export function parseFloat64(text: string): number {
  let value: number;
  if (decimal.test(text)) value = Number(text);
  else {
    const [, sign, digits, exponent] = hexadecimal.exec(text) ?? [];
    if (digits !== undefined) value = hexadecimalValue(digits, Number(exponent)) * (sign === '-' ? -1 : 1);
    else return specialValue(text);
  }
  if (value === Infinity || value === -Infinity) throw floatError(text, 'value out of range');
  return value;
}

function specialValue(text: string): number {
  const match = special.exec(text);
  if (match === null) throw floatError(text, 'invalid syntax');
  if (match[1] === undefined) return NaN;
  return match[1] === '-' ? -Infinity : Infinity;
}

function hexadecimalValue(digits: string, exponent: number): number {
  const [whole = '', fraction = ''] = digits.replaceAll('_', '').split('.');
  const mantissa = Number(BigInt(`0x${whole}${fraction}`));
  return mantissa * 2 ** (exponent - 4 * fraction.length);
}

function floatError(text: string, reason: string): Error {
  return new Error(`strconv.ParseFloat: parsing ${quoted(text)}: ${reason}`);
}
