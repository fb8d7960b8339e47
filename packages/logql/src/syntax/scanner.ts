import { ParseError, type Place } from './parse-error.js';

/** A word, number, string or single character, as Go's text/scanner divides a text. */
export interface Piece {
  readonly kind: 'word' | 'number' | 'string' | 'character' | 'end';
  readonly text: string;
  readonly place: Place;
}

const letter = /^[\p{L}_]$/u;
const letterOrDigit = /^[\p{L}\p{Nd}_]$/u;
const escapeDigits = new Map([
  ['x', { digit: /^[0-9a-fA-F]$/, count: 2 }],
  ['u', { digit: /^[0-9a-fA-F]$/, count: 4 }],
  ['U', { digit: /^[0-9a-fA-F]$/, count: 8 }],
]);
const octalEscape = { digit: /^[0-7]$/, count: 3 };

/** Text → pieces. Comments in the manner of Go are spaces. Its place can be moved, so that a lexer can look ahead. */
export class Scanner {
  readonly #characters: readonly string[];
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string) {
    this.#characters = Array.from(text);
    if (this.#characters[0] === '\ufeff') this.#at = 1;
  }

  /** The next character; empty at the end. */
  get next(): string {
    return this.#characters[this.#at] ?? '';
  }

  get #place(): Place {
    if (this.#characters.length === 0) return { line: 0, column: 0 };
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  skip(count = 1): void {
    for (; count > 0 && this.#at < this.#characters.length; count--) {
      if (this.#characters[this.#at] === '\0') throw new ParseError('invalid character NUL', this.#place);
      if (this.#characters[this.#at++] !== '\n') continue;
      this.#line++;
      this.#lineStart = this.#at;
    }
  }

  /** Characters from here on as long as they are of a kind. Nothing is taken. */
  lookWhile(isWanted: (character: string) => boolean): string {
    let end = this.#at;
    while (end < this.#characters.length && isWanted(this.#characters[end]!)) end++;
    return this.#characters.slice(this.#at, end).join('');
  }

  /** The rest of the text, up to `length` characters. */
  look(length: number): string {
    return this.#characters.slice(this.#at, this.#at + length).join('');
  }

  scan(): Piece {
    this.#skipSpace();
    const place = this.#place;
    const start = this.#at;
    const kind = this.#take(place);
    return { kind, text: this.#characters.slice(start, this.#at).join(''), place };
  }

  #skipSpace(): void {
    for (;;) {
      if (/^[\t\n\r ]$/.test(this.next)) this.skip();
      else if (this.look(2) === '//') this.skip(Array.from(this.lookWhile((character) => character !== '\n')).length);
      else if (this.look(2) === '/*') this.#skipBlockComment();
      else return;
    }
  }

  #skipBlockComment(): void {
    const place = this.#place;
    this.skip(2);
    while (this.look(2) !== '*/') {
      if (this.next === '') throw new ParseError('comment not terminated', place);
      this.skip();
    }
    this.skip(2);
  }

  #take(place: Place): Piece['kind'] {
    const first = this.next;
    if (first === '') return 'end';
    if (letter.test(first)) {
      while (letterOrDigit.test(this.next)) this.skip();
      return 'word';
    }
    const following = this.#characters[this.#at + 1] ?? '';
    if (/^[0-9]$/.test(first) || (first === '.' && /^[0-9]$/.test(following))) {
      this.#takeNumber(place);
      return 'number';
    }
    if (first === '"' || first === '`') {
      this.#takeString(first, place);
      return 'string';
    }
    // A character literal of Go, which means nothing here, is still one piece.
    if (first === "'") this.#takeString(first, place);
    else this.skip();
    return 'character';
  }

  #takeString(quote: string, place: Place): void {
    this.skip();
    let length = 0;
    for (; this.next !== quote; length++) {
      if (this.next === '' || (this.next === '\n' && quote !== '`'))
        throw new ParseError('literal not terminated', place);
      if (this.next === '\\' && quote !== '`') this.#takeEscape(quote, place);
      else this.skip();
    }
    this.skip();
    if (quote === "'" && length !== 1) throw new ParseError('invalid char literal', place);
  }

  #takeEscape(quote: string, place: Place): void {
    this.skip();
    const kind = this.next;
    if (kind === quote || (kind !== '' && 'abfnrtv\\'.includes(kind))) {
      this.skip();
      return;
    }
    const digits = octalEscape.digit.test(kind) ? octalEscape : escapeDigits.get(kind);
    if (digits === undefined) throw new ParseError('invalid char escape', place);
    if (digits !== octalEscape) this.skip();
    for (let count = 0; count < digits.count; count++) {
      if (!digits.digit.test(this.next)) throw new ParseError('invalid char escape', place);
      this.skip();
    }
  }

  /** Go's number literals. Units that may follow belong to the lexer. */
  #takeNumber(place: Place): void {
    const text = this.lookWhile((character) => /^[0-9a-zA-Z_.+-]$/.test(character));
    const number = new NumberLiteral(text, place);
    this.skip(number.length);
  }
}

