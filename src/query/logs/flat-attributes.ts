// JSON text of attributes → labels. Maps are flattened; every other value becomes the text that OpenTelemetry's
// AsString gives. JSON.parse would round integers of 64 bits, so the text is scanned.

import { labelName } from './label-name.js';

/** Takes one label of an attribute. A map gives several, all with the name of the attribute around them. */
export type TakeLabel = (attribute: string, name: string, value: string) => void;

/** Calls `take` for each label that the attributes give, in the order of the text. What is no JSON object gives none. */
export function flatAttributes(json: string | undefined, take: TakeLabel): void {
  new AttributeReader(() => true).read(json, take);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Members whose keys are remembered by their place. */
const MAX_PLACES = 64;
/** Longer keys are read anew in each text. */
const MAX_KEY_LENGTH = 100;

/** What a key says, as it stands in a text with its quotes. */
interface KnownKey {
  readonly written: string;
  readonly attribute: string;
  readonly name: string | undefined;
  readonly isWanted: boolean;
}

/** Reads one text after the other. Rows of one sender have the same keys in the same places, where they need not be read again. */
export class AttributeReader {
  readonly #isWanted: (name: string) => boolean;
  readonly #keys: KnownKey[] = [];
  #text = '';
  #take: TakeLabel = () => undefined;
  #at = 0;
  #attribute = '';

  constructor(isWanted: (name: string) => boolean) {
    this.#isWanted = isWanted;
  }

  /** Calls `take` for each label that is wanted. */
  read(json: string | undefined, take: TakeLabel): void {
    if (json === undefined || json === '{}') return;
    this.#text = json;
    this.#take = take;
    this.#at = 0;
    this.#skipTo(OPEN_BRACE);
    for (let place = 0; this.#nextToken() === QUOTE; place++) {
      const { attribute, name, isWanted } = this.#keyAt(place);
      this.#attribute = attribute;
      this.#value(name, isWanted);
    }
  }

  #keyAt(place: number): KnownKey {
    const known = this.#keys[place];
    if (known !== undefined && this.#text.startsWith(known.written, this.#at)) {
      this.#at += known.written.length;
      return known;
    }
    const start = this.#at;
    const attribute = this.#string();
    const name = labelName(attribute);
    const isWanted = name !== undefined && this.#isWanted(name);
    const key = { written: this.#text.slice(start, this.#at), attribute, name, isWanted };
    if (place < MAX_PLACES && key.written.length <= MAX_KEY_LENGTH) this.#keys[place] = key;
    return key;
  }

  /** Reads the members of an object inside that `at` is behind the brace of, and the closing brace. */
  #members(parent: string): void {
    for (;;) {
      const start = this.#nextToken();
      if (start !== QUOTE) {
        this.#at++;
        return;
      }
      const name = labelName(`${parent}_${this.#string()}`);
      this.#value(name, name !== undefined && this.#isWanted(name));
    }
  }

  #value(name: string | undefined, isWanted: boolean): void {
    const start = this.#nextToken();
    if (start === OPEN_BRACE) {
      this.#at++;
      // A map without a name of its own gives its members to the one around it: `_` joins nothing.
      this.#members(name ?? '_');
      return;
    }
    if (start === QUOTE && !isWanted) {
      this.#skipString();
      return;
    }
    const value = start === QUOTE ? this.#string() : start === OPEN_BRACKET ? this.#array() : this.#word();
    if (isWanted) this.#take(this.#attribute, name!, value);
  }

  /** Skips what stands between tokens, and returns the character at which the next one begins; NaN at the end. */
  #nextToken(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      // Space and control characters, comma, colon.
      if (code > 0x20 && code !== 0x2c && code !== 0x3a) return code;
      if (Number.isNaN(code)) return code;
      this.#at++;
    }
  }

  #skipTo(code: number): void {
    const at = this.#text.indexOf(String.fromCharCode(code), this.#at);
    this.#at = at === -1 ? this.#text.length : at + 1;
  }

  #string(): string {
    const start = this.#at;
    this.#skipString();
    const text = this.#text.slice(start, this.#at);
    return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
  }

  /** Moves behind the string that begins here. */
  #skipString(): void {
    for (let end = this.#text.indexOf('"', this.#at + 1); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.#text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
      if (backslashes % 2 === 0) {
        this.#at = end + 1;
        return;
      }
    }
    this.#at = this.#text.length;
  }

  /** An array as Go writes it, which escapes what HTML would take for its own. */
  #array(): string {
    const start = this.#at;
    let depth = 0;
    do {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) {
        this.#skipString();
        continue;
      }
      if (Number.isNaN(code)) return '';
      if (code === OPEN_BRACKET || code === OPEN_BRACE) depth++;
      if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth--;
      this.#at++;
    } while (depth > 0);
    const array = this.#text.slice(start, this.#at);
    return array.replaceAll(
      /[<>&\u2028\u2029]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
  }

  /** A number as it stands, a boolean, or nothing for null. */
  #word(): string {
    const start = this.#at;
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (Number.isNaN(code) || code === 0x2c || code === CLOSE_BRACE || code <= 0x20) break;
      this.#at++;
    }
    const word = this.#text.slice(start, this.#at);
    return word === 'null' ? '' : word === '-0.0' ? '-0' : word;
  }
}
