// Text → tokens, as Go's text/scanner cuts them: Go's identifiers, numbers, strings and comments. What no spelling is known
// for is an IDENTIFIER. Behind a scope, such as `span.`, everything is the name of an attribute up to a blank or operator.

import { parseDuration } from './duration.js';
import { unquoted } from './string-literal.js';
import {
  attributeScopes,
  DURATION,
  END,
  END_ATTRIBUTE,
  FLOAT,
  IDENTIFIER,
  INTEGER,
  STRING,
  spellings,
  type Token,
  UNREADABLE,
} from './token.js';

const BLANK = /(?:[ \t\r\n]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const NUMBER = /0[xX][\da-fA-F_]*|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*\.?(?:[eE][+-]?\d+)?/y;
const WORD = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
/** What may belong to a duration behind its first digits. */
const DURATION_REST = /[\p{N}nsumhµdwy.]*/uy;
const ATTRIBUTE_PART = /[^\s{}()=~!<>&|^,"]+/uy;
const PARENT_SCOPE = /(?:span|resource)\./y;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

const scopes: ReadonlySet<string> = new Set(attributeScopes);

export function tokenize(query: string): Token[] {
  return new Lexer(query).tokens();
}

class Lexer {
  readonly #query: string;
  readonly #tokens: Token[] = [];
  #offset = 0;

  constructor(query: string) {
    this.#query = query;
  }

  /** All tokens, END the last one, or UNREADABLE in place of what follows. */
  tokens(): Token[] {
    for (;;) {
      this.#take(BLANK);
      const start = this.#offset;
      const token = this.#next(start);
      this.#tokens.push(token);
      if (token.type === END || token.type === UNREADABLE) return this.#tokens;
      if (scopes.has(token.type) && !this.#attribute(token)) return this.#tokens;
    }
  }

  #next(start: number): Token {
    const first = this.#query[start];
    if (first === undefined) return this.#token(END, start);
    const number = this.#take(NUMBER);
    if (number !== '') return this.#number(start, number);
    if (first === '"' || first === '`' || first === "'") return this.#string(start, first);
    const word = this.#take(WORD) || this.#takeCharacter();
    const spelling = this.#longest(word);
    return this.#token(spellings.has(spelling) ? spelling : IDENTIFIER, start, { text: spelling });
  }

  /** The longest spelling that begins with the text: each character more must give a spelling as well. */
  #longest(word: string): string {
    let spelling = word;
    while (this.#offset < this.#query.length && spellings.has(spelling + this.#query[this.#offset])) {
      spelling += this.#query[this.#offset++];
    }
    return spelling;
  }

  #number(start: number, digits: string): Token {
    const end = this.#offset;
    const rest = this.#take(DURATION_REST);
    const ns = rest === '' ? undefined : parseDuration(digits + rest);
    if (ns !== undefined) return this.#token(DURATION, start, { value: ns });
    this.#offset = end;
    if (/^\d+$/.test(digits)) {
      const value = BigInt(digits);
      if (value < MIN_INT64 || value > MAX_INT64) {
        return this.#unreadable(start, `strconv.Atoi: parsing "${digits}": value out of range`);
      }
      return this.#token(INTEGER, start, { value });
    }
    if (/^[\d.]+(?:[eE][+-]?\d+)?$/.test(digits)) return this.#token(FLOAT, start, { value: Number(digits) });
    return this.#unreadable(start, `strconv.Atoi: parsing "${digits}": invalid syntax`);
  }

  #string(start: number, quote: string): Token {
    const literal = unquoted(this.#query, start, quote);
    if ('problem' in literal) return this.#unreadable(start, literal.problem);
    this.#offset = literal.end;
    return this.#token(quote === "'" ? IDENTIFIER : STRING, start, { text: literal.text });
  }

  /** The name behind a scope. False when it cannot be read, which ends the query. */
  #attribute(scope: Token): boolean {
    const at = { errorOffset: scope.start };
    if (scope.type === 'parent.') {
      const start = this.#offset;
      const inner = this.#take(PARENT_SCOPE);
      if (inner !== '') this.#tokens.push(this.#token(inner, start, at));
    }
    const start = this.#offset;
    let name: string | undefined;
    for (;;) {
      if (this.#query[this.#offset] === '"') {
        const quoted = this.#quotedPart();
        if ('problem' in quoted) {
          this.#tokens.push(this.#token(UNREADABLE, start, { ...at, text: quoted.problem }));
          return false;
        }
        name = (name ?? '') + quoted.text;
        continue;
      }
      const part = this.#take(ATTRIBUTE_PART);
      if (part === '') break;
      name = (name ?? '') + part;
    }
    if (name !== undefined) this.#tokens.push(this.#token(IDENTIFIER, start, { ...at, text: name }));
    this.#tokens.push(this.#token(END_ATTRIBUTE, this.#offset, at));
    return true;
  }

  /** A part of a name in quotes, in which only quotes and backslashes are escaped. */
  #quotedPart(): { readonly text: string } | { readonly problem: string } {
    const QUOTED = /"((?:[^"\\]|\\["\\])*)(["\\]?)/y;
    QUOTED.lastIndex = this.#offset;
    const [, text = '', end] = QUOTED.exec(this.#query)!;
    if (end === '\\') return { problem: 'invalid escape sequence' };
    if (end === '') return { problem: 'unexpected EOF, expecting "' };
    this.#offset = QUOTED.lastIndex;
    return { text: text.replace(/\\(["\\])/g, '$1') };
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#offset;
    const [text = ''] = pattern.exec(this.#query) ?? [];
    this.#offset += text.length;
    return text;
  }

  #takeCharacter(): string {
    const character = String.fromCodePoint(this.#query.codePointAt(this.#offset)!);
    this.#offset += character.length;
    return character;
  }

  #unreadable(start: number, problem: string): Token {
    return this.#token(UNREADABLE, start, { text: problem });
  }

  #token(type: string, start: number, more: Partial<Token> = {}): Token {
    return { type, start, end: this.#offset, errorOffset: start, text: '', value: 0, ...more };
  }
}