/** The extent of a number in Go's syntax. Throws Go's errors for what begins as a number and is none. */
class NumberLiteral {
  readonly #text: string;
  readonly #place: Place;
  length = 0;

  constructor(text: string, place: Place) {
    this.#text = text;
    this.#place = place;
    this.#measure();
  }

  #measure(): void {
    const prefix = /^0[xXoObB]/.exec(this.#text)?.[0].charAt(1).toLowerCase() ?? '';
    const name = literalNames.get(prefix) ?? (this.#text.startsWith('0') ? 'octal literal' : 'decimal literal');
    this.length = prefix === '' ? 0 : 2;
    const isHexadecimal = prefix === 'x';
    const digits = isHexadecimal ? /^[0-9a-fA-F_]*/ : /^[0-9_]*/;
    let mantissa = this.#accept(digits);
    const hasPoint = this.#text[this.length] === '.';
    if (hasPoint) {
      this.length++;
      if (prefix === 'o' || prefix === 'b') this.#fail(`invalid radix point in ${name}`);
      mantissa += this.#accept(digits);
    }
    if (!/[0-9a-fA-F]/.test(mantissa)) this.#fail(`${name} has no digits`);
    const exponentSign = this.#text[this.length]?.toLowerCase();
    const hasExponent = exponentSign === 'e' || (exponentSign === 'p' && isHexadecimal);
    if (hasExponent) this.#acceptExponent(prefix);
    else if (isHexadecimal && hasPoint) this.#fail("hexadecimal mantissa requires a 'p' exponent");
    if (!hasPoint && !hasExponent) this.#checkDigits(mantissa, prefix, name);
    this.#checkSeparators();
  }

  #acceptExponent(prefix: string): void {
    const sign = this.#text[this.length]!;
    if (sign.toLowerCase() === 'e' && prefix !== '') this.#fail(`'${sign}' exponent requires decimal mantissa`);
    this.length++;
    if (/^[+-]$/.test(this.#text[this.length] ?? '')) this.length++;
    if (!/[0-9]/.test(this.#accept(/^[0-9_]*/))) this.#fail('exponent has no digits');
  }

  #checkDigits(mantissa: string, prefix: string, name: string): void {
    const isOctal = prefix === 'o' || (prefix === '' && mantissa.startsWith('0'));
    const wrong = (isOctal ? /[89]/ : prefix === 'b' ? /[2-9]/ : undefined)?.exec(mantissa)?.[0];
    if (wrong !== undefined) this.#fail(`invalid digit '${wrong}' in ${name}`);
  }

  #checkSeparators(): void {
    const text = this.#text.slice(0, this.length);
    if (text.includes('_') && !/^(?:0[xXoObB])?(?:_?[0-9a-fA-F]|[.eEpP+-](?=[^_]|$))*$/.test(text)) {
      this.#fail("'_' must separate successive digits");
    }
  }

  #accept(pattern: RegExp): string {
    const [text = ''] = pattern.exec(this.#text.slice(this.length)) ?? [];
    this.length += text.length;
    return text;
  }

  #fail(message: string): never {
    throw new ParseError(message, this.#place);
  }
}

const literalNames = new Map([
  ['x', 'hexadecimal literal'],
  ['o', 'octal literal'],
  ['b', 'binary literal'],
]);
