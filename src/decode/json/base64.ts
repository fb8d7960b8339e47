import type { ByteHeap } from '../../buffer/byte-heap.js';
import { Char } from './char.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const URL_SAFE = { '+': '-', '/': '_' } as const;
const INVALID = 0xff;

const DIGITS = Uint8Array.from(ALPHABET, (digit) => digit.charCodeAt(0));
const VALUES = new Uint8Array(256).fill(INVALID);
for (const [value, digit] of DIGITS.entries()) VALUES[digit] = value;
for (const [standard, safe] of Object.entries(URL_SAFE)) {
  VALUES[safe.charCodeAt(0)] = VALUES[standard.charCodeAt(0)]!;
}

/**
 * Writes base64 text in its canonical form: standard alphabet, padding, no bits beyond the last byte. Returns false,
 * having written nothing or a part, for text that is not base64.
 */
export function appendBase64(heap: ByteHeap, text: Uint8Array, start: number, length: number): boolean {
  const digits = digitsBeforePadding(text, start, length);
  const rest = digits % 4;
  if (rest === 1 || (digits < length && length % 4 !== 0)) return false;
  heap.reserve(digits + 3);
  const { bytes } = heap;
  let { end } = heap;
  for (let i = start; i < start + digits; i++) {
    const value = VALUES[text[i]!]!;
    if (value === INVALID) return false;
    bytes[end++] = DIGITS[value]!;
  }
  if (rest > 0) {
    // The last digit of a group of two carries two bits of a byte, of a group of three four bits.
    const carried = VALUES[text[start + digits - 1]!]! & (rest === 2 ? 0b110000 : 0b111100);
    bytes[end - 1] = DIGITS[carried]!;
    for (let i = rest; i < 4; i++) bytes[end++] = Char.Equals;
  }
  heap.end = end;
  return true;
}

function digitsBeforePadding(text: Uint8Array, start: number, length: number): number {
  let end = start + length;
  while (end > start && end > start + length - 2 && text[end - 1] === Char.Equals) end--;
  return end - start;
}
