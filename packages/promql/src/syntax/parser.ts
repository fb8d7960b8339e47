import type { Aggregation, BinaryOperation, Expression, VectorSelector } from './ast.js';
import { check } from './check.js';
import { secondsToMs } from './duration.js';
import { functions } from './functions.js';
import { quoted } from './go-text.js';
import { METRIC_NAME } from './label-name.js';
import { Matcher } from './matcher.js';
import { applyAt, applyExtension, applyOffset } from './modifiers.js';
import { DurationParser, parseNumberLiteral } from './parse-duration.js';
import { ParseError } from './parse-error.js';
import { parseMatching } from './parse-matching.js';
import { parseGroupingLabels, parseMatchers } from './parse-selector.js';
import { type Position, spanning } from './position.js';
import { unquote } from './string-literal.js';
import {
  type AggregationOperator,
  type BinaryOperator,
  isAggregation,
  isMetricName,
  startsExpression,
  type Token,
  type TokenKind,
  takesParameter,
} from './token.js';
import { MAX_DEPTH, SyntaxStop, TokenStream } from './token-stream.js';

/** What Prometheus has behind feature flags. All of it is on unless it is turned off here. */
export interface ParseOptions {
  readonly experimentalFunctions: boolean;
  readonly durationExpressions: boolean;
  /** `anchored` and `smoothed`. */
  readonly extendedRangeSelectors: boolean;
  /** `fill` and its like. */
  readonly fillModifiers: boolean;
}

export const everyFeature: ParseOptions = {
  experimentalFunctions: true,
  durationExpressions: true,
  extendedRangeSelectors: true,
  fillModifiers: true,
};

/** Text → checked expression. Throws `ParseError` with the texts of Prometheus. */
export function parseExpression(query: string, options: ParseOptions = everyFeature): Expression {
  const tokens = new TokenStream(query);
  const expression = untilStop(() => new Parser(tokens, options).parseAll());
  if (expression !== undefined && tokens.problems.length === 0) tokens.problems.push(...check(expression, query));
  if (expression === undefined || tokens.problems.length > 0) throw new ParseError(query, tokens.problems);
  return expression;
}

/** `name{label="value"}` → its conditions, as the parameter `match[]` of Prometheus's API has them. */
export function parseSelector(query: string): readonly Matcher[] {
  const tokens = new TokenStream(query);
  const selector = untilStop(() => new Parser(tokens, everyFeature).parseSelectorAlone());
  if (selector === undefined || tokens.problems.length > 0) throw new ParseError(query, tokens.problems);
  return selector.matchers;
}

function untilStop<Result>(parse: () => Result): Result | undefined {
  try {
    return parse();
  } catch (error) {
    if (error instanceof SyntaxStop) return undefined;
    if (error instanceof RangeError) throw new Error(`BUG: stack exhausted below depth ${MAX_DEPTH}`, { cause: error });
    throw error;
  }
}

const precedence = new Map<TokenKind, number>(
  (
    [
      ['or'],
      ['and', 'unless'],
      ['==', '>=', '>', '<', '<=', '!=', '</', '>/'],
      ['+', '-'],
      ['*', '/', '%', 'atan2'],
      ['^'],
    ] as const
  ).flatMap((operators, level) => operators.map((operator): [TokenKind, number] => [operator, level + 1])),
);
/** A sign binds as multiplication does, so that `-2 ^ 2` is -4. */
const UNARY_PRECEDENCE = precedence.get('*')!;

/** Words that are functions when a parenthesis follows, and names of metrics otherwise. */
const functionWords = new Set<TokenKind>(['identifier', 'start', 'end', 'step', 'range', 'max_of', 'min_of']);

class Parser {
  readonly #tokens: TokenStream;
  readonly #options: ParseOptions;
  readonly #durations: DurationParser;

  constructor(tokens: TokenStream, options: ParseOptions) {
    this.#tokens = tokens;
    this.#options = options;
    this.#durations = new DurationParser(tokens, options);
  }

  parseAll(): Expression {
    const first = this.#tokens.peek();
    if (first.kind === 'end of input') {
      this.#tokens.report({ start: 0, end: 0 }, 'no expression found in input');
      throw new SyntaxStop();
    }
    const expression = this.#expression(0);
    if (!this.#tokens.isNext('end of input')) this.#tokens.unexpected();
    return expression;
  }

  parseSelectorAlone(): VectorSelector {
    const selector = this.#vectorSelector();
    if (!this.#tokens.isNext('end of input')) this.#tokens.unexpected();
    return selector;
  }

  /** Operators that bind more tightly than `minimum`, by precedence climbing. */
  #expression(minimum: number): Expression {
    return this.#tokens.deeper(() => this.#climb(minimum));
  }

  #climb(minimum: number): Expression {
    let left = this.#modified(this.#operand());
    for (;;) {
      const operator = this.#tokens.peek();
      const strength = precedence.get(operator.kind);
      if (strength === undefined || strength <= minimum) return left;
      this.#tokens.take();
      this.#tokens.addLevel();
      left = this.#binary(left, operator.kind as BinaryOperator, strength);
    }
  }

