// Decimal numbers as JSON writes them. The quick ways read what senders usually write and are exact; they leave the
// rest to the slow ones. See bench/decode.ts.

import { Char } from './char.js';

const DIGITS_OF_INT32 = 9;
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
  /** Two's complement of an integer. */
  low = 0;
  high = 0;
  double = 0;
  /** Whether it is written as canonical JSON has it: an integer as its digits, a double as ECMAScript prints it. */
  isCanonical = false;

  /** Reads an integer of at most 19 digits that fits an int64. Returns its end, or 0 for other numbers. */
  readInteger(bytes: Uint8Array, start: number): number {
    const isNegative = bytes[start] === Char.Minus;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let digit = bytes[at]! - Char.Zero;
    let head = 0;
    const headEnd = first + DIGITS_OF_INT32;
    while (digit >>> 0 <= 9 && at < headEnd) {
      head = (Math.imul(head, 10) + digit) | 0;
      digit = bytes[++at]! - Char.Zero;
    }
    const hasLeadingZero = bytes[first] === Char.Zero && (at > first + 1 || isNegative);
    if (at === first || hasLeadingZero) return 0;
    this.low = head;
    this.high = 0;
    if (digit >>> 0 <= 9) {
      const tenDigits = head * 10 + digit;
      digit = bytes[++at]! - Char.Zero;
      const tailStart = at;
      const tailEnd = at + DIGITS_OF_INT32;
      let tail = 0;
      while (digit >>> 0 <= 9 && at < tailEnd) {
        tail = (Math.imul(tail, 10) + digit) | 0;
        digit = bytes[++at]! - Char.Zero;
      }
      if (digit >>> 0 <= 9) return 0;
      this.#setProduct(tenDigits, POWERS_OF_TEN[at - tailStart]!, tail);
      if (this.high >>> 31 !== 0) return 0;
    }
    if (isNegative) this.#negate();
    const end = bytes[at];
    return end === Char.Dot || end === Char.LowerE || end === Char.UpperE ? 0 : at;
  }

  /** Reads a number of at most 18 digits, no exponent, whose digits a double holds exactly. Returns its end or 0. */
  readDouble(bytes: Uint8Array, start: number): number {
    const isNegative = bytes[start] === Char.Minus;
    const first = isNegative ? start + 1 : start;
    let at = first;
    let digits = 0;
    let head = 0;
    let tail = 0;
    let point = 0;
    for (;;) {
      const digit = bytes[at]! - Char.Zero;
      if (digit >>> 0 <= 9) {
        if (digits < DIGITS_OF_INT32) head = (Math.imul(head, 10) + digit) | 0;
        else tail = (Math.imul(tail, 10) + digit) | 0;
        digits++;
      } else if (bytes[at] === Char.Dot && point === 0 && digits > 0) {
        point = at;
      } else {
        break;
      }
      at++;
    }
    const fractionDigits = point === 0 ? 0 : at - point - 1;
    const hasLeadingZero = bytes[first] === Char.Zero && digits - fractionDigits > 1;
    const isTooShort = digits === 0 || (point !== 0 && fractionDigits === 0);
    if (isTooShort || hasLeadingZero || digits > 2 * DIGITS_OF_INT32) return 0;
    if (bytes[at] === Char.LowerE || bytes[at] === Char.UpperE) return 0;
    const significand = digits <= DIGITS_OF_INT32 ? head : head * POWERS_OF_TEN[digits - DIGITS_OF_INT32]! + tail;
    if (significand > Number.MAX_SAFE_INTEGER) return 0;
    // One division of two exact doubles is rounded once, as the decimal itself would be.
    const magnitude = significand / POWERS_OF_TEN[fractionDigits]!;
    this.double = isNegative ? -magnitude : magnitude;
    this.isCanonical =
      digits <= LONGEST_SHORTEST &&
      (point === 0 || (bytes[at - 1] !== Char.Zero && magnitude >= SMALLEST_WITHOUT_EXPONENT)) &&
      !(isNegative && magnitude === 0);
    return at;
  }

  setInteger(value: bigint): void {
    this.low = Number(BigInt.asUintN(32, value));
    this.high = Number(BigInt.asUintN(32, value >> 32n));
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
