// Decimal numbers as JSON writes them. The quick ways read what senders usually write and are exact; they leave the
// rest to the slow ones. See bench/decode.ts.

import { Char } from './char.js';
import { areDigits, fourDigits } from './words.js';

/** As many digits as an int32 holds whatever they are. */
const MOST_DIGITS = 9;
/** No integer of 64 bits has more digits. */
const LONGEST_INTEGER = 20;
/** A decimal of no more digits is the shortest that means its double, which is what ECMAScript prints. */
const LONGEST_SHORTEST = 15;
/** Below, ECMAScript prints doubles with an exponent. */
const SMALLEST_WITHOUT_EXPONENT = 1e-6;

/** Powers of ten that doubles hold exactly. */
const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/** The number that was read last. */
export class Decimal {
  /** Two's complement of an integer, or the IEEE 754 form of a double. */
  low = 0;
  high = 0;
  double = 0;
  /** Whether a double is written as ECMAScript prints it. */
  isCanonical = false;
  #digitsEnd = 0;
  readonly #ieee754 = new Float64Array(1);
  readonly #words = new Uint32Array(this.#ieee754.buffer);

  /** Reads an integer of at most 19 digits that fits an int64. Returns its end, or 0 for other numbers. */
  readInteger(view: DataView, start: number): number {
    const isNegative = view.getUint8(start) === Char.Minus;
    const first = isNegative ? start + 1 : start;
    this.low = this.#readDigits(view, first);
    this.high = 0;
    let at = this.#digitsEnd;
    const hasLeadingZero = view.getUint8(first) === Char.Zero && (at > first + 1 || isNegative);
    if (at === first || hasLeadingZero) return 0;
    if (at === first + MOST_DIGITS) {
      const tenth = view.getUint8(at) - Char.Zero;
      if (tenth >>> 0 <= 9) {
        const tail = this.#readDigits(view, at + 1);
        const tailDigits = this.#digitsEnd - at - 1;
        at = this.#digitsEnd;
        this.#setProduct(this.low * 10 + tenth, POWERS_OF_TEN[tailDigits]!, tail);
        if (this.high >>> 31 !== 0) return 0;
      }
    }
    if (isNegative) this.#negate();
    return isInsideNumber(view.getUint8(at)) ? 0 : at;
  }

  /**
   * Reads a number of at most 9 digits before the point and 18 after it, without an exponent, whose digits a double
   * holds exactly. Returns its end, or 0 for other numbers.
   */
  readDouble(view: DataView, start: number): number {
    const isNegative = view.getUint8(start) === Char.Minus;
    const first = isNegative ? start + 1 : start;
    let significand = this.#readDigits(view, first);
    let at = this.#digitsEnd;
    let fractionDigits = 0;
    const hasLeadingZero = view.getUint8(first) === Char.Zero && at > first + 1;
    if (at === first || hasLeadingZero) return 0;
    if (view.getUint8(at) === Char.Dot) {
      const fraction = at + 1;
      significand = this.#withDigits(significand, view, fraction);
      if (this.#digitsEnd === fraction + MOST_DIGITS) {
        significand = this.#withDigits(significand, view, this.#digitsEnd);
      }
      at = this.#digitsEnd;
      fractionDigits = at - fraction;
      if (fractionDigits === 0) return 0;
    }
    if (isInsideNumber(view.getUint8(at)) || significand > Number.MAX_SAFE_INTEGER) return 0;
    // One division of two exact doubles is rounded once, as the decimal itself would be.
    const digits = at - first - (fractionDigits === 0 ? 0 : 1);
    const magnitude = significand / POWERS_OF_TEN[fractionDigits]!;
    this.double = isNegative ? -magnitude : magnitude;
    this.isCanonical =
      digits <= LONGEST_SHORTEST &&
      (fractionDigits === 0 || (view.getUint8(at - 1) !== Char.Zero && magnitude >= SMALLEST_WITHOUT_EXPONENT)) &&
      !(isNegative && magnitude === 0);
    return at;
  }

  setDouble(value: number): void {
    this.#ieee754[0] = value;
    this.low = this.#words[0]!;
    this.high = this.#words[1]!;
  }

