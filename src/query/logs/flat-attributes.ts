// JSON text of attributes → labels. Maps are flattened; every other value becomes the text that OpenTelemetry's
// AsString gives. JSON.parse would round integers of 64 bits, so the text is scanned.

import { labelName } from './label-name.js';

/** Takes one label of an attribute. A map gives several, all with the name of the attribute around them. */
export type TakeLabel = (attribute: string, name: string, value: string) => void;

/** Calls `take` for each label that the attributes give, and that is wanted, in the order of the text. What is no JSON object gives none. */
export function flatAttributes(
  json: string | undefined,
  take: TakeLabel,
  isWanted: (name: string) => boolean = () => true,
): void {
  if (json === undefined || json === '{}') return;
  new AttributeScanner(json, take, isWanted).scan();
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

class AttributeScanner {
  readonly #text: string;
  readonly #take: TakeLabel;
  readonly #isWanted: (name: string) => boolean;
  #at = 0;
  #attribute = '';

  constructor(text: string, take: TakeLabel, isWanted: (name: string) => boolean) {
    this.#text = text;
    this.#take = take;
    this.#isWanted = isWanted;
  }

  scan(): void {
    this.#skipTo(OPEN_BRACE);
    this.#members('');
  }

  /** Reads the members of the object that `at` is behind the brace of, and the closing brace. */
  #members(parent: string): void {
    for (;;) {
      const start = this.#nextToken();
      if (start !== QUOTE) {
        this.#at++;
        return;
      }
      const key = this.#string();
      if (parent === '') this.#attribute = key;
      const name = labelName(parent === '' ? key : `${parent}_${key}`);
      this.#value(name);
    }
  }

  #value(name: string | undefined): void {
    const start = this.#nextToken();
    if (start === OPEN_BRACE) {
      this.#at++;
      // A map without a name of its own gives its members to the one around it: `_` joins nothing.
      this.#members(name ?? '_');
      return;
    }
    if (start === QUOTE && (name === undefined || !this.#isWanted(name))) {
      this.#skipString();
      return;
    }
    const value = start === QUOTE ? this.#string() : start === OPEN_BRACKET ? this.#array() : this.#word();
    if (name !== undefined && this.#isWanted(name)) this.#take(this.#attribute, name, value);
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
    const isEscaped = this.#skipString();
    const end = this.#at;
    return isEscaped ? (JSON.parse(this.#text.slice(start, end)) as string) : this.#text.slice(start + 1, end - 1);
  }

  /** Moves behind the string that begins here. Returns whether it has escapes. */
  #skipString(): boolean {
    let isEscaped = false;
    for (let end = this.#text.indexOf('"', this.#at + 1); end !== -1; end = this.#text.indexOf('"', end + 1)) {
      let backslashes = 0;
      while (this.#text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
      isEscaped ||= backslashes > 0;
      if (backslashes % 2 === 0) {
        isEscaped ||= this.#text.slice(this.#at, end).includes('\\');
        this.#at = end + 1;
        return isEscaped;
      }
    }
    this.#at = this.#text.length;
    return false;
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
