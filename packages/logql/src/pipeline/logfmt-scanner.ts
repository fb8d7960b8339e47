import { quotedCharacter } from '#promql/syntax/go-text';

const EQUALS = 61;
const QUOTE = 34;
const BACKSLASH = 92;
const SPACE = 32;

/** Pairs of a logfmt line, one after the other. What is wrong is left out, and kept as `mistake` with its place. */
export class LogfmtScanner {
  readonly #line: string;
  #at = 0;
  key = '';
  value = '';
  /** The last mistake, in Loki's words. */
  mistake: string | undefined;

  constructor(line: string) {
    this.#line = line;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#line.length;
  }

  /** Goes to the next pair. False for what is none, and at the end. */
  next(): boolean {
    this.key = '';
    this.value = '';
    while (this.#at < this.#line.length && this.#code() <= SPACE) this.#at++;
    if (this.isAtEnd) return false;
    const start = this.#at;
    while (this.#at < this.#line.length) {
      const code = this.#code();
      if (code <= SPACE) break;
      if (code === QUOTE) return this.#unexpected();
      if (code === EQUALS) return this.#at === start ? this.#unexpected() : this.#pair(start);
      this.#at++;
    }
    return this.#takeKey(start) || this.#skip('none');
  }

  #pair(start: number): boolean {
    if (!this.#takeKey(start)) return this.#skip('value');
    this.#at++;
    if (this.isAtEnd || this.#code() <= SPACE) return true;
    if (this.#code() === QUOTE) return this.#quoted();
    const valueStart = this.#at;
    while (this.#at < this.#line.length) {
      const code = this.#code();
      if (code <= SPACE) break;
      if (code === EQUALS || code === QUOTE) return this.#unexpected();
      this.#at++;
    }
    this.value = this.#line.slice(valueStart, this.#at);
    return true;
  }

  #takeKey(start: number): boolean {
    const key = this.#line.slice(start, this.#at);
    if (key.includes('\ufffd')) {
      this.#fail('invalid key');
      return false;
    }
    this.key = key;
    return true;
  }

  #quoted(): boolean {
    const start = this.#at + 1;
    let hasEscape = false;
    for (let at = start; at < this.#line.length; at++) {
      const code = this.#line.charCodeAt(at);
      if (code === BACKSLASH) {
        hasEscape = true;
        at++;
      } else if (code === QUOTE) {
        this.#at = at + 1;
        const text = this.#line.slice(start, at);
        const value = hasEscape ? unescaped(text) : text;
        if (value === undefined) {
          this.#fail('invalid quoted value');
          return false;
        }
        this.value = value;
        return true;
      }
    }
    this.#at = this.#line.length;
    this.#fail('unterminated quoted value');
    return false;
  }

  #unexpected(): boolean {
    this.#fail(`unexpected ${quotedCharacter(this.#line[this.#at]!)}`);
    return this.#skip('value');
  }

  /** Gives the pair up, and what is left of it. */
  #skip(rest: 'value' | 'none'): false {
    if (rest === 'value') while (this.#at < this.#line.length && this.#code() > SPACE) this.#at++;
    return false;
  }

  #fail(text: string): void {
    const place = Buffer.byteLength(this.#line.slice(0, this.#at)) + 1;
    this.mistake = `logfmt syntax error at pos ${place} : ${text}`;
  }

  #code(): number {
    return this.#line.charCodeAt(this.#at);
  }
}

const escapes = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ["'", "'"],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** The text without its escapes, undefined if one of them is none. */
function unescaped(text: string): string | undefined {
  let isWrong = false;
  const result = text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.?))/gs, (_, hex?: string, simple?: string) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    const character = escapes.get(simple!);
    if (character === undefined) isWrong = true;
    return character ?? '';
  });
  return isWrong ? undefined : result.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
