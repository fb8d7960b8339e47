// Four bytes at a time: a word read in little-endian order has the first of them in its lowest byte. See
// bench/decode.ts. The tests on words add to or take from all four bytes at once, so that the highest bit of each
// says on which side of a bound it lies; a carry or borrow can only come from a byte that fails the test itself.

const HIGHEST_BITS = 0x80808080 | 0;

/** Whether the four bytes are decimal digits. */
export function areDigits(word: number): boolean {
  return (((word + 0x46464646) | (word - 0x30303030)) & HIGHEST_BITS) === 0;
}

/** The number that four digits write: each pair of digits is summed up, then the two pairs. */
export function fourDigits(word: number): number {
  const digits = word - 0x30303030;
  const pairs = (digits & 0x0f0f0f0f) * 10 + (digits >>> 8);
  return (pairs & 0xff) * 100 + ((pairs >>> 16) & 0xff);
}

/** The word with its letters in lower case, if they are ASCII. */
export function lowered(word: number): number {
  return word | 0x20202020;
}

/** Whether the four bytes, none of which is a control character, are hex digits. */
export function areHexDigits(word: number): boolean {
  const low = lowered(word);
  const digits = ~(low + 0x46464646) & ~(low - 0x30303030);
  const letters = (low + 0x1f1f1f1f) & ~(low + 0x19191919);
  return ((digits | letters) & ~word & HIGHEST_BITS) === HIGHEST_BITS;
}

/** Whether one of the four bytes ends a plain run in a string: a quote, a backslash or a control character. */
export function endsRun(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const controls = (word - 0x20202020) & ~word;
  const found = controls | ((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes);
  return (found & HIGHEST_BITS) !== 0;
}

/** Some ASCII text, to be compared with bytes. */
export interface Pattern {
  readonly length: number;
  readonly words: Int32Array;
  /** The bits of the last word that are part of the text. */
  readonly lastMask: number;
}

export function patternOf(text: string): Pattern {
  const wordCount = Math.ceil(text.length / 4);
  const view = new DataView(new ArrayBuffer(4 * wordCount));
  Buffer.from(view.buffer).write(text);
  return {
    length: text.length,
    words: Int32Array.from({ length: wordCount }, (_, i) => view.getInt32(4 * i, true)),
    lastMask: (-1 >>> (8 * (4 * wordCount - text.length))) | 0,
  };
}

/** Whether the text is here. Looks at up to three bytes beyond it. */
export function isAt({ words, lastMask }: Pattern, view: DataView, start: number): boolean {
  const last = words.length - 1;
  for (let i = 0; i < last; i++) if (view.getInt32(start + 4 * i, true) !== words[i]) return false;
  return ((view.getInt32(start + 4 * last, true) ^ words[last]!) & lastMask) === 0;
}
