// Writes canonical JSON text to the end of a heap, from UTF-8 bytes and numbers, without a string or an object per
// value. Callers pair openObject() with closeObject(), which puts members into key order and drops duplicates.
// Bytes are taken to be UTF-8: see text-check.ts for who proves it.

import type { ByteHeap } from '../../buffer/byte-heap.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const MINUS = 0x2d;
const ZERO = 0x30;
const POINT = 0x2e;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const BILLION = 1_000_000_000;

/** A control character becomes six bytes: \u001f. */
const LONGEST_ESCAPE = 6;
const LONG_TEXT = 1 << 16;

const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
/** For each byte its two digits, the first one in the low byte, as it comes first in memory. */
const HEX_PAIRS = Int16Array.from({ length: 256 }, (_, byte) => HEX_DIGITS[byte >> 4]! | (HEX_DIGITS[byte & 15]! << 8));
/** The same for each number below 100. */
const DIGIT_PAIRS = Int16Array.from({ length: 100 }, (_, number) => {
  const tens = Math.floor(number / 10);
  return HEX_DIGITS[tens]! | (HEX_DIGITS[number % 10]! << 8);
});
const BASE64_DIGITS = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (digit) =>
  digit.charCodeAt(0),
);

/** For each byte: 0 as it is, 1 as \u00xx, else the letter that follows the backslash. */
const ESCAPES = new Uint8Array(256).fill(1, 0, 0x20);
for (const [byte, letter] of ['\bb', '\ff', '\nn', '\rr', '\tt', '""', '\\\\'].map((pair) => [
  pair.charCodeAt(0),
  pair.charCodeAt(1),
])) {
  ESCAPES[byte!] = letter!;
}

/**
 * Whether one of the four bytes of a word is a control character, a quote or a backslash. In each byte, the
 * subtractions borrow into the highest bit where it is less than 0x20, or equal to the character, and below 0x80.
 */
function hasEscaped(word: number): boolean {
  const controls = word - 0x20202020;
  const quotes = (word ^ 0x22222222) - 0x01010101;
  const backslashes = (word ^ 0x5c5c5c5c) - 0x01010101;
  return ((controls | quotes | backslashes) & ~word & 0x80808080) !== 0;
}

function escapedLength(source: Uint8Array, start: number, length: number): number {
  let escaped = length;
  for (let i = start; i < start + length; i++) {
    const escaping = ESCAPES[source[i]!]!;
    if (escaping !== 0) escaped += escaping === 1 ? LONGEST_ESCAPE - 1 : 1;
  }
  return escaped;
}

/** Characters below U+0080 that are written often, ready to be copied. */
export class Literal {
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(text: string) {
    this.bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    this.view = new DataView(this.bytes.buffer);
  }
}

export class JsonText {
  readonly heap: ByteHeap;
  readonly #members = new MemberStack();

  constructor(heap: ByteHeap) {
    this.heap = heap;
  }

  /** Writes UTF-8 bytes as a JSON string and a colon. */
  key(source: Uint8Array, start: number, length: number): void {
    this.string(source, start, length);
    this.heap.bytes[this.heap.end++] = COLON;
  }

  /** Writes UTF-8 bytes as a JSON string. */
  string(source: Uint8Array, start: number, length: number): void {
    const { heap } = this;
    // Two more for the quotes, and one for the colon behind a key. A long text is measured: six times its length may
    // be more memory than there is.
    heap.reserve((length < LONG_TEXT ? length * LONGEST_ESCAPE : escapedLength(source, start, length)) + 3);
    const { bytes, view } = heap;
    const sourceView = heap.viewOf(source);
    const end = start + length;
    const lastWord = end - 4;
    let at = heap.end;
    bytes[at++] = QUOTE;
    for (let i = start; ; ) {
      // Four bytes at a time, until one of them is to be escaped: a third of the time. See bench/copy.ts.
      for (; i <= lastWord; i += 4, at += 4) {
        const word = sourceView.getInt32(i, true);
        if (hasEscaped(word)) break;
        view.setInt32(at, word, true);
      }
      if (i === end) break;
      if (i > lastWord && lastWord >= start) {
        // One to three bytes are left. Without an escape in the last four, those before them lie right behind `at`.
        const word = sourceView.getInt32(lastWord, true);
        if (!hasEscaped(word)) {
          view.setInt32(at - (i - lastWord), word, true);
          at += end - i;
          break;
        }
      }
      for (const stop = Math.min(i + 4, end); i < stop; i++) {
        const byte = source[i]!;
        const escaping = ESCAPES[byte]!;
        if (escaping === 0) {
          bytes[at++] = byte;
        } else if (escaping === 1) {
          bytes[at++] = BACKSLASH;
          bytes[at++] = 0x75;
          bytes[at++] = ZERO;
          bytes[at++] = ZERO;
          bytes[at++] = HEX_DIGITS[byte >> 4]!;
          bytes[at++] = HEX_DIGITS[byte & 15]!;
        } else {
          bytes[at++] = BACKSLASH;
          bytes[at++] = escaping;
        }
      }
    }
    bytes[at++] = QUOTE;
    heap.end = at;
  }

