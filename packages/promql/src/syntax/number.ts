import { quoted } from './go-text.js';

const misplacedUnderscore = /__|_$|_[.eE]|[.eE+-]_/;
const LARGEST_INTEGER = 2n ** 63n - 1n;

/**
 * The value of a number as Go reads it: first as an integer, in which a leading 0 means octal and 0x hexadecimal, then
 * as a float. Throws an error with Go's text for what is neither, and for what is too large.
 */
export function parseNumber(text: string): number {
  const lower = text.toLowerCase();
  if (lower === 'inf') return Infinity;
  if (lower === 'nan') return NaN;
  const digits = text.replaceAll('_', '');
  if (misplacedUnderscore.test(text)) throw invalid(text, 'invalid syntax');
  if (/^0x/i.test(digits)) return parseHexadecimal(text, digits);
  if (/^0[0-7]+$/.test(digits)) return Number(BigInt(`0o${digits.slice(1)}`));
  const value = Number(digits);
  if (Number.isNaN(value)) throw invalid(text, 'invalid syntax');
  if (value === Infinity) throw invalid(text, 'value out of range');
  return value;
}

/** A hexadecimal float needs an exponent, so that what is no integer of 64 bits is no number. */
function parseHexadecimal(text: string, digits: string): number {
  if (!/^0x[0-9a-f]+$/i.test(digits)) throw invalid(text, 'invalid syntax');
  const value = BigInt(digits);
  if (value > LARGEST_INTEGER) throw invalid(text, 'invalid syntax');
  return Number(value);
}

function invalid(text: string, reason: string): Error {
  return new Error(`error parsing number: strconv.ParseFloat: parsing ${quoted(text)}: ${reason}`);
}
