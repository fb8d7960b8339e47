import { tokenize } from './lexer.js';
import { ParseError } from './parse-error.js';
import type { Position } from './position.js';
import { END, type Token, UNREADABLE } from './token.js';

/** How deep brackets and signs may be nested, as every level takes stack. */
const MAX_DEPTH = 500;

/** How many operators and steps a query may have, as a chain of them is a tree as deep as the chain is long. */
const MAX_OPERATORS = 2000;

/** The tokens of a query, and the place reached in them. */
export class TokenStream {
  readonly #query: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #operators = 0;

  constructor(query: string) {
    this.#query = query;
    this.#tokens = tokenize(query);
  }

  get next(): Token {
    const token = this.#tokens[this.#index]!;
    if (token.type === UNREADABLE) throw new ParseError(this.#query, token.errorOffset, token.text);
    return token;
  }

  isNext(type: string): boolean {
    return this.next.type === type;
  }

  isNextIn(types: readonly string[]): boolean {
    return types.includes(this.next.type);
  }

  take(): Token {
    const token = this.next;
    if (token.type !== END) this.#index++;
    return token;
  }

  /** Takes an operator, or what stands between the steps of a pipeline. */
  takeOperator(): Token {
    if (++this.#operators > MAX_OPERATORS) this.refuse(`query has more than ${MAX_OPERATORS} operators`);
    return this.take();
  }

  takeIf(type: string): Token | undefined {
    return this.isNext(type) ? this.take() : undefined;
  }

  /** Takes a token. An error names the others that could stand there as well. */
  expect(type: string, ...others: readonly string[]): Token {
    return this.takeIf(type) ?? this.fail(type, ...others);
  }

  /** Expects a bracket where an operator could stand as well, so that an error names neither. */
  close(bracket: string): void {
    if (!this.takeIf(bracket)) this.fail();
  }

  /** From a token to the one that was read last. */
  positionFrom(first: Position): Position {
    return { start: first.start, end: this.#tokens[this.#index - 1]!.end };
  }

  /** Refuses the next token. Tempo names what it expected in its place if that is few things. */
  fail(...expected: readonly string[]): never {
    const list = expected.length === 0 ? '' : `, expecting ${expected.join(' or ')}`;
    const { type, errorOffset } = this.next;
    throw new ParseError(this.#query, errorOffset, `syntax error: unexpected ${type}${list}`);
  }

  /** Refuses a token that was read before. */
  failAt({ type, errorOffset }: Token): never {
    throw new ParseError(this.#query, errorOffset, `syntax error: unexpected ${type}`);
  }

  /** Refuses the query for a reason that its grammar does not know. The place is the token that was read last. */
  refuse(problem: string): never {
    const last = this.#tokens[Math.max(this.#index - 1, 0)]!;
    throw new ParseError(this.#query, last.errorOffset, problem);
  }

  /** Runs a part of the parser one level deeper. */
  nested<Result>(parse: () => Result): Result {
    if (++this.#depth > MAX_DEPTH) this.refuse(`query is nested more than ${MAX_DEPTH} levels deep`);
    const result = parse();
    this.#depth--;
    return result;
  }
}
