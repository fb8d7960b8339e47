// Text → cell of a drawn table: one line of known width in terminal columns, safe for the terminal. Telemetry comes from strangers,
// whose control characters must not reach the screen.

import stringWidth from 'string-width';

export type Alignment = 'left' | 'right' | 'center';

const ASCII_ONLY = /^[\x20-\x7e]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
const graphemes = new Intl.Segmenter();

/** Width in terminal columns: two for CJK and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  return ASCII_ONLY.test(text) ? text.length : stringWidth(text);
}

/** The text with line breaks, escape sequences and bidirectional controls escaped. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => named[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text, truncated with `…` if it does not fit. */
export function truncated(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  let keptWidth = 0;
  for (const { segment } of graphemes.segment(text)) {
    const next = displayWidth(segment);
    if (keptWidth + next > width - 1) break;
    kept += segment;
    keptWidth += next;
  }
  return `${kept}…`;
}

/** The text padded with spaces to `width` columns. */
export function aligned(text: string, width: number, alignment: Alignment): string {
  const space = Math.max(0, width - displayWidth(text));
  if (alignment === 'left') return text + ' '.repeat(space);
  if (alignment === 'right') return ' '.repeat(space) + text;
  const before = space >> 1;
  return ' '.repeat(before) + text + ' '.repeat(space - before);
}
