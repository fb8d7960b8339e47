// Go's string literals: "…" with escapes, `…` as it stands, and '…', which TraceQL knows no use for.

const RAW = /`([^`]*)`/y;
const QUOTED: Readonly<Record<string, RegExp>> = {
  '"': /"((?:[^"\\\n]|\\[^\n])*)"/y,
  "'": /'((?:[^'\\\n]|\\[^\n])*)'/y,
};
const ESCAPE = /\\(?:([abfnrtv\\"'])|([0-7]{3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|)/g;

const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

type Literal = { readonly text: string; readonly end: number } | { readonly problem: string };

/** The literal that begins at the offset with the quote. */
export function unquoted(query: string, offset: number, quote: string): Literal {
  const pattern = quote === '`' ? RAW : QUOTED[quote]!;
  pattern.lastIndex = offset;
  const match = pattern.exec(query);
  if (match === null) return { problem: 'literal not terminated' };
  const end = pattern.lastIndex;
  const raw = match[1]!;
  if (quote === '`') return { text: raw.replaceAll('\r', ''), end };
  const bytes = unescaped(raw, quote);
  if (bytes === undefined) return { problem: 'invalid char escape' };
  const text = bytes.toString();
  if (quote === "'" && [...text].length !== 1) return { problem: 'invalid char literal' };
  return { text, end };
}

/** Bytes, because `\xc3\xa9` is one character. Undefined for an escape that there is not. */
function unescaped(raw: string, quote: string): Buffer | undefined {
  const parts: Buffer[] = [];
  let last = 0;
  for (const match of raw.matchAll(ESCAPE)) {
    parts.push(Buffer.from(raw.slice(last, match.index)));
    last = match.index + match[0].length;
    const [, letter, octal, hex, short, long] = match;
    if (letter !== undefined) {
      if ((letter === '"' || letter === "'") && letter !== quote) return undefined;
      parts.push(Buffer.from(LETTERS[letter]!));
    } else if (octal !== undefined || hex !== undefined) {
      const byte = octal === undefined ? Number.parseInt(hex!, 16) : Number.parseInt(octal, 8);
      if (byte > 255) return undefined;
      parts.push(Buffer.of(byte));
    } else {
      const code = Number.parseInt(short ?? long ?? '', 16);
      if (Number.isNaN(code) || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return undefined;
      parts.push(Buffer.from(String.fromCodePoint(code)));
    }
  }
  parts.push(Buffer.from(raw.slice(last)));
  return Buffer.concat(parts);
}
