// JSON as Loki's parser reads it: fields are found one after the other, so that those before a mistake count, and a value is
// not looked into until someone asks for what is in it.

/** Why reading ended. The text of a mistake is Loki's. */
export type JsonStop = 'complete' | 'mismatch' | JsonMistake;

export class JsonMistake {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const mistakes = {
  json: new JsonMistake('Malformed JSON error'),
  string: new JsonMistake("Value is string, but can't find closing '\"' symbol"),
  array: new JsonMistake("Value is array, but can't find closing ']' symbol"),
  object: new JsonMistake("Value looks like object, but can't find closing '}' symbol"),
  escape: new JsonMistake('Encountered an invalid escape sequence in a string'),
  type: new JsonMistake('Unknown value type'),
};

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array';

/** Where a value stands. A string's quotes are left out. */
export interface JsonValue {
  readonly type: JsonType;
  readonly start: number;
  readonly end: number;
  /** Where reading goes on. */
  readonly next: number;
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const BACKSLASH = 92;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** The next character that is no space; the length of the text if there is none. */
export function skipSpaces(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) break;
  }
  return at;
}

/** The offset of the quote that closes a string which began before `from`; -1 if there is none. */
function stringEnd(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (at - backslashes > from && text.charCodeAt(at - backslashes - 1) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return -1;
}

/** The first offset behind an object or array; -1 if it does not end. Brackets of the other kind are not looked at. */
function blockEnd(text: string, from: number, open: number, close: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(text, at + 1);
      if (at === -1) return -1;
    } else if (code === open) depth++;
    else if (code === close && --depth === 0) return at + 1;
  }
  return -1;
}

function tokenEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 32 || code === 10 || code === 13 || code === 9) break;
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) break;
  }
  return at;
}

/** The value that begins at `from` or behind spaces. */
export function readValue(text: string, from: number): JsonValue | JsonMistake {
  const start = skipSpaces(text, from);
  if (start === text.length) return mistakes.json;
  const code = text.charCodeAt(start);
  if (code === QUOTE) {
    const end = stringEnd(text, start + 1);
    return end === -1 ? mistakes.string : { type: 'string', start: start + 1, end, next: end + 1 };
  }
  if (code === OPEN_BRACE || code === OPEN_BRACKET) {
    const isObject = code === OPEN_BRACE;
    const end = blockEnd(text, start, code, isObject ? CLOSE_BRACE : CLOSE_BRACKET);
    if (end === -1) return isObject ? mistakes.object : mistakes.array;
    return { type: isObject ? 'object' : 'array', start, end, next: end };
  }
  const end = tokenEnd(text, start);
  const type = literalType(text, start, end);
  return type === undefined ? mistakes.type : { type, start, end, next: end };
}

function literalType(text: string, start: number, end: number): JsonType | undefined {
  const code = text.charCodeAt(start);
  if ((code >= 48 && code <= 57) || code === 45) return 'number';
  const literal = text.slice(start, end);
  if (literal === 'true' || literal === 'false') return 'boolean';
  return literal === 'null' ? 'null' : undefined;
}

/** Visits the fields of an object that begins at `from`, until the visitor returns why to stop. */
export function eachField(
  text: string,
  from: number,
  visit: (key: string, value: JsonValue) => JsonStop | undefined,
): JsonStop | undefined {
  let at = skipSpaces(text, from);
  if (text.charCodeAt(at) !== OPEN_BRACE) return mistakes.object;
  at = skipSpaces(text, at + 1);
  if (at === text.length) return mistakes.json;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code === CLOSE_BRACE) return undefined;
    if (code !== QUOTE) return mistakes.object;
    const keyEnd = stringEnd(text, at + 1);
    if (keyEnd === -1) return mistakes.json;
    const key = unescapeJson(text.slice(at + 1, keyEnd));
    if (key === undefined) return mistakes.escape;
    at = skipSpaces(text, keyEnd + 1);
    if (text.charCodeAt(at) !== COLON) return mistakes.json;
    const value = readValue(text, at + 1);
    if (value instanceof JsonMistake) return value;
    const stop = visit(key, value);
    if (stop !== undefined) return stop;
    at = skipSpaces(text, value.next);
    if (at === text.length) return mistakes.array;
    const separator = text.charCodeAt(at);
    if (separator === CLOSE_BRACE) return undefined;
    if (separator !== COMMA) return mistakes.object;
    at = skipSpaces(text, at + 1);
    if (at === text.length) return mistakes.array;
  }
  return mistakes.object;
}

/** Where the value of a field of an object begins; undefined if the object has no such field in front of a mistake. */
export function fieldStart(text: string, from: number, wanted: string): number | undefined {
  let at = skipSpaces(text, from);
  if (text.charCodeAt(at) !== OPEN_BRACE) return undefined;
  for (;;) {
    at = skipSpaces(text, at + 1);
    if (text.charCodeAt(at) !== QUOTE) return undefined;
    const keyEnd = stringEnd(text, at + 1);
    const colon = skipSpaces(text, keyEnd + 1);
    if (keyEnd === -1 || text.charCodeAt(colon) !== COLON) return undefined;
    if (unescapeJson(text.slice(at + 1, keyEnd)) === wanted) return colon + 1;
    const value = readValue(text, colon + 1);
    if (value instanceof JsonMistake) return undefined;
    at = skipSpaces(text, value.next);
    if (text.charCodeAt(at) !== COMMA) return undefined;
  }
}

/** The element of an array by its number; undefined if it is not there. */
export function elementOf(text: string, from: number, index: number): JsonValue | undefined {
  let at = skipSpaces(text, from + 1);
  for (let count = 0; at < text.length && text.charCodeAt(at) !== CLOSE_BRACKET; count++) {
    const value = readValue(text, at);
    if (value instanceof JsonMistake) return undefined;
    if (count === index) return value;
    at = skipSpaces(text, value.next);
    if (text.charCodeAt(at) !== COMMA) return undefined;
    at++;
  }
  return undefined;
}

const simpleEscapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** What stands between the quotes of a string, without its escapes; undefined if one of them is none. */
export function unescapeJson(text: string): string | undefined {
  let at = text.indexOf('\\');
  if (at === -1) return text;
  let result = '';
  let copied = 0;
  for (; at !== -1; at = text.indexOf('\\', copied)) {
    result += text.slice(copied, at);
    const kind = text[at + 1] ?? '';
    const simple = simpleEscapes.get(kind);
    if (simple !== undefined) {
      result += simple;
      copied = at + 2;
      continue;
    }
    const code = kind === 'u' ? codeAt(text, at) : undefined;
    if (code === undefined) return undefined;
    copied = at + 6;
    if (code < 0xd800 || code > 0xdfff) {
      result += String.fromCharCode(code);
      continue;
    }
    const second = codeAt(text, copied);
    if (second === undefined || second < 0xdc00) return undefined;
    copied += 6;
    // Only a pair of halves makes a character.
    result += code < 0xdc00 && second <= 0xdfff ? String.fromCharCode(code, second) : '\ufffd';
  }
  return result + text.slice(copied);
}

function codeAt(text: string, at: number): number | undefined {
  const digits = text.slice(at + 2, at + 6);
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}

/** The text of a string value as a label's value: a character that UTF-8 cannot hold becomes a space. */
export function stringValue(text: string): string {
  const value = unescapeJson(text) ?? '';
  return value.includes('\ufffd') ? value.replaceAll('\ufffd', ' ') : value;
}
