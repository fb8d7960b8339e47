import { codePointText, quoted, quotedCharacter } from './go-text.js';
import { reservedWords, type Token, type TokenKind } from './token.js';

/** Text that is no token. `offset` is where the token began. */
export class LexicalError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.name = 'LexicalError';
    this.offset = offset;
  }
}

const END = '';
const DIGITS = '0123456789';
const HEX_DIGITS = `${DIGITS}abcdefABCDEF`;
const simpleEscapes = 'abfnrtv\\';

const symbolsOutsideBraces = new Map<string, TokenKind>(
  ([',', '*', '/', '%', '+', '-', '^', '@', '(', ')', '{', '[', ']', '<', '>', '='] as const).map((symbol) => [
    symbol,
    symbol,
  ]),
);
/** Second characters that make a longer operator of the first. */
const longerOperators = new Map<string, TokenKind>(
  (['==', '!=', '<=', '>=', '</', '>/'] as const).map((operator) => [operator, operator]),
);
const durationSymbols = new Set<string>(['(', ')', '+', '-', '*', '/', '%', '^', ',']);
const durationWords = new Set(['step', 'range', 'max_of', 'min_of']);
/** `fill` and its like are names of metrics unless a parenthesis follows. */
const wordsBeforeParenthesis = new Set(['fill', 'fill_left', 'fill_right']);

/**
 * Query → tokens, one at a time. What a character means depends on where it stands: in braces words are labels, after
 * an opening bracket a duration begins. Comments and space are skipped. Throws `LexicalError` with Prometheus's text.
 */
export class Lexer {
  readonly #input: string;
  #offset = 0;
  #start = 0;
  #parentheses = 0;
  #braceOpen = false;
  #bracketOpen = false;
  /** After `[` and before the first number of a range, other rules hold. */
  #inDuration = false;
  #colonSeen = false;
  /** Of any range so far: behind the first one, the parser is left to refuse `[:`. Prometheus's texts depend on it. */
  #durationSeen = false;

  constructor(input: string) {
    this.#input = input;
  }

