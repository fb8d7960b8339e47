// Numbers of the protocol's types, which JSON may give as numbers or as strings. A null is 0.

import { Char } from './char.js';
import { Decimal, exactInteger, numberEnd } from './decimal.js';
import type { JsonReader } from './reader.js';

interface IntegerRange {
  readonly smallest: bigint;
  readonly largest: bigint;
}

const INT64: IntegerRange = { smallest: -(2n ** 63n), largest: 2n ** 63n - 1n };
/** Unsigned integers of 64 bits end up in signed columns. */
const UINT63: IntegerRange = { smallest: 0n, largest: 2n ** 63n - 1n };
const INT32: IntegerRange = { smallest: -(2n ** 31n), largest: 2n ** 31n - 1n };
const UINT32: IntegerRange = { smallest: 0n, largest: 2n ** 32n - 1n };

const LARGEST_INT32 = 2 ** 31 - 1;
const NOT_FINITE: ReadonlySet<string> = new Set(['NaN', 'Infinity', '-Infinity']);

export class Numbers {
  /** If the number last read is in the document as canonical JSON has it, where; else `end` is 0. */
  start = 0;
  end = 0;
  readonly #reader: JsonReader;
  readonly #decimal = new Decimal();

  constructor(reader: JsonReader) {
    this.#reader = reader;
  }

  /** Two's complement of the integer last read, or the IEEE 754 form of a double. */
  get low(): number {
    return this.#decimal.low;
  }

  get high(): number {
    return this.#decimal.high;
  }

  /** Reads an integer into `low` and `high`. */
  int64(): void {
    this.#integer(INT64);
  }

  /**
   * Reads an integer into `low` and `high`; or returns the double that a bare number beyond int64 is. OpenTelemetry's
   * JavaScript SDK writes every whole number as an integer, also 1e+300.
   */
  int64OrDouble(): number | undefined {
    return this.#integer(INT64, 'or double');
  }

  /** Reads an integer from 0 to 2^63 - 1 into `low` and `high`. */
  uint63(): void {
    this.#integer(UINT63);
  }

  int32(): number {
    this.#integer(INT32);
    return this.#decimal.low | 0;
  }

  uint32(): number {
    this.#integer(UINT32);
    return this.#decimal.low;
  }

  /** Reads an enum's value: its number, or one of the names given. */
  enumeration(numbersByName: ReadonlyMap<string, number>): number {
    const reader = this.#reader;
    if (reader.peek() !== Char.Quote) return this.int32();
    reader.string();
    return numbersByName.get(reader.latin1()) ?? reader.refuse('a number or a name of the enum');
  }

  double(): number {
    const reader = this.#reader;
    const isQuoted = reader.peek() === Char.Quote;
    const start = isQuoted ? reader.at + 1 : reader.at;
    const end = this.#decimal.readDouble(reader.view, start);
    if (end === 0 || (isQuoted && reader.bytes[end] !== Char.Quote)) return this.#unusualDouble();
    this.start = start;
    this.end = this.#decimal.isCanonical ? end : 0;
    reader.at = isQuoted ? end + 1 : end;
    return this.#decimal.double;
  }

  /** Makes a double's two words `low` and `high`. */
  setDouble(value: number): void {
    this.#decimal.setDouble(value);
  }

  #integer(range: IntegerRange, beyond?: 'or double'): number | undefined {
    const reader = this.#reader;
    const isQuoted = reader.peek() === Char.Quote;
    const start = isQuoted ? reader.at + 1 : reader.at;
    const end = this.#decimal.readInteger(reader.view, start);
    const isUsual = end !== 0 && (!isQuoted || reader.bytes[end] === Char.Quote) && isWithin(range, this.#decimal);
    if (!isUsual) return this.#unusualInteger(range, beyond === 'or double' && !isQuoted);
    this.start = start;
    this.end = end;
    reader.at = isQuoted ? end + 1 : end;
    return undefined;
  }

  #unusualInteger(range: IntegerRange, mayBeDouble: boolean): number | undefined {
    const number = this.#text('an integer');
    const value = number === undefined ? 0n : exactInteger(number);
    const double = mayBeDouble ? Number(number) : Number.NaN;
    const isDouble = Math.abs(double) >= 2 ** 63 && Number.isFinite(double) && isOutside(range, value);
    if (isDouble) return double;
    if (value === undefined || isOutside(range, value)) {
      this.#reader.refuse(`an integer from ${range.smallest} to ${range.largest}`);
    }
    this.#decimal.setInteger(value);
    this.end = 0;
    return undefined;
  }

  #unusualDouble(): number {
    const number = this.#text('a number', NOT_FINITE);
    const value = number === undefined ? 0 : Number(number);
    if (!Number.isFinite(value) && !NOT_FINITE.has(number!)) this.#reader.refuse('within the range of a double');
    this.end = 0;
    return value;
  }

  /** Reads a number, or in a string also one of the words, as its text; undefined for a null. */
  #text(rule: string, words?: ReadonlySet<string>): string | undefined {
    const reader = this.#reader;
    if (reader.peek() === Char.Quote) {
      reader.string();
      const text = reader.latin1();
      // A quote follows the text, so that a number in it ends there.
      const isNumber = numberEnd(reader.text, reader.textStart) === reader.textStart + reader.textLength;
      if (!isNumber && words?.has(text) !== true) reader.refuse(rule);
      return text;
    }
    const end = numberEnd(reader.bytes, reader.at);
    if (end === 0) {
      reader.takeNullFor(rule);
      return undefined;
    }
    return reader.take(end);
  }
}

function isOutside(range: IntegerRange, value: bigint | undefined): boolean {
  return value === undefined || value < range.smallest || value > range.largest;
}

function isWithin(range: IntegerRange, { low, high }: Decimal): boolean {
  if (range === INT64) return true;
  if (high === 0) return range !== INT32 || low <= LARGEST_INT32;
  return range === UINT63 && high <= LARGEST_INT32;
}
