import type { Duration, DurationExpression, DurationOperator, NumberLiteral } from './ast.js';
import { isOutOfRange, parseDuration } from './duration.js';
import { parseNumber } from './number.js';
import { type Position, spanning } from './position.js';
import type { Token, TokenKind } from './token.js';
import type { TokenStream } from './token-stream.js';

const binding = new Map<TokenKind, number>([
  ['+', 1],
  ['-', 1],
  ['*', 2],
  ['/', 2],
  ['%', 2],
  ['^', 3],
]);
const UNARY_BINDING = 2;

/** Whether a query may use arithmetic in durations, which Prometheus has behind a feature flag. */
export interface DurationOptions {
  readonly durationExpressions: boolean;
}

/** A number or duration as a literal of the language. One that cannot be read is reported, and counts as 0. */
export function parseNumberLiteral(tokens: TokenStream): NumberLiteral {
  const token = tokens.accept('number') ?? tokens.expect('duration');
  const isDuration = token.kind === 'duration';
  let value = 0;
  try {
    value = isDuration ? parseDuration(token.text) / 1000 : parseNumber(token.text);
  } catch (error) {
    tokens.report(token, (error as Error).message);
  }
  return { kind: 'number', value, isDuration, position: { start: token.start, end: token.end } };
}

/** Durations of ranges, steps and offsets, with the arithmetic that may stand in them. */
export class DurationParser {
  readonly #tokens: TokenStream;
  readonly #options: DurationOptions;

  constructor(tokens: TokenStream, options: DurationOptions) {
    this.#tokens = tokens;
    this.#options = options;
  }

  /** Of a range or a step, which is greater than 0. */
  parsePositive(): Duration {
    const duration = this.#parse(0);
    if (duration.kind !== 'number' || duration.value > 0) return duration;
    this.#tokens.report(duration.position, 'duration must be greater than 0');
    return { ...duration, value: 0 };
  }

  /**
   * Of an offset. Arithmetic needs parentheses there, as `foo offset 5m + 3` adds 3 to the selector: behind a literal,
   * a signed one, or one of the words nothing more is taken. Behind parentheses it goes on.
   */
  parseOffset(): Duration {
    const tokens = this.#tokens;
    const sign = tokens.accept('+') ?? tokens.accept('-');
    if (sign === undefined) return tokens.isNext('(') ? this.#parse(0) : this.#operand();
    if (tokens.isNext('number', 'duration')) return this.#signed(sign, parseNumberLiteral(tokens));
    if (tokens.isNext('step', 'range', 'max_of', 'min_of')) {
      const right = this.#operand();
      return this.#checked({
        kind: 'duration',
        operator: sign.kind as '+' | '-',
        left: undefined,
        right,
        inParentheses: false,
        position: spanning(sign, right.position),
      });
    }
    if (tokens.isNext('(')) return this.#signed(sign, this.#parenthesesUnchecked());
    return this.#continue(this.#signed(sign, this.#parse(UNARY_BINDING)), 0);
  }

  #parse(minimum: number): Duration {
    return this.#tokens.deeper(() => this.#continue(this.#operand(), minimum));
  }

  #continue(first: Duration, minimum: number): Duration {
    let left = first;
    for (;;) {
      const operator = this.#tokens.peek();
      const strength = binding.get(operator.kind);
      if (strength === undefined || strength <= minimum) return left;
      this.#tokens.take();
      this.#tokens.addLevel();
      // Powers group from the right.
      left = this.#binary(left, operator, this.#parse(operator.kind === '^' ? strength - 1 : strength));
    }
  }

  #operand(): Duration {
    const tokens = this.#tokens;
    if (tokens.isNext('number', 'duration')) return this.#literal();
    if (tokens.isNext('step', 'range')) return this.#queryWord();
    if (tokens.isNext('max_of', 'min_of')) return this.#extreme();
    if (tokens.isNext('(')) {
      const inner = this.#parenthesesUnchecked();
      this.#requireExpressions(inner.position);
      return inner;
    }
    const sign = tokens.accept('+') ?? tokens.accept('-');
    if (sign === undefined) return tokens.unexpected();
    return this.#signed(sign, this.#parse(UNARY_BINDING));
  }

  #literal(): NumberLiteral {
    const literal = parseNumberLiteral(this.#tokens);
    return this.#inRange(literal, literal.position);
  }

  #queryWord(): DurationExpression {
    const word = this.#tokens.take();
    this.#tokens.expect('(');
    this.#tokens.expect(')');
    return this.#checked({
      kind: 'duration',
      operator: word.kind as DurationOperator,
      left: undefined,
      right: undefined,
      inParentheses: false,
      position: spanning(word, this.#tokens.last),
    });
  }

  #extreme(): DurationExpression {
    const word = this.#tokens.take();
    this.#tokens.expect('(');
    const left = this.#parse(0);
    this.#tokens.expect(',');
    const right = this.#parse(0);
    this.#tokens.expect(')');
    return this.#checked({
      kind: 'duration',
      operator: word.kind as DurationOperator,
      left,
      right,
      inParentheses: false,
      position: spanning(word, this.#tokens.last),
    });
  }

  /** A literal in parentheses becomes an expression with a plus, so that printing keeps the parentheses. */
  #parenthesesUnchecked(): DurationExpression {
    const open = this.#tokens.expect('(');
    const inner = this.#parse(0);
    const close = this.#tokens.expect(')');
    if (inner.kind === 'duration') {
      inner.inParentheses = true;
      return inner;
    }
    return {
      kind: 'duration',
      operator: '+',
      left: undefined,
      right: inner,
      inParentheses: true,
      position: spanning(open, close),
    };
  }

  #binary(left: Duration, operator: Token, right: Duration): Duration {
    this.#requireExpressions(left.position);
    const position = spanning(left.position, right.position);
    if (right.kind === 'number' && right.value === 0 && (operator.kind === '/' || operator.kind === '%')) {
      this.#tokens.report(operator, operator.kind === '/' ? 'division by zero' : 'modulo by zero');
      return { kind: 'number', value: 0, isDuration: false, position: { start: 0, end: 0 } };
    }
    return {
      kind: 'duration',
      operator: operator.kind as DurationOperator,
      left,
      right,
      inParentheses: false,
      position,
    };
  }

  #signed(sign: Token, duration: Duration): Duration {
    const position = spanning(sign, duration.position);
    if (duration.kind === 'number') {
      const value = sign.kind === '-' ? -duration.value : duration.value;
      return this.#inRange({ ...duration, value, position }, sign);
    }
    if (sign.kind === '+') return duration;
    return { kind: 'duration', operator: '-', left: undefined, right: duration, inParentheses: false, position };
  }

  #inRange(literal: NumberLiteral, position: Position): NumberLiteral {
    if (!isOutOfRange(literal.value)) return literal;
    this.#tokens.report(position, 'duration out of range');
    return { ...literal, value: 0, position: { start: 0, end: 0 } };
  }

  #checked(expression: DurationExpression): DurationExpression {
    this.#requireExpressions(expression.position);
    return expression;
  }

  #requireExpressions(position: Position): void {
    if (!this.#options.durationExpressions) {
      this.#tokens.report(position, 'experimental duration expression is not enabled');
    }
  }
}