  /** Writes characters below U+0080 as they are: punctuation, names, numbers. */
  ascii(text: string): void {
    this.heap.reserve(text.length);
    const { bytes, end } = this.heap;
    for (let i = 0; i < text.length; i++) bytes[end + i] = text.charCodeAt(i);
    this.heap.end = end + text.length;
  }

  literal({ bytes: source, view: sourceView }: Literal): void {
    const { length } = source;
    this.heap.reserve(length);
    const { bytes, view, end } = this.heap;
    const words = length & ~3;
    for (let i = 0; i < words; i += 4) view.setInt32(end + i, sourceView.getInt32(i));
    for (let i = words; i < length; i++) bytes[end + i] = source[i]!;
    this.heap.end = end + length;
  }

  byte(value: number): void {
    this.heap.reserve(1);
    this.heap.bytes[this.heap.end++] = value;
  }

  /** Writes the decimal digits of a two's complement 64-bit integer given as two words. */
  int64(low: number, high: number): void {
    if (high >>> 31 === 0) {
      this.uint64(low, high);
    } else {
      this.byte(MINUS);
      const negatedLow = (~low + 1) >>> 0;
      this.uint64(negatedLow, (~high + (negatedLow === 0 ? 1 : 0)) >>> 0);
    }
  }

  /** Writes the decimal digits of an unsigned 64-bit integer given as two words. */
  uint64(low: number, high: number): void {
    const rounded = (high >>> 0) * 0x1_0000_0000 + (low >>> 0);
    if (high >>> 0 < 0x20_0000) {
      this.safeInteger(rounded);
      return;
    }
    // The quotient is at most one off, since `rounded` is by less than the divisor; then the remainder, exact in its
    // low 32 bits, is negative or too large, and tells.
    let quotient = Math.floor(rounded / BILLION);
    let remainder = ((low | 0) - Math.imul(quotient | 0, BILLION)) | 0;
    if (remainder < 0) {
      quotient--;
      remainder += BILLION;
    } else if (remainder >= BILLION) {
      quotient++;
      remainder -= BILLION;
    }
    this.safeInteger(quotient);
    this.#digits(remainder, 9);
  }

  /** Writes a whole number from 0 to 2^53. */
  safeInteger(value: number): void {
    if (value >= BILLION) {
      const billions = Math.floor(value / BILLION);
      this.safeInteger(billions);
      this.#digits(value - billions * BILLION, 9);
      return;
    }
    let digits = 1;
    for (let bound = 10; bound <= value; bound *= 10) digits++;
    this.#digits(value, digits);
  }

  /** Writes a double as ECMAScript prints it; negative zero as -0.0. */
  double(value: number): void {
    if (value < 0) {
      this.byte(MINUS);
      this.double(-value);
      return;
    }
    // Up to 15 decimal digits all come back from a double, so the shortest ones that give this double are those of
    // the quotient. Most measurements have few decimals, and String() takes three times as long. See bench/copy.ts.
    const millionths = Math.round(value * 1_000_000);
    if (millionths > 0 && millionths < 1e15 && millionths / 1_000_000 === value) this.#millionths(millionths);
    else if (value > 0 && value < 1e15 && Number.isInteger(value)) this.safeInteger(value);
    else this.ascii(Object.is(value, -0) ? '-0.0' : String(value));
  }

