import { Lexer } from './lexer.js';
import { ParseError } from './parse-error.js';
import { type Token, type TokenKind, tokenName } from './token.js';

/** Most levels of an expression, a chain of operators counting one for each: parsing and evaluating call themselves once a level. */
export const MAX_DEPTH = 1_000;

/** Tokens of a query with one of lookahead, or two where one is put back. */
export class TokenStream {
  readonly #lexer: Lexer;
  #ahead: Token | undefined;
  #behind: Token | undefined;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
  }

  peek(): Token {
    this.#ahead ??= this.#lexer.next();
    return this.#ahead;
  }

  take(): Token {
    const token = this.peek();
    this.#ahead = this.#behind;
    this.#behind = undefined;
    return token;
  }

  /** Makes a token that was taken the next one again. */
  putBack(token: Token): void {
    this.#behind = this.#ahead;
    this.#ahead = token;
  }

  isNext(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.peek().kind);
  }

  /** Takes the next token if it is of that kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.isNext(kind) ? this.take() : undefined;
  }

  /** Takes the next token, which must be of one of the kinds. An error names them all. */
  expect(...kinds: readonly TokenKind[]): Token {
    return this.isNext(...kinds) ? this.take() : this.unexpected(...kinds);
  }

  /** The next token fits nowhere. The kinds that would are named, unless they are many. */
  unexpected(...expected: readonly TokenKind[]): never {
    const { kind, place } = this.peek();
    let message = `syntax error: unexpected ${tokenName(kind)}`;
    if (expected.length > 0) message += `, expecting ${expected.map(tokenName).join(' or ')}`;
    throw new ParseError(message, place);
  }

  /** Parses a part one level down. */
  deeper<Result>(parse: () => Result): Result {
    const depth = this.#depth;
    this.addLevel();
    const result = parse();
    this.#depth = depth;
    return result;
  }

  /** Counts a level that what is parsed next stands on, until the part around it ends. */
  addLevel(): void {
    this.#depth++;
    if (this.#depth > MAX_DEPTH) {
      throw new ParseError(`expression must have at most ${MAX_DEPTH} levels`, this.peek().place);
    }
  }
}