  #operand(): Expression {
    const token = this.#tokens.peek();
    if (token.kind === '+' || token.kind === '-') return this.#unary();
    if (token.kind === 'number' || token.kind === 'duration') return parseNumberLiteral(this.#tokens);
    if (token.kind === '(') return this.#parentheses();
    if (token.kind === '{') return this.#vectorSelector();
    if (token.kind === 'string') {
      this.#tokens.take();
      return { kind: 'string', value: unquote(token.text), position: { start: token.start, end: token.end } };
    }
    if (isMetricName(token)) return this.#startingWithWord(token);
    return this.#tokens.unexpected();
  }

  #startingWithWord(word: Token): Expression {
    this.#tokens.take();
    if (isAggregation(word.kind) && this.#tokens.isNext('(', 'by', 'without'))
      return this.#aggregation(word, word.kind);
    if (functionWords.has(word.kind) && this.#tokens.isNext('(')) return this.#call(word);
    return this.#vectorSelector(word);
  }

  #unary(): Expression {
    const sign = this.#tokens.take();
    const inner = this.#expression(UNARY_PRECEDENCE);
    const position = spanning(sign, inner.position);
    if (inner.kind === 'number') return { ...inner, value: sign.kind === '-' ? -inner.value : inner.value, position };
    return { kind: 'unary', operator: sign.kind as '+' | '-', expression: inner, position };
  }