  /** Writes bytes as base64 with padding, without quotes. */
  base64(source: Uint8Array, start: number, length: number): void {
    this.heap.reserve(Math.ceil(length / 3) * 4);
    const { bytes } = this.heap;
    let at = this.heap.end;
    const end = start + length;
    for (let i = start; i < end; i += 3) {
      const left = end - i;
      const triple = (source[i]! << 16) | ((left > 1 ? source[i + 1]! : 0) << 8) | (left > 2 ? source[i + 2]! : 0);
      bytes[at++] = BASE64_DIGITS[triple >> 18]!;
      bytes[at++] = BASE64_DIGITS[(triple >> 12) & 63]!;
      bytes[at++] = left > 1 ? BASE64_DIGITS[(triple >> 6) & 63]! : 0x3d;
      bytes[at++] = left > 2 ? BASE64_DIGITS[triple & 63]! : 0x3d;
    }
    this.heap.end = at;
  }

  /** Writes bytes as lower-case hex digits, without quotes. */
  hex(source: Uint8Array, start: number, length: number): void {
    this.heap.reserve(2 * length);
    const { view, end } = this.heap;
    for (let i = 0; i < length; i++) view.setInt16(end + 2 * i, HEX_PAIRS[source[start + i]!]!, true);
    this.heap.end = end + 2 * length;
  }

  /** Begins an object. Pass what it returns to closeObject(). Members follow: openMember(), a value, closeMember(). */
  openObject(): number {
    this.byte(OPEN_BRACE);
    return this.#members.count;
  }

  /** Begins a member of the object that openObject() returned `object` for, with its key given as UTF-8 bytes. */
  openMember(object: number, key: Uint8Array, keyStart: number, keyLength: number): void {
    if (this.#members.count > object) this.byte(COMMA);
    const start = this.heap.end;
    this.string(key, keyStart, keyLength);
    this.#members.push(start, this.heap.end, this.heap.end - start !== keyLength + 2);
    this.byte(COLON);
  }

  /** Ends the member last begun, whose value has been written; or which has none and is to be left out. */
  closeMember(keeps: 'value' | 'nothing'): void {
    this.#members.endLast(this.heap.end, keeps === 'nothing');
  }

  /** Ends an object. Returns how many members it has, having put them into the byte order of their keys. */
  closeObject(object: number): number {
    const members = this.#members.settle(object, this.heap);
    this.byte(CLOSE_BRACE);
    return members;
  }

  /** Forgets objects that an error left open. */
  reset(): void {
    this.#members.count = 0;
  }

  #millionths(value: number): void {
    const whole = Math.floor(value / 1_000_000);
    let fraction = value - whole * 1_000_000;
    this.safeInteger(whole);
    if (fraction === 0) return;
    let digits = 6;
    for (; fraction % 10 === 0; fraction /= 10) digits--;
    this.byte(POINT);
    this.#digits(fraction, digits);
  }

  /** Writes a whole number below 10^9 with this many digits, zeros first. */
  #digits(value: number, digits: number): void {
    this.heap.reserve(digits);
    const { bytes, view } = this.heap;
    let rest = value | 0;
    let at = this.heap.end + digits;
    this.heap.end = at;
    let left = digits;
    for (; left >= 2; left -= 2) {
      const hundredth = (rest / 100) | 0;
      at -= 2;
      view.setInt16(at, DIGIT_PAIRS[rest - hundredth * 100]!, true);
      rest = hundredth;
    }
    if (left > 0) bytes[at - 1] = ZERO + rest;
  }
}

/** Where the members of the objects being written lie in the heap. Objects nest, so their members form a stack. */
class MemberStack {
  count = 0;
  /** Per member: start, end of the quoted key, end of the value, flags. */
  #fields = new Uint32Array(4 * 64);
  #order = new Uint32Array(64);
  #scratch = new Uint8Array(4096);

