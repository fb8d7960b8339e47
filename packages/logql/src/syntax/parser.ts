import type { Matcher } from '#promql/syntax/matcher';
import { parseFloat64 } from '../text/parse-float.js';
import { rangeAggregation, vectorAggregation } from './aggregation.js';
import type { Expression, LogQuery, SampleExpression } from './ast.js';
import { binaryExpression } from './binary-expression.js';
import { check } from './check.js';
import { type Draft, draft, failed, failedNumber } from './draft.js';
import { labelReplace } from './label-replace.js';
import {
  type BinaryOperator,
  type RangeOperator,
  rangeOperators,
  type VectorOperator,
  vectorOperators,
} from './operators.js';
import { ParseError } from './parse-error.js';
import { parseGrouping, parseModifiers } from './parse-grouping.js';
import { literalValue, parseSignedNumber } from './parse-label-filter.js';
import { parseLogRange } from './parse-range.js';
import { parseMatchers } from './parse-selector.js';
import { parsePipeline } from './parse-stage.js';
import { TokenStream } from './token-stream.js';

/** Longest query, in bytes: Loki's bound. */
const MAX_QUERY_BYTES = 131_072;

/** How strongly operators bind, from the weakest. */
const strengths = new Map<string, number>(
  [['or'], ['and', 'unless'], ['==', '!=', '>', '>=', '<', '<='], ['+', '-'], ['*', '/', '%'], ['^']].flatMap(
    (operators, index) => operators.map((operator) => [operator, index + 1] as const),
  ),
);

/** Text → checked tree. Throws `ParseError` with Loki's text. */
export function parseExpression(query: string): Expression {
  const parsed = parseUnchecked(query);
  check(parsed);
  return parsed.expression;
}

/** A query for lines. Its selector may match every stream. Throws for a query that gives samples. */
export function parseLogQuery(query: string): LogQuery {
  const { expression } = parseUnchecked(query);
  if (expression.kind !== 'logs') throw new ParseError('only log selector is supported');
  return expression;
}

/** The matchers of a selector without stages, such as `{app="a"}`. It may match every stream. */
export function parseSelector(query: string): readonly Matcher[] {
  const { expression } = parseUnchecked(query);
  if (expression.kind !== 'logs' || expression.stages.length > 0) {
    throw new ParseError('only label matchers are supported');
  }
  return expression.matchers;
}

function parseUnchecked(query: string): Draft {
  const bytes = Buffer.byteLength(query);
  if (bytes >= MAX_QUERY_BYTES) throw new ParseError(`input size too long (${bytes} > ${MAX_QUERY_BYTES})`);
  return new Parser(new TokenStream(query)).parse();
}

class Parser {
  readonly #tokens: TokenStream;

  constructor(tokens: TokenStream) {
    this.#tokens = tokens;
  }

  parse(): Draft {
    const expression = this.#expression(0);
    if (!this.#tokens.isNext('end')) this.#tokens.unexpected();
    return expression;
  }

  /** Operators that bind more strongly than `least`, and what they stand between. */
  #expression(least: number): Draft {
    const tokens = this.#tokens;
    return tokens.deeper(() => {
      let left = this.#operand();
      for (;;) {
        const operator = tokens.peek().kind as BinaryOperator;
        const strength = strengths.get(operator) ?? 0;
        if (strength <= least) return left;
        tokens.addLevel();
        tokens.take();
        const modifiers = parseModifiers(tokens);
        // Powers bind to the right, everything else to the left.
        const right = this.#expression(operator === '^' ? strength - 1 : strength);
        left = binaryExpression(operator, modifiers, left, right);
      }
    });
  }

  #operand(): Draft {
    const { kind } = this.#tokens.peek();
    if (kind === '{') return this.#logs();
    if (kind === '(') return this.#parentheses();
    if (kind === 'number' || kind === '+' || kind === '-') return this.#number();
    if (kind === 'vector') return this.#vector();
    if (kind === 'label_replace') return this.#labelReplace();
    if (isOneOf(kind, rangeOperators)) return this.#rangeAggregation();
    if (isOneOf(kind, vectorOperators)) return this.#vectorAggregation();
    return this.#tokens.unexpected();
  }

  #logs(): Draft<LogQuery> {
    const matchers = parseMatchers(this.#tokens);
    const { stages } = parsePipeline(this.#tokens, 'query');
    return draft({ kind: 'logs', matchers, stages });
  }

  #parentheses(): Draft {
    this.#tokens.take();
    const expression = this.#expression(0);
    this.#expectAlone(')');
    return expression;
  }

  #number(): Draft {
    const number = parseSignedNumber(this.#tokens);
    try {
      return draft({ kind: 'number', value: literalValue(number) });
    } catch (error) {
      return failedNumber(error as ParseError);
    }
  }

  #vector(): Draft {
    this.#tokens.take();
    this.#tokens.expect('(');
    const { text } = this.#tokens.expect('number');
    this.#tokens.expect(')');
    try {
      return draft({ kind: 'vector', value: parseFloat64(text) });
    } catch (error) {
      return failed(new ParseError(`unable to parse vectorExpr as a float: ${(error as Error).message}`));
    }
  }

  #rangeAggregation(): Draft {
    const tokens = this.#tokens;
    const operator = tokens.take().kind as RangeOperator;
    tokens.expect('(');
    if (!tokens.isNext('number', '{', '(')) tokens.unexpected('number', '{', '(');
    const parameter = tokens.accept('number')?.text;
    if (parameter !== undefined) tokens.expect(',');
    const input = parseLogRange(tokens);
    tokens.expect(')');
    return rangeAggregation(operator, { input, parameter, grouping: parseGrouping(tokens) });
  }

  #vectorAggregation(): Draft {
    const tokens = this.#tokens;
    const operator = tokens.take().kind as VectorOperator;
    if (!tokens.isNext('(', 'by', 'without')) tokens.unexpected('(', 'by', 'without');
    const before = parseGrouping(tokens);
    tokens.expect('(');
    const parameter = this.#parameter();
    const input = this.#samples();
    this.#expectAlone(')');
    return vectorAggregation(operator, { input, parameter, grouping: before ?? parseGrouping(tokens) });
  }

  /** A number before a comma. Any other number begins an expression. */
  #parameter(): string | undefined {
    if (!this.#tokens.isNext('number')) return undefined;
    const number = this.#tokens.take();
    if (this.#tokens.accept(',') !== undefined) return number.text;
    this.#tokens.putBack(number);
    return undefined;
  }

  #labelReplace(): Draft {
    const tokens = this.#tokens;
    tokens.take();
    tokens.expect('(');
    const input = this.#samples();
    this.#expectAlone(',');
    const to = tokens.expect('string').text;
    const [replacement, from, pattern] = [this.#nextText(), this.#nextText(), this.#nextText()];
    tokens.expect(')');
    return labelReplace({ kind: 'label-replace', expression: input.expression, to, replacement, from, pattern }, input);
  }

  #nextText(): string {
    this.#tokens.expect(',');
    return this.#tokens.expect('string').text;
  }

  #samples(): Draft<SampleExpression> {
    const { expression, problem, parts } = this.#expression(0);
    if (expression.kind === 'logs') return this.#tokens.unexpected();
    return { expression, problem, parts };
  }

  /** Where an operator could follow as well, errors name nothing. */
  #expectAlone(kind: string): void {
    if (this.#tokens.accept(kind) === undefined) this.#tokens.unexpected();
  }
}

function isOneOf(kind: string, operators: readonly string[]): boolean {
  return operators.includes(kind);
}