  #parentheses(): Expression {
    const open = this.#tokens.expect('(');
    const expression = this.#expression(0);
    return { kind: 'parentheses', expression, position: spanning(open, this.#tokens.expect(')')) };
  }

  #vectorSelector(name?: Token): VectorSelector {
    const word = name ?? (isMetricName(this.#tokens.peek()) ? this.#tokens.take() : undefined);
    const braces = word === undefined || this.#tokens.isNext('{') ? parseMatchers(this.#tokens) : undefined;
    const matchers = braces?.matchers ?? [];
    if (word !== undefined) matchers.push(new Matcher(METRIC_NAME, '=', word.text));
    const last = braces?.position ?? word!;
    return {
      kind: 'vector-selector',
      name: word?.text ?? '',
      matchers,
      offsetMs: 0,
      offsetExpression: undefined,
      at: undefined,
      extension: undefined,
      matchesAnything: false,
      position: spanning(word ?? last, last),
    };
  }

  /** Ranges, offsets and the like behind an operand: they bind more tightly than any operator. */
  #modified(operand: Expression): Expression {
    let expression = operand;
    for (;;) {
      if (this.#tokens.isNext('[')) this.#tokens.addLevel();
      if (this.#tokens.isNext('[')) expression = this.#rangeOrSubquery(expression);
      else if (this.#tokens.accept('offset') !== undefined) this.#offset(expression);
      else if (this.#tokens.accept('@') !== undefined) this.#at(expression);
      else if (this.#tokens.isNext('anchored', 'smoothed')) this.#extension(expression);
      else return expression;
    }
  }

  #offset(expression: Expression): void {
    const expectation = { construct: 'offset', expected: 'number, duration, step(), or range()' };
    const offset = this.#tokens.within(expectation, () => this.#durations.parseOffset());
    applyOffset(this.#tokens, expression, offset);
  }

  #at(expression: Expression): void {
    const at = this.#tokens.within({ construct: '@', expected: 'timestamp' }, () => this.#timestamp());
    applyAt(this.#tokens, expression, at);
  }

  #timestamp(): number | 'start' | 'end' {
    const word = this.#tokens.accept('start') ?? this.#tokens.accept('end');
    if (word !== undefined) {
      this.#tokens.expect('(');
      this.#tokens.expect(')');
      return word.kind as 'start' | 'end';
    }
    const sign = this.#tokens.accept('+') ?? this.#tokens.accept('-');
    if (!this.#tokens.isNext('number', 'duration')) this.#tokens.unexpected();
    const { value } = parseNumberLiteral(this.#tokens);
    return sign?.kind === '-' ? -value : value;
  }

  #extension(expression: Expression): void {
    const extension = this.#tokens.take().kind as 'anchored' | 'smoothed';
    if (this.#options.extendedRangeSelectors) applyExtension(this.#tokens, expression, extension);
    else this.#tokens.report(expression.position, `${extension} modifier is experimental and not enabled`);
  }

  #rangeOrSubquery(expression: Expression): Expression {
    const open = this.#tokens.expect('[');
    const words = 'number, duration, step(), or range()';
    const range = this.#tokens.within({ construct: 'subquery or range selector', expected: words }, () =>
      this.#durations.parsePositive(),
    );
    if (this.#tokens.accept(':') !== undefined) return this.#subquery(expression, range);
    const close = this.#tokens.expect(']', { construct: 'subquery or range', expected: '":" or "]"' });
    const problem = whyNoRange(expression);
    if (problem !== undefined) this.#tokens.report(spanning(open, close), problem);
    if (expression.kind !== 'vector-selector') return expression;
    return {
      kind: 'matrix-selector',
      selector: expression,
      rangeMs: range.kind === 'number' ? secondsToMs(range.value) : 0,
      rangeExpression: range.kind === 'duration' ? range : undefined,
      position: spanning(expression.position, close),
    };
  }

  #subquery(expression: Expression, range: ReturnType<DurationParser['parsePositive']>): Expression {
    const expected = 'number, duration, step(), range(), or "]"';
    const step = this.#tokens.isNext(']')
      ? undefined
      : this.#tokens.within({ construct: 'subquery selector', expected }, () => this.#durations.parsePositive());
    const close = this.#tokens.expect(']', { construct: 'subquery selector', expected: '"]"' });
    return {
      kind: 'subquery',
      expression,
      rangeMs: range.kind === 'number' ? secondsToMs(range.value) : 0,
      rangeExpression: range.kind === 'duration' ? range : undefined,
      stepMs: step?.kind === 'number' ? secondsToMs(step.value) : 0,
      stepExpression: step?.kind === 'duration' ? step : undefined,
      offsetMs: 0,
      offsetExpression: undefined,
      at: undefined,
      position: spanning(expression.position, close),
    };
  }

  #call(word: Token): Expression {
    const found = functions.get(word.text);
    const callArguments = this.#arguments();
    if (found === undefined) {
      this.#tokens.report(word, `unknown function with name ${quoted(word.text)}`);
      // Nothing more can be said of it, and the rest of the query may hold other problems.
      return { kind: 'string', value: '', position: spanning(word, this.#tokens.last) };
    }
    if (found.experimental && !this.#options.experimentalFunctions) {
      this.#tokens.report(word, `function ${quoted(word.text)} is not enabled`);
    }
    return { kind: 'call', function: found, arguments: callArguments, position: spanning(word, this.#tokens.last) };
  }

  #arguments(): Expression[] {
    this.#tokens.expect('(');
    const found: Expression[] = [];
    if (this.#tokens.accept(')') !== undefined) return found;
    found.push(this.#expression(0));
    for (;;) {
      const comma = this.#tokens.accept(',');
      if (comma === undefined) break;
      if (startsExpression(this.#tokens.peek())) found.push(this.#expression(0));
      else this.#tokens.report(comma, 'trailing commas not allowed in function call args');
    }
    this.#tokens.expect(')');
    return found;
  }

  #aggregation(word: Token, operator: AggregationOperator): Expression {
    return this.#tokens.within({ construct: 'aggregation' }, () => {
      const before = this.#tokens.isNext('by', 'without') ? this.#grouping() : undefined;
      const found = this.#arguments();
      const after = before === undefined && this.#tokens.isNext('by', 'without') ? this.#grouping() : undefined;
      const position = spanning(word, this.#tokens.last);
      const modifier = before ?? after ?? { grouping: [], without: false };
      return this.#aggregationNode(operator, modifier, found, position);
    });
  }

  #grouping(): Pick<Aggregation, 'grouping' | 'without'> {
    const without = this.#tokens.take().kind === 'without';
    return { grouping: parseGroupingLabels(this.#tokens), without };
  }

  #aggregationNode(
    operator: AggregationOperator,
    modifier: Pick<Aggregation, 'grouping' | 'without'>,
    found: readonly Expression[],
    position: Position,
  ): Expression {
    const wanted = takesParameter(operator) ? 2 : 1;
    const isExperimental = operator === 'limitk' || operator === 'limit_ratio';
    if (found.length === 0) {
      this.#tokens.report(position, 'no arguments for aggregate expression provided');
    } else if (isExperimental && !this.#options.experimentalFunctions) {
      this.#tokens.report(
        position,
        `${operator}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
      );
    } else if (found.length !== wanted) {
      this.#tokens.report(
        position,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${found.length}`,
      );
    }
    const parameter = wanted === 2 ? found[0] : undefined;
    // A query with a problem is never evaluated, so that any expression can stand for the missing one.
    const expression = found[wanted - 1] ?? { kind: 'string' as const, value: '', position };
    return { kind: 'aggregation', operator, ...modifier, parameter, expression, position };
  }

  #binary(left: Expression, operator: BinaryOperator, strength: number): BinaryOperation {
    const returnsBool = this.#tokens.accept('bool') !== undefined;
    const matching = parseMatching(this.#tokens, operator);
    // Powers group from the right, all others from the left.
    const right = this.#expression(operator === '^' ? strength - 1 : strength);
    const position = spanning(left.position, right.position);
    const isFilled = matching.fillLeft !== undefined || matching.fillRight !== undefined;
    if (isFilled && !this.#options.fillModifiers) {
      this.#tokens.report(position, 'binop fill modifiers are experimental and not enabled');
    }
    return { kind: 'binary', operator, left, right, returnsBool, matching, position };
  }
}

function whyNoRange(expression: Expression): string | undefined {
  if (expression.kind !== 'vector-selector') return 'ranges only allowed for vector selectors';
  if (expression.offsetMs !== 0 || expression.offsetExpression !== undefined) {
    return 'no offset modifiers allowed before range';
  }
  return expression.at === undefined ? undefined : 'no @ modifiers allowed before range';
}