  push(start: number, keyEnd: number, isEscaped: boolean): void {
    if (4 * this.count === this.#fields.length) {
      const grown = new Uint32Array(2 * this.#fields.length);
      grown.set(this.#fields);
      this.#fields = grown;
    }
    const at = 4 * this.count++;
    this.#fields[at] = start;
    this.#fields[at + 1] = keyEnd;
    this.#fields[at + 3] = isEscaped ? ESCAPED : 0;
  }

  endLast(end: number, isOmitted: boolean): void {
    const at = 4 * (this.count - 1);
    this.#fields[at + 2] = end;
    if (isOmitted) this.#fields[at + 3]! |= OMITTED;
  }

  /** Sorts, drops and removes the members from `first` on, which end at the heap's end. Returns how many stay. */
  settle(first: number, heap: ByteHeap): number {
    const count = this.count - first;
    this.count = first;
    if (this.#isSettled(first, count, heap.bytes)) return count;
    return this.#rewrite(first, this.#sortedOrder(first, count, heap.bytes), count, heap);
  }

  #isSettled(first: number, count: number, bytes: Uint8Array): boolean {
    for (let i = first; i < first + count; i++) {
      if ((this.#fields[4 * i + 3]! & OMITTED) !== 0) return false;
      if (i > first && this.#compare(i - 1, i, bytes) >= 0) return false;
    }
    return true;
  }

  #sortedOrder(first: number, count: number, bytes: Uint8Array): Uint32Array {
    if (count > this.#order.length) this.#order = new Uint32Array(2 * count);
    const order = this.#order.subarray(0, count);
    for (let i = 0; i < count; i++) order[i] = first + i;
    if (count > LONGEST_INSERTION_SORT) return order.sort((a, b) => this.#compare(a, b, bytes) || a - b);
    for (let i = 1; i < count; i++) {
      const member = order[i]!;
      let to = i;
      for (; to > 0 && this.#compare(order[to - 1]!, member, bytes) > 0; to--) order[to] = order[to - 1]!;
      order[to] = member;
    }
    return order;
  }

  #rewrite(first: number, order: Uint32Array, count: number, heap: ByteHeap): number {
    const { bytes } = heap;
    const regionStart = this.#fields[4 * first]!;
    const regionBytes = heap.end - regionStart;
    if (regionBytes > this.#scratch.length) this.#scratch = new Uint8Array(2 * regionBytes);
    const scratch = this.#scratch;
    scratch.set(bytes.subarray(regionStart, heap.end));
    let to = regionStart;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const member = order[i]!;
      // Of equal keys, which lie in order of arrival, the last one stands; it may then itself be one to leave out.
      const isLastOfKey = i === count - 1 || !this.#haveEqualKeys(member, order[i + 1]!, scratch, regionStart);
      if (!isLastOfKey || (this.#fields[4 * member + 3]! & OMITTED) !== 0) continue;
      if (kept++ > 0) bytes[to++] = COMMA;
      const start = this.#fields[4 * member]! - regionStart;
      const end = this.#fields[4 * member + 2]! - regionStart;
      for (let from = start; from < end; from++) bytes[to++] = scratch[from]!;
    }
    heap.end = to;
    if (scratch.length > KEPT_SCRATCH_BYTES) this.#scratch = new Uint8Array(4096);
    return kept;
  }

  #haveEqualKeys(a: number, b: number, scratch: Uint8Array, regionStart: number): boolean {
    const aStart = this.#fields[4 * a]! - regionStart;
    const bStart = this.#fields[4 * b]! - regionStart;
    const length = this.#fields[4 * a + 1]! - this.#fields[4 * a]!;
    if (length !== this.#fields[4 * b + 1]! - this.#fields[4 * b]!) return false;
    for (let i = 0; i < length; i++) if (scratch[aStart + i] !== scratch[bStart + i]) return false;
    return true;
  }

  /** Below, at or above zero as key a sorts before, with or after key b. */
  #compare(a: number, b: number, bytes: Uint8Array): number {
    const fields = this.#fields;
    // Without the quotes, so that a key sorts before the keys that it begins.
    const aStart = fields[4 * a]! + 1;
    const bStart = fields[4 * b]! + 1;
    const aLength = fields[4 * a + 1]! - 1 - aStart;
    const bLength = fields[4 * b + 1]! - 1 - bStart;
    if (((fields[4 * a + 3]! | fields[4 * b + 3]!) & ESCAPED) !== 0) {
      return Buffer.compare(
        unescaped(bytes.subarray(aStart, aStart + aLength)),
        unescaped(bytes.subarray(bStart, bStart + bLength)),
      );
    }
    const common = Math.min(aLength, bLength);
    for (let i = 0; i < common; i++) {
      const difference = bytes[aStart + i]! - bytes[bStart + i]!;
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }
}

const ESCAPED = 1;
const OMITTED = 2;
/** Usual records have some ten attributes, for which insertion is quickest; its cost is the square of the count. */
const LONGEST_INSERTION_SORT = 32;
const KEPT_SCRATCH_BYTES = 1 << 20;

function unescaped(json: Uint8Array): Buffer {
  return Buffer.from(JSON.parse(`"${Buffer.from(json).toString('utf8')}"`) as string);
}
