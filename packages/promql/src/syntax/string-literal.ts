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
 * together as UTF-8, since our strings hold no single bytes.
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

function decodeBytes(escapes: string): string {
  const bytes = [...escapes.matchAll(/\\(?:x(..)|(...))/g)].map(([, hex, octal]) =>
    hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16),
  );
  return Buffer.from(bytes).toString('utf8');
}
