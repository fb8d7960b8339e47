import { parseDuration } from '#promql/syntax/duration';
import { unquote } from '#promql/syntax/string-literal';
import { parseByteSize } from '../text/byte-size.js';
import { parseGoDuration } from '../text/go-duration.js';
import { ParseError, type Place } from './parse-error.js';
import { type Piece, Scanner } from './scanner.js';
import { functionWords, reservedWords, type Token } from './token.js';

const flags: ReadonlySet<string> = new Set(['--strict', '--keep-empty']);
const durationCharacter = /^[\p{N}.nuµmshdwy]$/u;
const sizeCharacter = /^[\p{N}.BikKMGTP]$/u;

/** How far ahead a parenthesis is looked for behind a word. */
const LOOK_AHEAD = 200;
const callFollows = /^\s*(?:\(|(?:by|without)\s*\()/i;

/** Text → tokens. Throws `ParseError` with Loki's text for what is no token. */
export class Lexer {
  readonly #scanner: Scanner;

  constructor(text: string) {
    this.#scanner = new Scanner(text);
  }

  next(): Token {
    const piece = this.#scanner.scan();
    switch (piece.kind) {
      case 'end':
        return { kind: 'end', text: '', place: piece.place };
      case 'string':
        return { kind: 'string', text: unquote(piece.text), place: piece.place };
      case 'number':
        return this.#quantity(piece) ?? { kind: 'number', text: piece.text, place: piece.place };
      case 'word':
        return this.#word(piece);
      case 'character':
        return this.#sign(piece);
    }
  }

  /** A number with its unit, if one follows. */
  #quantity({ text, place }: Piece): Token | undefined {
    return (
      this.#withUnit('span', text, durationCharacter, durationNs, place) ??
      this.#withUnit('size', text, sizeCharacter, parseByteSize, place)
    );
  }

  #withUnit(
    kind: 'span' | 'size',
    number: string,
    unitCharacter: RegExp,
    parse: (text: string) => bigint,
    place: Place,
  ): Token | undefined {
    const unit = this.#scanner.lookWhile((character) => unitCharacter.test(character));
    if (unit === '') return undefined;
    const text = number + unit;
    try {
      const value = parse(text);
      this.#scanner.skip(Array.from(unit).length);
      return { kind, text, value, place: partlyLost(place) };
    } catch {
      return undefined;
    }
  }

  #word({ text, place }: Piece): Token {
    const word = text.toLowerCase();
    if (functionWords.has(word)) {
      const isCall = callFollows.test(this.#scanner.look(LOOK_AHEAD));
      return { kind: isCall ? word : 'identifier', text, place };
    }
    return { kind: reservedWords.has(word) ? word : 'identifier', text, place };
  }

  #sign({ text, place }: Piece): Token {
    if (text === '#') {
      const comment = this.#scanner.lookWhile((character) => character !== '\n');
      this.#scanner.skip(Array.from(comment).length + 1);
      return this.next();
    }
    if (text === '[') return this.#range(place);
    if (text === '-') {
      const signed = this.#flag(place) ?? this.#withUnit('span', text, durationCharacter, durationNs, place);
      if (signed !== undefined) return signed;
    }
    const pair = text + this.#scanner.next;
    if (pair.length === 2 && reservedWords.has(pair)) {
      this.#scanner.skip();
      return { kind: pair, text: pair, place: partlyLost(place) };
    }
    return { kind: reservedWords.has(text) ? text : 'identifier', text, place };
  }

  #flag(place: Place): Token | undefined {
    if (this.#scanner.next !== '-') return undefined;
    const rest = this.#scanner.lookWhile((character) => /^[\p{L}-]$/u.test(character));
    if (!flags.has(`-${rest}`)) return undefined;
    this.#scanner.skip(rest.length);
    return { kind: 'flag', text: `-${rest}`, place: partlyLost(place) };
  }

  #range(place: Place): Token {
    const text = this.#scanner.lookWhile((character) => character !== ']');
    this.#scanner.skip(Array.from(text).length);
    if (this.#scanner.next === '') throw new ParseError("missing closing ']' in duration", partlyLost(place));
    this.#scanner.skip();
    try {
      return { kind: 'range', text, value: nanoseconds(parseDuration(text)), place: partlyLost(place) };
    } catch (error) {
      throw new ParseError((error as Error).message, partlyLost(place));
    }
  }
}

/** Loki's scanner forgets the line of a token once it has looked behind its first part. */
function partlyLost({ column }: Place): Place {
  return { line: 0, column };
}

/** A duration as Prometheus writes it, or else as Go does. */
function durationNs(text: string): bigint {
  try {
    return nanoseconds(parseDuration(text));
  } catch {
    return parseGoDuration(text);
  }
}

function nanoseconds(milliseconds: number): bigint {
  return BigInt(milliseconds) * 1_000_000n;
}
