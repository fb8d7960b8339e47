// A JSON parser that keeps what JSON.parse loses: the digits of numbers, members that repeat, and the bytes of
// strings. Slow and obvious.

import { reject } from './message.js';

export type JsonValue =
  | { readonly kind: 'null' }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'number'; readonly text: string }
  /** UTF-8, except where the body was not, or an escape named half a surrogate pair. */
  | { readonly kind: 'string'; readonly bytes: Uint8Array }
  | { readonly kind: 'array'; readonly items: readonly JsonValue[] }
  | { readonly kind: 'object'; readonly members: readonly JsonMember[] };

export interface JsonMember {
  readonly name: Uint8Array;
  readonly value: JsonValue;
}

const literals = [
  ['null', { kind: 'null' }],
  ['true', { kind: 'boolean', value: true }],
  ['false', { kind: 'boolean', value: false }],
] as const;
const simpleEscapes: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** What JSON calls a number. */
export const numberGrammar = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/;

/** Parses one whole document. */
export function parseJson(body: Uint8Array): JsonValue {
  // One character per byte, so that a position in the text is a position in the body.
  const text = Buffer.from(body).toString('latin1');
  let at = 0;
  const value = parseValue();
  skipSpace();
  if (at < text.length) reject(`something follows the document at byte ${at}`);
  return value;

  function skipSpace(): void {
    while (at < text.length && ' \t\r\n'.includes(text[at]!)) at++;
  }

  function expect(character: string): void {
    if (text[at] !== character) reject(`${character} expected at byte ${at}`);
    at++;
  }

  function parseValue(): JsonValue {
    skipSpace();
    if (text[at] === '{') return parseObject();
    if (text[at] === '[') return parseArray();
    if (text[at] === '"') return { kind: 'string', bytes: parseString() };
    for (const [word, value] of literals) {
      if (text.startsWith(word, at)) {
        at += word.length;
        return value;
      }
    }
    return { kind: 'number', text: parseNumber() };
  }

  function parseNumber(): string {
    const start = at;
    while (at < text.length && '+-.0123456789eE'.includes(text[at]!)) at++;
    const number = text.slice(start, at);
    if (!numberGrammar.test(number)) reject(`a value expected at byte ${start}`);
    return number;
  }

  function parseArray(): JsonValue {
    const items: JsonValue[] = [];
    expect('[');
    skipSpace();
    if (text[at] !== ']') {
      items.push(parseValue());
      for (skipSpace(); text[at] === ','; skipSpace()) {
        at++;
        items.push(parseValue());
      }
    }
    expect(']');
    return { kind: 'array', items };
  }

  function parseObject(): JsonValue {
    const members: JsonMember[] = [];
    expect('{');
    skipSpace();
    if (text[at] !== '}') {
      members.push(parseMember());
      for (skipSpace(); text[at] === ','; skipSpace()) {
        at++;
        members.push(parseMember());
      }
    }
    expect('}');
    return { kind: 'object', members };
  }

  function parseMember(): JsonMember {
    skipSpace();
    const name = parseString();
    skipSpace();
    expect(':');
    return { name, value: parseValue() };
  }

  function parseString(): Uint8Array {
    const parts: Buffer[] = [];
    expect('"');
    while (text[at] !== '"') {
      if (at >= text.length) reject('the document ends inside a string');
      if (text[at]! < ' ') reject(`a control character in a string at byte ${at}`);
      if (text[at] === '\\') {
        parts.push(parseEscape());
      } else {
        parts.push(Buffer.from(text[at]!, 'latin1'));
        at++;
      }
    }
    expect('"');
    return Buffer.concat(parts);
  }

  function parseEscape(): Buffer {
    expect('\\');
    const letter = text[at] ?? '';
    at++;
    if (letter !== 'u') return Buffer.from(simpleEscapes[letter] ?? reject(`no such escape at byte ${at - 2}`));
    const unit = parseCodeUnit();
    if (isHighSurrogate(unit) && text.startsWith('\\u', at)) {
      const afterFirst = at;
      at += 2;
      const second = parseCodeUnit();
      if (isLowSurrogate(second)) return Buffer.from(String.fromCharCode(unit, second));
      at = afterFirst;
    }
    // Half a pair gets the three bytes that its number would have, which are not UTF-8: who keeps the string sees it.
    if (isHighSurrogate(unit) || isLowSurrogate(unit)) {
      return Buffer.from([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]);
    }
    return Buffer.from(String.fromCharCode(unit));
  }

  function parseCodeUnit(): number {
    const digits = text.slice(at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) reject(`four hex digits expected at byte ${at}`);
    at += 4;
    return Number.parseInt(digits, 16);
  }
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