  next(): Token {
    this.#skipSpaceAndComments();
    this.#start = this.#offset;
    if (this.#braceOpen) return this.#insideBraces();
    if (this.#inDuration) return this.#insideDuration();
    return this.#statement();
  }

  #statement(): Token {
    const character = this.#take();
    if (character === END) return this.#endOfInput();
    if (isDigit(character) || (character === '.' && isDigit(this.#peek()))) return this.#numberOrDuration();
    if (character === '"' || character === "'") return this.#string(character);
    if (character === '`') return this.#rawString();
    if (isAlpha(character) || character === ':') {
      return this.#bracketOpen ? this.#insideRange(character) : this.#word();
    }
    if (character === '!' && this.#peek() !== '=') {
      throw this.#error(`unexpected character after '!': ${quotedCharacter(this.#peek() || '\uFFFD')}`);
    }
    if (character === '=' && this.#peek() === '~') throw this.#error(`unexpected character after '=': '~'`);
    const longer = longerOperators.get(character + this.#peek());
    if (longer !== undefined) {
      this.#take();
      return this.#token(longer);
    }
    const kind = symbolsOutsideBraces.get(character);
    if (kind === undefined) throw this.#error(`unexpected character: ${quotedCharacter(character)}`);
    this.#noteNesting(character);
    return this.#token(kind);
  }

  #endOfInput(): Token {
    if (this.#parentheses !== 0) throw this.#error('unclosed left parenthesis');
    if (this.#bracketOpen) throw this.#error('unclosed left bracket');
    return this.#token('end of input');
  }

  #noteNesting(symbol: string): void {
    if (symbol === '(') this.#parentheses++;
    else if (symbol === ')') {
      this.#parentheses--;
      // Prometheus has handed out the parenthesis by then: the error stands behind it.
      if (this.#parentheses < 0) throw this.#error(`unexpected right parenthesis ')'`, this.#offset);
    } else if (symbol === '{') this.#braceOpen = true;
    else if (symbol === '[') {
      if (this.#bracketOpen) throw this.#error(`unexpected left bracket '['`);
      this.#bracketOpen = true;
      this.#inDuration = true;
      this.#colonSeen = false;
    } else if (symbol === ']') {
      if (!this.#bracketOpen) throw this.#error(`unexpected right bracket ']'`);
      this.#bracketOpen = false;
    }
  }

  /** A letter or colon behind the first number of a range or subquery. */
  #insideRange(character: string): Token {
    if (character === ':') {
      if (this.#colonSeen) throw this.#error(`unexpected colon ':'`);
      this.#colonSeen = true;
      return this.#token(':');
    }
    const word = this.#durationWord();
    if (word === undefined) throw this.#error(`unexpected character: ${quotedCharacter(character)}, expected ':'`);
    return word;
  }

  #insideDuration(): Token {
    const character = this.#take();
    if (character === END) throw this.#error('unexpected end of input in duration expression');
    if (character === ']') {
      this.#bracketOpen = false;
      this.#inDuration = false;
      return this.#token(']');
    }
    if (character === ':') {
      if (!this.#durationSeen) {
        throw this.#error('unexpected colon before duration in duration expression', this.#offset);
      }
      if (this.#colonSeen) throw this.#error('unexpected repeated colon in duration expression', this.#offset);
      this.#colonSeen = true;
      return this.#token(':');
    }
    if (durationSymbols.has(character)) {
      this.#noteNesting(character);
      return this.#token(character as TokenKind);
    }
    if (isDigit(character) || (character === '.' && isDigit(this.#peek()))) {
      this.#durationSeen = true;
      this.#inDuration = false;
      return this.#numberOrDuration();
    }
    const word = isAlpha(character) ? this.#durationWord() : undefined;
    if (word === undefined) {
      throw this.#error(`unexpected character in duration expression: ${quotedCharacter(character)}`);
    }
    return word;
  }

  #durationWord(): Token | undefined {
    while (isAlpha(this.#peek())) this.#take();
    const word = this.#text().toLowerCase();
    return durationWords.has(word) ? this.#token(word as TokenKind) : undefined;
  }

  #insideBraces(): Token {
    const character = this.#take();
    if (character === END) throw this.#error('unexpected end of input inside braces');
    if (isAlpha(character)) {
      while (isAlphaNumeric(this.#peek())) this.#take();
      return this.#token('identifier');
    }
    if (character === '"' || character === "'") return this.#string(character);
    if (character === '`') return this.#rawString();
    if (character === ',') return this.#token(',');
    if (character === '=') return this.#token(this.#accept('~') ? '=~' : '=');
    if (character === '!') {
      if (this.#accept('~')) return this.#token('!~');
      if (this.#accept('=')) return this.#token('!=');
      throw this.#error(`unexpected character after '!' inside braces: ${quotedCharacter(this.#peek() || '\uFFFD')}`);
    }
    if (character === '{') throw this.#error(`unexpected left brace '{'`);
    if (character === '}') {
      this.#braceOpen = false;
      return this.#token('}');
    }
    throw this.#error(`unexpected character inside braces: ${quotedCharacter(character)}`);
  }

  #word(): Token {
    while (isAlphaNumeric(this.#peek()) || this.#peek() === ':') this.#take();
    const text = this.#text();
    const word = text.toLowerCase();
    const kind = reservedWords.get(word);
    if (kind === undefined) return this.#token(text.includes(':') ? 'metric identifier' : 'identifier');
    if (wordsBeforeParenthesis.has(word) && !/^[ \t\r\n]*\(/.test(this.#input.slice(this.#offset))) {
      return this.#token('identifier');
    }
    return this.#token(kind);
  }

  #numberOrDuration(): Token {
    this.#offset = this.#start;
    if (this.#scanNumber()) return this.#token('number');
    if (this.#scanRestOfDuration()) return this.#token('duration');
    throw this.#error(`bad number or duration syntax: ${quoted(this.#text())}`);
  }

  /** Takes what may be a number. What stands there when it is none is part of the error, so it takes as Go does. */
  #scanNumber(): boolean {
    let digits = DIGITS;
    if (this.#accept('0') && this.#accept('xX')) {
      this.#accept('_');
      digits = HEX_DIGITS;
    }
    this.#accept('.');
    this.#accept(digits);
    let pointSeen = false;
    let exponentSeen = false;
    while (this.#isNext(`${digits}._eE`)) {
      if (this.#accept('.')) {
        if (pointSeen) return false;
        pointSeen = true;
        if (this.#accept('_.') || digits === HEX_DIGITS) return false;
      } else if (this.#accept('eE')) {
        if (exponentSeen) return false;
        exponentSeen = true;
        this.#accept('+-');
        if (this.#accept('._eE') || this.#peek() === END) return false;
      } else if (this.#accept('_')) {
        if (this.#accept('._eE') || this.#peek() === END) return false;
      } else {
        while (this.#accept(digits));
      }
    }
    return this.#offset > this.#start && !isAlphaNumeric(this.#peek());
  }

  /** Units that are no units are found when the duration is read. */
  #scanRestOfDuration(): boolean {
    if (!this.#accept('smhdwy')) return false;
    this.#accept('s');
    while (this.#accept(DIGITS)) {
      while (this.#accept(DIGITS));
      if (!this.#accept('smhdw')) return false;
      this.#accept('s');
    }
    if (!isAlphaNumeric(this.#peek())) return true;
    this.#take();
    return false;
  }

  #string(quote: string): Token {
    for (;;) {
      const character = this.#take();
      if (character === '\\') this.#escape(quote);
      else if (character === '\uFFFD') throw this.#error('invalid UTF-8 rune');
      else if (character === END || character === '\n') throw this.#error('unterminated quoted string');
      else if (character === quote) return this.#token('string');
    }
  }

  #rawString(): Token {
    for (;;) {
      const character = this.#take();
      if (character === '\uFFFD') throw this.#error('invalid UTF-8 rune');
      if (character === END) throw this.#error('unterminated raw string');
      if (character === '`') return this.#token('string');
    }
  }

  #escape(quote: string): void {
    const character = this.#take();
    if (character === END) throw this.#error('escape sequence not terminated');
    if (character === quote || simpleEscapes.includes(character)) return;
    if ('01234567'.includes(character)) {
      this.#offset--;
      this.#codePoint(3, 8, 255);
    } else if (character === 'x') this.#codePoint(2, 16, 255);
    else if (character === 'u') this.#codePoint(4, 16, 0x10ffff);
    else if (character === 'U') this.#codePoint(8, 16, 0x10ffff);
    else throw this.#error(`unknown escape sequence ${codePointText(character)}`);
  }

  #codePoint(length: number, base: number, largest: number): void {
    let value = 0;
    for (let index = 0; index < length; index++) {
      const character = this.#take();
      if (character === END) throw this.#error('escape sequence not terminated');
      const digit = HEX_DIGITS.includes(character) ? Number.parseInt(character, 16) : base;
      if (digit >= base) throw this.#error(`illegal character ${codePointText(character)} in escape sequence`);
      value = value * base + digit;
    }
    if (value > largest || (value >= 0xd800 && value < 0xe000)) {
      throw this.#error('escape sequence is an invalid Unicode code point');
    }
  }

  #skipSpaceAndComments(): void {
    for (;;) {
      while (this.#isNext(' \t\r\n')) this.#offset++;
      if (this.#peek() !== '#' || this.#inDuration) return;
      while (this.#peek() !== END && !this.#isNext('\r\n')) this.#take();
    }
  }

  #peek(): string {
    const code = this.#input.codePointAt(this.#offset);
    return code === undefined ? END : String.fromCodePoint(code);
  }

  #take(): string {
    const character = this.#peek();
    this.#offset += character.length;
    return character;
  }

  #isNext(characters: string): boolean {
    const character = this.#peek();
    return character !== END && characters.includes(character);
  }

  #accept(characters: string): boolean {
    if (!this.#isNext(characters)) return false;
    this.#take();
    return true;
  }

  #text(): string {
    return this.#input.slice(this.#start, this.#offset);
  }

  #token(kind: TokenKind): Token {
    return { kind, text: this.#text(), start: this.#start, end: this.#offset };
  }

  #error(message: string, offset = this.#start): LexicalError {
    return new LexicalError(message, offset);
  }
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

function isAlpha(character: string): boolean {
  return /^[A-Za-z_]$/.test(character);
}

function isAlphaNumeric(character: string): boolean {
  return /^[A-Za-z_0-9]$/.test(character);
}
