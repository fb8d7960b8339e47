// Texts in the form that Go's strconv and fmt give them, because Prometheus's answers and errors contain them.

const escapes = new Map([
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\v', '\\v'],
  ['\\', '\\\\'],
]);

/** Go's IsPrint: letters, marks, numbers, punctuation, symbols and the ASCII space. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;
const plainAscii = /^[ !#-[\]-~]*$/;

/** Text in double quotes, escaped as `%q` does. */
export function quoted(text: string): string {
  return plainAscii.test(text) ? `"${text}"` : `"${escaped(text, '"')}"`;
}

/** One character in single quotes, as `%q` does for a rune. */
export function quotedCharacter(character: string): string {
  return `'${escaped(character, "'")}'`;
}

/** `U+0063 'c'`, as `%#U` does for a rune. */
export function codePointText(character: string): string {
  const hex = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return printable.test(character) ? `U+${hex} '${character}'` : `U+${hex}`;
}

function escaped(text: string, quote: string): string {
  let result = '';
  for (const character of text) {
    if (character === quote) result += `\\${quote}`;
    else result += escapes.get(character) ?? (printable.test(character) ? character : hexEscape(character));
  }
  return result;
}

function hexEscape(character: string): string {
  const code = character.codePointAt(0)!;
  // A byte that is not UTF-8, as string literals keep it.
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code - 0xdc00).toString(16)}`;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Shortest decimal that reads back as `value`, without an exponent: `FormatFloat(value, 'f', -1, 64)`. */
export function decimal(value: number): string {
  const text = nonFinite(value) ?? shortest(value);
  const exponentAt = text.indexOf('e');
  if (exponentAt === -1) return text;
  const sign = text.startsWith('-') ? '-' : '';
  const mantissa = text.slice(sign.length, exponentAt);
  const [whole = '', fraction = ''] = mantissa.split('.');
  const exponent = Number(text.slice(exponentAt + 1));
  const point = whole.length + exponent;
  const digits = whole + fraction;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, '0');
}

/** Shortest text that reads back as `value`; with an exponent below 1e-4 and from 1e6 on: `%v`, `%g`. */
export function general(value: number): string {
  const special = nonFinite(value);
  if (special !== undefined) return special;
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) return decimal(value);
  const [mantissa = '', exponent = ''] = value.toExponential().split('e');
  const sign = exponent.startsWith('-') ? '-' : '+';
  return `${mantissa}e${sign}${exponent.replace(/^[-+]/, '').padStart(2, '0')}`;
}

function shortest(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function nonFinite(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return undefined;
}