  setInteger(value: bigint): void {
    this.low = Number(BigInt.asUintN(32, value));
    this.high = Number(BigInt.asUintN(32, value >> 32n));
  }

  /** The value of the digits from `start` on, the first nine of them; #digitsEnd is then where they end. */
  #readDigits(view: DataView, start: number): number {
    let at = start;
    let value = 0;
    let word = view.getInt32(at, true);
    if (areDigits(word)) {
      value = fourDigits(word);
      at += 4;
      word = view.getInt32(at, true);
      if (areDigits(word)) {
        value = value * 10_000 + fourDigits(word);
        at += 4;
      }
    }
    for (const limit = start + MOST_DIGITS; at < limit; at++) {
      const digit = view.getUint8(at) - Char.Zero;
      if (digit >>> 0 > 9) break;
      value = value * 10 + digit;
    }
    this.#digitsEnd = at;
    return value;
  }

  /** The value of digits followed by those from `start` on, the first nine of them. */
  #withDigits(value: number, view: DataView, start: number): number {
    const group = this.#readDigits(view, start);
    return value * POWERS_OF_TEN[this.#digitsEnd - start]! + group;
  }

  /** Sets the unsigned value of factor × power + addend, where factor is below 2^34, power and addend below 2^30. */
  #setProduct(factor: number, power: number, addend: number): void {
    // In halves of 16 bits, so that every product is below 2^53.
    const upper = Math.floor(factor / 0x10000);
    const upperProduct = upper * power;
    const carried = Math.floor(upperProduct / 0x10000);
    const lower = (upperProduct - carried * 0x10000) * 0x10000 + (factor - upper * 0x10000) * power + addend;
    this.low = lower >>> 0;
    this.high = carried + Math.floor(lower / 0x1_0000_0000);
  }

  #negate(): void {
    this.low = -this.low >>> 0;
    this.high = (~this.high + (this.low === 0 ? 1 : 0)) >>> 0;
  }
}

/** Whether a number goes on with this byte. */
function isInsideNumber(byte: number): boolean {
  return (byte - Char.Zero) >>> 0 <= 9 || byte === Char.Dot || byte === Char.LowerE || byte === Char.UpperE;
}

/** Where the number that starts here ends, or 0 if none does. */
export function numberEnd(bytes: Uint8Array, start: number): number {
  const whole = bytes[start] === Char.Minus ? start + 1 : start;
  let at = digitsEnd(bytes, whole);
  if (at === whole || (bytes[whole] === Char.Zero && at > whole + 1)) return 0;
  if (bytes[at] === Char.Dot) {
    const fraction = at + 1;
    at = digitsEnd(bytes, fraction);
    if (at === fraction) return 0;
  }
  if (bytes[at] === Char.LowerE || bytes[at] === Char.UpperE) {
    const hasSign = bytes[at + 1] === Char.Minus || bytes[at + 1] === Char.Plus;
    const exponent = at + (hasSign ? 2 : 1);
    at = digitsEnd(bytes, exponent);
    if (at === exponent) return 0;
  }
  return at;
}

function digitsEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at]! - Char.Zero) >>> 0 <= 9) at++;
  return at;
}

const NUMBER_PARTS = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** The value of a number without fraction, however it is written: 1e3 is one. Undefined for others and huge ones. */
export function exactInteger(number: string): bigint | undefined {
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = NUMBER_PARTS.exec(number)!;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (digits === '') return 0n;
  const significantLength = lengthWithoutZeros(digits);
  const zeros = Number(exponentText) - fraction.length + (digits.length - significantLength);
  if (zeros < 0 || significantLength + zeros > LONGEST_INTEGER) return undefined;
  return BigInt(sign + digits.slice(0, significantLength) + '0'.repeat(zeros));
}

/** Without a regular expression: /0+$/ takes the square of the length on zeros that another digit follows. */
function lengthWithoutZeros(digits: string): number {
  let length = digits.length;
  while (digits.charCodeAt(length - 1) === Char.Zero) length--;
  return length;
}
