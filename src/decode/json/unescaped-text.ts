import { Char, HEX_VALUES, NOT_HEX } from './char.js';

/** What \b, \f and so on stand for; 0 for letters that follow no backslash. */
const SIMPLE_ESCAPES = new Uint8Array(256);
for (const [letter, character] of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t'].map((pair) => [
  pair.charCodeAt(0),
  pair.charCodeAt(1),
])) {
  SIMPLE_ESCAPES[letter!] = character!;
}

/** What is kept of the buffer from one string to the next. */
const KEPT_BYTES = 1 << 16;

/** A string that has escapes in it, as UTF-8. */
export class UnescapedText {
  bytes = Buffer.alloc(256);
  length = 0;
  /** False where an escape named half a surrogate pair, which UTF-8 has no bytes for. */
  isWellFormed = true;

  /**
   * Reads the string from `start` to before `end`, where its closing quote is. Returns where an escape is wrong, or
   * undefined. A quote follows the text, and some bytes that mean nothing, so that it can be looked up as a field's
   * name.
   */
  read(source: Uint8Array, start: number, end: number): number | undefined {
    // No escape is shorter than what it stands for.
    const needed = end - start + 4;
    if (this.bytes.length < needed || this.bytes.length > KEPT_BYTES) {
      this.bytes = Buffer.alloc(Math.max(256, needed));
    }
    this.length = 0;
    this.isWellFormed = true;
    for (let at = start; at < end; ) {
      const byte = source[at]!;
      if (byte !== Char.Backslash) {
        this.bytes[this.length++] = byte;
        at++;
      } else if (source[at + 1] === Char.LowerU) {
        const unit = codeUnit(source, at);
        if (unit === undefined) return at;
        const pair = isHighSurrogate(unit) ? codeUnit(source, at + 6) : undefined;
        const isPair = pair !== undefined && isLowSurrogate(pair);
        this.#append(isPair ? 0x10000 + ((unit & 0x3ff) << 10) + (pair & 0x3ff) : unit);
        at += isPair ? 12 : 6;
      } else {
        const character = SIMPLE_ESCAPES[source[at + 1]!]!;
        if (character === 0) return at;
        this.bytes[this.length++] = character;
        at += 2;
      }
    }
    this.bytes[this.length] = Char.Quote;
    return undefined;
  }

  #append(codePoint: number): void {
    const { bytes } = this;
    let { length } = this;
    if (codePoint < 0x80) {
      bytes[length++] = codePoint;
    } else if (codePoint < 0x800) {
      bytes[length++] = 0xc0 | (codePoint >> 6);
      bytes[length++] = 0x80 | (codePoint & 0x3f);
    } else {
      if (codePoint < 0x10000) {
        if (isHighSurrogate(codePoint) || isLowSurrogate(codePoint)) this.isWellFormed = false;
        bytes[length++] = 0xe0 | (codePoint >> 12);
      } else {
        bytes[length++] = 0xf0 | (codePoint >> 18);
        bytes[length++] = 0x80 | ((codePoint >> 12) & 0x3f);
      }
      bytes[length++] = 0x80 | ((codePoint >> 6) & 0x3f);
      bytes[length++] = 0x80 | (codePoint & 0x3f);
    }
    this.length = length;
  }
}

/** The value of the escape \uXXXX at `at`, or undefined if there is none. */
function codeUnit(source: Uint8Array, at: number): number | undefined {
  if (source[at] !== Char.Backslash || source[at + 1] !== Char.LowerU) return undefined;
  let unit = 0;
  for (let i = at + 2; i < at + 6; i++) {
    const digit = HEX_VALUES[source[i]!]!;
    if (digit === NOT_HEX) return undefined;
    unit = (unit << 4) | digit;
  }
  return unit;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
