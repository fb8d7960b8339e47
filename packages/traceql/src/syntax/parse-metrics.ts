import type {
  AttributeReference,
  Compare,
  Literal,
  MetricsExpression,
  MetricsPipeline,
  Pipeline,
  SpansetFilter,
} from './ast.js';
import { foldConstants, negatedConstant } from './constants.js';
import { parseLiteral, parseReference, parseReferenceList } from './parse-field.js';
import {
  FLOAT,
  INTEGER,
  type MetricsFunction,
  type RankingFunction,
  rankingFunctions,
  type ScalarComparison,
  scalarComparisons,
  type Token,
} from './token.js';
import type { TokenStream } from './token-stream.js';

/** How many values of an attribute `compare` gives when it is not told. */
const DEFAULT_TOP_N = 10;

/** `rate() by (…)` and its like, behind the pipeline that its spans pass. */
export function parseMetricsStage(
  tokens: TokenStream,
  pipeline: Pipeline,
  parseFilter: (tokens: TokenStream) => SpansetFilter,
): MetricsPipeline {
  const first = tokens.take();
  const name = first.type as MetricsFunction;
  const aggregate = name === 'compare' ? parseCompare(tokens, first, parseFilter) : parseAggregate(tokens, first, name);
  return { kind: 'metrics-pipeline', pipeline, aggregate, position: tokens.positionFrom(pipeline.position) };
}

function parseAggregate(tokens: TokenStream, first: Token, name: Exclude<MetricsFunction, 'compare'>) {
  tokens.expect('(');
  const attribute = name === 'rate' || name === 'count_over_time' ? undefined : parseReference(tokens);
  const quantiles: number[] = [];
  if (name === 'quantile_over_time') {
    tokens.expect(',');
    do {
      quantiles.push(Number((tokens.takeIf(INTEGER) ?? tokens.takeIf(FLOAT) ?? tokens.fail(INTEGER, FLOAT)).value));
    } while (tokens.takeIf(','));
  }
  if (quantiles.length > 0) tokens.expect(')', ',');
  else tokens.expect(')');
  const by: AttributeReference[] = [];
  if (tokens.takeIf('by')) {
    tokens.expect('(');
    by.push(...parseReferenceList(tokens));
  }
  const position = tokens.positionFrom(first);
  return { kind: 'metrics-aggregate', function: name, attribute, quantiles, by, position } as const;
}

function parseCompare(tokens: TokenStream, first: Token, parseFilter: (tokens: TokenStream) => SpansetFilter): Compare {
  tokens.expect('(');
  const selection = parseFilter(tokens);
  const numbers: bigint[] = [];
  while (numbers.length < 3 && tokens.takeIf(',')) numbers.push(tokens.expect(INTEGER).value as bigint);
  if (numbers.length === 2) tokens.fail(',');
  if (numbers.length === 3) tokens.expect(')');
  else tokens.expect(')', ',');
  const [topN = BigInt(DEFAULT_TOP_N), startUnixNs = 0n, endUnixNs = 0n] = numbers;
  const position = tokens.positionFrom(first);
  return { kind: 'compare', selection, topN: Number(topN), startUnixNs, endUnixNs, position };
}

/** `| topk(5) > 10`: what series go through, in the order written. */
export function parseSecondStages(tokens: TokenStream, first: MetricsExpression): MetricsExpression {
  let expression = first;
  for (;;) {
    if (tokens.isNextIn(scalarComparisons)) {
      const operator = tokens.takeOperator().type as ScalarComparison;
      const { value } = parseConstant(tokens, 1);
      const position = tokens.positionFrom(first.position);
      expression = { kind: 'metrics-filter', operator, value, expression, position };
    } else if (tokens.isNext('|')) {
      tokens.takeOperator();
      if (!tokens.isNextIn(rankingFunctions)) tokens.fail(...rankingFunctions);
      const name = tokens.take().type as RankingFunction;
      tokens.expect('(');
      const limit = tokens.expect(INTEGER).value as bigint;
      tokens.expect(')');
      const position = tokens.positionFrom(first.position);
      expression = { kind: 'ranking', function: name, limit, expression, position };
    } else {
      return expression;
    }
  }
}

const constantPrecedences = { '+': 1, '-': 1, '*': 2, '/': 2 } as const;

/** A number that may be written as arithmetic: `1 / 2`, `-(3 + 4)`, `10s`. */
function parseConstant(tokens: TokenStream, minimum: number): Literal {
  let left = parseConstantOperand(tokens);
  for (;;) {
    const operator = tokens.next.type as keyof typeof constantPrecedences;
    const precedence = constantPrecedences[operator];
    if (precedence === undefined || precedence < minimum) return left;
    tokens.takeOperator();
    const right = parseConstant(tokens, precedence + 1);
    const value = foldConstants(operator, left.value, right.value, tokens);
    left = { kind: 'literal', value, position: tokens.positionFrom(left.position) };
  }
}

function parseConstantOperand(tokens: TokenStream): Literal {
  const first = tokens.next;
  if (tokens.takeIf('-')) {
    const { value } = tokens.nested(() => parseConstantOperand(tokens));
    return { kind: 'literal', value: negatedConstant(value), position: tokens.positionFrom(first) };
  }
  if (tokens.takeIf('(')) {
    const constant = tokens.nested(() => parseConstant(tokens, 1));
    tokens.close(')');
    return constant;
  }
  if (!tokens.isNextIn([INTEGER, FLOAT, 'DURATION'])) tokens.fail();
  return parseLiteral(tokens);
}
