import { Lexer, LexicalError } from './lexer.js';
import type { ParseProblem } from './parse-error.js';
import type { Position } from './position.js';
import { describe, type Token, type TokenKind } from './token.js';

/** Thrown at the first token that fits nowhere. The problem itself is in the stream's list. */
export class SyntaxStop extends Error {}

/**
 * Most levels of an expression, a chain of operators counting one for each. Parsing, checking and evaluating call
 * themselves once a level; deeper expressions would exhaust the stack.
 */
export const MAX_DEPTH = 1_000;

/** What a construct says of a token that it cannot take: "unexpected … in `construct`, expected `expected`". */
export interface Expectation {
  readonly construct: string;
  readonly expected?: string;
}

/** Tokens of a query with one of lookahead, and the problems found so far. */
export class TokenStream {
  readonly query: string;
  readonly problems: ParseProblem[] = [];
  readonly #lexer: Lexer;
  readonly #expectations: Expectation[] = [];
  #ahead: Token | undefined;
  #depth = 0;
  #last: Position = { start: 0, end: 0 };

  constructor(query: string) {
    this.query = query;
    this.#lexer = new Lexer(query);
  }

  /** Where the last token taken stands. */
  get last(): Position {
    return this.#last;
  }

  peek(): Token {
    this.#ahead ??= this.#scan();
    return this.#ahead;
  }

  take(): Token {
    const token = this.peek();
    this.#ahead = undefined;
    this.#last = token;
    return token;
  }

  isNext(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.peek().kind);
  }

  /** Takes the next token if it is of that kind. */
  accept(kind: TokenKind): Token | undefined {
    return this.isNext(kind) ? this.take() : undefined;
  }

  expect(kind: TokenKind, expectation?: Expectation): Token {
    return this.accept(kind) ?? this.unexpected(expectation);
  }

  /** Parses a part. A token that fits nowhere in it is reported as `expectation` says, unless a smaller part knew better. */
  within<Result>(expectation: Expectation, parse: () => Result): Result {
    this.#expectations.push(expectation);
    const result = parse();
    this.#expectations.pop();
    return result;
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
    if (this.#depth <= MAX_DEPTH) return;
    this.report(this.peek(), `expression must have at most ${MAX_DEPTH} levels`);
    throw new SyntaxStop();
  }

  /** Notes a problem that does not end parsing, as Prometheus goes on too. */
  report(position: Position, message: string): void {
    this.problems.push({ position: { start: position.start, end: position.end }, message });
  }

  unexpected(expectation: Expectation | undefined = this.#expectations.at(-1)): never {
    const token = this.peek();
    let message = `unexpected ${describe(token)}`;
    if (expectation !== undefined) message += ` in ${expectation.construct}`;
    if (expectation?.expected !== undefined) message += `, expected ${expectation.expected}`;
    this.report(token, message);
    throw new SyntaxStop(message);
  }

  #scan(): Token {
    try {
      return this.#lexer.next();
    } catch (error) {
      if (!(error instanceof LexicalError)) throw error;
      this.report({ start: error.offset, end: this.query.length }, error.message);
      throw new SyntaxStop(error.message);
    }
  }
}
