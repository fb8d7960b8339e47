// The JSON of attributes, events and links → values. JSON.parse would round integers of 64 bits, and not tell them from doubles.

import { SqlError } from '../../base/sql-error.js';

/** An integer is a bigint, any other number a double. */
export type JsonValue = string | bigint | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Of a text that is no JSON. */
const SHOWN_CHARACTERS = 60;
/** Digits that a double may not keep. */
const LONG_NUMBER = /\d{16}/;

/** Throws where the text is no JSON: we write none, but tables are open to others. */
export function parseJson(text: string): JsonValue {
  try {
    return LONG_NUMBER.test(text) ? new JsonScanner(text).document() : jsonValueOf(JSON.parse(text));
  } catch (error) {
    throw new SqlError('OTLP_QUERY_FAILED', `a column of otlp_traces must hold JSON, got '${shortened(text)}'`, {
      cause: error,
    });
  }
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

/** The members of an object; of a text that is none, or of no text, there are none. */
export function parseObject(text: string | undefined): JsonObject {
  if (text === undefined) return new Map();
  const value = parseJson(text);
  return value instanceof Map ? (value as JsonObject) : new Map();
}

function jsonValueOf(value: unknown): JsonValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(jsonValueOf);
  if (value !== null && typeof value === 'object') {
    return new Map(Object.entries(value).map(([key, member]) => [key, jsonValueOf(member)]));
  }
  return value as string | boolean | null;
}

const TOKEN = /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)|([[\]{}:,]))/y;
const INTEGER = /^-?\d+$/;
/** From here on a number without a fraction was a double: attributes have no longer integers. */
const FIRST_TOO_LARGE = 2n ** 63n;

/** A text with long numbers, token by token. */
class JsonScanner {
  readonly #text: string;
  #at = 0;
  /** The last token that is no string. */
  #token = '';

  constructor(text: string) {
    this.#text = text;
  }

  document(): JsonValue {
    return this.#value(this.#next());
  }

  /** The next token: a string's value in an array of one, anything else as it stands. */
  #next(): string | readonly [text: string] {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) throw new SyntaxError(`unexpected text at ${this.#at} of JSON`);
    this.#at = TOKEN.lastIndex;
    const [, text, number, word, mark] = match;
    if (text !== undefined) return [JSON.parse(text) as string];
    this.#token = (number ?? word ?? mark)!;
    return this.#token;
  }

  #value(token: string | readonly [text: string]): JsonValue {
    if (typeof token !== 'string') return token[0];
    if (token === '{') return this.#object();
    if (token === '[') return this.#array();
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    return numberOf(token);
  }

  #object(): JsonObject {
    const members = new Map<string, JsonValue>();
    for (let token = this.#next(); token !== '}'; token = this.#next()) {
      if (token === ',') continue;
      const [key] = token;
      this.#next();
      members.set(key!, this.#value(this.#next()));
    }
    return members;
  }

  #array(): readonly JsonValue[] {
    const values: JsonValue[] = [];
    for (let token = this.#next(); token !== ']'; token = this.#next()) {
      if (token !== ',') values.push(this.#value(token));
    }
    return values;
  }
}

function numberOf(text: string): bigint | number {
  if (!INTEGER.test(text)) return Number(text);
  const integer = BigInt(text);
  return integer >= -FIRST_TOO_LARGE && integer < FIRST_TOO_LARGE ? integer : Number(text);
}
