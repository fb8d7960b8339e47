const controlEscapes = new Map([
  ['a', '\x07'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

const escapeSequence = /(?:\\(?:[0-7]{3}|x[0-9a-fA-F]{2}))+|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\(.)/gs;

/**
 * What a string literal stands for. The lexer has proved its form. Neighbouring escapes of single bytes are read
 * together as UTF-8. A byte that is none becomes a lone surrogate from U+DC80 to U+DCFF, which no text has otherwise,
 * so that it prints as the byte that it was.
 */
export function unquote(literal: string): string {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body;
  return body.replaceAll(escapeSequence, (run: string, short?: string, long?: string, character?: string) => {
    const code = short ?? long;
    if (code !== undefined) return String.fromCodePoint(Number.parseInt(code, 16));
    if (character !== undefined) return controlEscapes.get(character) ?? character;
    return decodeBytes(run);
  });
}

/** Whether a literal named bytes that are not UTF-8. */
export function hasStrayBytes(text: string): boolean {
  return /\p{Surrogate}/u.test(text);
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeBytes(escapes: string): string {
  const bytes = Uint8Array.from(escapes.matchAll(/\\(?:x(..)|(...))/g), ([, hex, octal]) =>
    hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16),
  );
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const length = bytes[at]! < 0x80 ? 1 : bytes[at]! < 0xe0 ? 2 : bytes[at]! < 0xf0 ? 3 : 4;
    const character = decoded(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(0xdc00 + bytes[at]!);
    at += character === undefined ? 1 : length;
  }
  return text;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
