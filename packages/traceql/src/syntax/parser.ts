// Recursive descent over the levels of the language: pipelines, expressions of spansets, of scalars and of metrics (here), and
// fields of spans (parse-field.ts). A bracket says nothing of what it holds, so operands are parsed first and
// the operators between them then say what fits.

import { Duration } from '../data/value.js';
import type {
  Aggregate,
  FieldExpression,
  Hint,
  Literal,
  MetricsExpression,
  MetricsOperator,
  Pipeline,
  PipelineStep,
  Query,
  ScalarExpression,
  ScalarPipeline,
  SpansetExpression,
  SpansetFilter,
} from './ast.js';
import { foldConstants, negatedConstant } from './constants.js';
import { parseFieldExpression, parseLiteral, parseReferenceList } from './parse-field.js';
import { parseMetricsStage, parseSecondStages } from './parse-metrics.js';
import { spanning } from './position.js';
import {
  type AggregateFunction,
  aggregateFunctions,
  arithmeticOperators,
  DURATION,
  END,
  FLOAT,
  IDENTIFIER,
  INTEGER,
  logicalOperators,
  metricsFunctions,
  type ScalarComparison,
  scalarComparisons,
  structuralOperators,
} from './token.js';
import { TokenStream } from './token-stream.js';

/** What an operand between operators can be. */
type Operand =
  | { readonly type: 'spanset'; readonly node: SpansetExpression }
  /** One value for a spanset, from an aggregate. */
  | { readonly type: 'scalar'; readonly node: ScalarExpression }
  | { readonly type: 'scalar-pipeline'; readonly node: ScalarExpression }
  | { readonly type: 'constant'; readonly node: Literal }
  | { readonly type: 'metrics'; readonly node: MetricsExpression }
  /** A step that takes no operator behind it. */
  | { readonly type: 'step'; readonly node: PipelineStep };

const precedences = new Map<string, number>([
  ...logicalOperators.map((operator) => [operator, 1] as const),
  ...structuralOperators.map((operator) => [operator, 2] as const),
  ...scalarComparisons.map((operator) => [operator, 2] as const),
  ['+', 3],
  ['-', 3],
  ['*', 4],
  ['/', 4],
  ['%', 4],
  ['^', 5],
]);

const metricsOperators = ['+', '-', '*', '/'] as const;

/** Operators that may stand behind an operand. */
const operatorsBehind: Readonly<Record<Operand['type'], readonly string[]>> = {
  spanset: [...logicalOperators, ...structuralOperators],
  scalar: [...arithmeticOperators, ...scalarComparisons],
  'scalar-pipeline': [...arithmeticOperators, ...scalarComparisons],
  constant: [...arithmeticOperators, ...scalarComparisons],
  metrics: metricsOperators,
  step: [],
};

export function parseQuery(text: string): Query {
  const tokens: TokenStream = new TokenStream(text);
  const operand = parsePipeline(tokens);
  if (operand.type === 'metrics') return { kind: 'metrics', expression: operand.node, hints: parseHints(tokens) };
  if (operand.type !== 'spanset' && operand.type !== 'step') tokens.fail();
  const node = operand.node;
  const pipeline: Pipeline =
    node.kind === 'pipeline' ? node : { kind: 'pipeline', steps: [node], position: node.position };
  return { kind: 'search', pipeline, hints: parseHints(tokens) };
}

/** What stands in brackets, or is the query: steps with `|` between, which may end in an aggregate or in metrics. */
function parsePipeline(tokens: TokenStream): Operand {
  return tokens.nested(() => {
    const first = parseFirstStep(tokens);
    if (first.type === 'metrics') return { type: 'metrics', node: parseSecondStages(tokens, first.node) };
    if (first.type !== 'spanset' && first.type !== 'step') return first;
    const steps: PipelineStep[] = [first.node];
    const pipeline = (): Pipeline => ({ kind: 'pipeline', steps, position: tokens.positionFrom(first.node.position) });
    while (tokens.isNext('|')) {
      tokens.takeOperator();
      if (tokens.isNextIn(metricsFunctions)) {
        const node = parseMetricsStage(tokens, pipeline(), parseSpansetFilter);
        return { type: 'metrics', node: parseSecondStages(tokens, node) };
      }
      const before = pipeline();
      const next = parseNextStep(tokens);
      if (next.type === 'scalar') {
        const position = tokens.positionFrom(first.node.position);
        const node: ScalarPipeline = { kind: 'scalar-pipeline', pipeline: before, scalar: next.node, position };
        return { type: 'scalar-pipeline', node };
      }
      steps.push(next.node);
    }
    return steps.length === 1 ? first : { type: 'spanset', node: pipeline() };
  });
}

function parseFirstStep(tokens: TokenStream): Operand {
  return parseNamedStep(tokens) ?? parseOperation(tokens, 1);
}

function parseNextStep(tokens: TokenStream): Extract<Operand, { type: 'spanset' | 'step' | 'scalar' }> {
  const first = tokens.next;
  if (tokens.takeIf('coalesce')) {
    tokens.expect('(');
    tokens.expect(')');
    return { type: 'step', node: { kind: 'coalesce', position: tokens.positionFrom(first) } };
  }
  const operand = parseFirstStep(tokens);
  if (operand.type === 'spanset' || operand.type === 'step') return operand;
  if (operand.type === 'scalar' && !tokens.isNext(END)) return operand;
  return tokens.fail();
}

function parseNamedStep(tokens: TokenStream): Operand | undefined {
  const first = tokens.next;
  if (tokens.takeIf('by')) {
    tokens.expect('(');
    const expression = parseFieldExpression(tokens);
    tokens.close(')');
    return { type: 'step', node: { kind: 'by', expression, position: tokens.positionFrom(first) } };
  }
  if (tokens.takeIf('select')) {
    tokens.expect('(');
    const attributes = parseReferenceList(tokens);
    return { type: 'step', node: { kind: 'select', attributes, position: tokens.positionFrom(first) } };
  }
  return undefined;
}

function parseOperation(tokens: TokenStream, minimum: number): Operand {
  let left = parseOperand(tokens);
  for (;;) {
    const operator = tokens.next.type;
    const precedence = precedences.get(operator) ?? 0;
    if (precedence < minimum || precedence === 0 || !operatorsBehind[left.type].includes(operator)) return left;
    tokens.takeOperator();
    const start = tokens.next;
    const right = parseRight(left, operator, tokens, operator === '^' ? precedence : precedence + 1);
    const combined = combine(operator, left, right, tokens);
    if (combined === undefined) {
      if (left.type === right.type) tokens.fail();
      tokens.failAt(start);
    }
    left = combined;
  }
}

/** What stands behind the operator. Behind a spanset that is another one, and numbers are compared alone with pipelines. */
function parseRight(left: Operand, operator: string, tokens: TokenStream, minimum: number): Operand {
  const { type } = left;
  if (type === 'spanset' && !tokens.isNextIn(['{', '('])) tokens.fail('{', '(');
  if (type === 'scalar-pipeline' && !isComparison(operator) && !tokens.isNext('(')) tokens.fail('(');
  if (type !== 'spanset' && tokens.isNext('{')) tokens.fail();
  return parseOperation(tokens, minimum);
}

function isComparison(operator: string): operator is ScalarComparison {
  return (scalarComparisons as readonly string[]).includes(operator);
}

/** Undefined for operands that the operator does not combine. */
function combine(operator: string, left: Operand, right: Operand, tokens: TokenStream): Operand | undefined {
  const position = spanning(left.node.position, right.node.position);
  if (left.type === 'spanset') {
    if (right.type !== 'spanset') return undefined;
    const operation = {
      kind: 'spanset-operation',
      operator: operator as '&&',
      left: left.node,
      right: right.node,
      position,
    } as const;
    return { type: 'spanset', node: operation };
  }
  if (left.type === 'metrics' || right.type === 'metrics') {
    if (!isMetricsOperator(operator)) return undefined;
    return combineMetrics(operator, left, right, tokens);
  }
  if (left.type === 'step' || right.type === 'step' || right.type === 'spanset') return undefined;
  const comparison = isComparison(operator);
  if (left.type === 'constant' && right.type === 'constant') {
    if (comparison || !isMetricsOperator(operator)) return undefined;
    const value = foldConstants(operator, left.node.value, right.node.value, tokens);
    return { type: 'constant', node: { kind: 'literal', value, position } };
  }
  const hasPipeline = left.type === 'scalar-pipeline' || right.type === 'scalar-pipeline';
  const hasScalar = left.type === 'scalar' || right.type === 'scalar';
  // A filter over pipelines has a number on its right side alone.
  if (hasPipeline && (hasScalar || left.type === 'constant' || (right.type === 'constant' && !comparison)))
    return undefined;
  if (comparison) {
    const filter = {
      kind: 'scalar-filter',
      operator: operator as ScalarComparison,
      left: left.node,
      right: right.node,
      position,
    } as const;
    return { type: 'step', node: filter };
  }
  const node = {
    kind: 'scalar-operation',
    operator: operator as '+',
    left: left.node,
    right: right.node,
    position,
  } as const;
  return { type: hasPipeline ? 'scalar-pipeline' : 'scalar', node };
}

function isMetricsOperator(operator: string): operator is MetricsOperator {
  return (metricsOperators as readonly string[]).includes(operator);
}

function combineMetrics(
  operator: MetricsOperator,
  left: Operand,
  right: Operand,
  tokens: TokenStream,
): Operand | undefined {
  const position = spanning(left.node.position, right.node.position);
  if (left.type === 'metrics' && right.type === 'metrics') {
    const node = { kind: 'metrics-operation', operator, left: left.node, right: right.node, position } as const;
    return { type: 'metrics', node };
  }
  const [metrics, constant, scalarSide] =
    left.type === 'metrics' ? ([left, right, 'right'] as const) : ([right, left, 'left'] as const);
  if (metrics.type !== 'metrics' || constant.type !== 'constant') return undefined;
  const { value } = constant.node;
  if (value instanceof Duration) {
    tokens.refuse('duration cannot be used as a scalar operand in metric arithmetic');
  }
  const expression = metrics.node;
  const scalar = Number(value);
  return {
    type: 'metrics',
    node: { kind: 'scalar-metrics-operation', operator, scalar, scalarSide, expression, position },
  };
}

function parseOperand(tokens: TokenStream): Operand {
  const first = tokens.next;
  switch (first.type) {
    case '{':
      return { type: 'spanset', node: parseSpansetFilter(tokens) };
    case '(':
      return parseBrackets(tokens);
    case INTEGER:
    case FLOAT:
    case DURATION:
      return { type: 'constant', node: parseLiteral(tokens) };
    case '-': {
      tokens.take();
      if (!tokens.isNextIn(['-', '(', INTEGER, FLOAT, DURATION])) tokens.fail();
      const operand = tokens.nested(() => parseOperand(tokens));
      if (operand.type !== 'constant') return tokens.fail();
      const value = negatedConstant(operand.node.value);
      return { type: 'constant', node: { kind: 'literal', value, position: tokens.positionFrom(first) } };
    }
    default:
      if (tokens.isNextIn(aggregateFunctions)) return { type: 'scalar', node: parseAggregate(tokens) };
      return tokens.fail();
  }
}

function parseBrackets(tokens: TokenStream): Operand {
  tokens.expect('(');
  const inner = parsePipeline(tokens);
  if (inner.type === 'spanset' || inner.type === 'step') tokens.expect(')', '|');
  else tokens.close(')');
  if (inner.type !== 'step') return inner;
  return { type: 'spanset', node: { kind: 'pipeline', steps: [inner.node], position: inner.node.position } };
}

export function parseSpansetFilter(tokens: TokenStream): SpansetFilter {
  const first = tokens.expect('{');
  const expression: FieldExpression = tokens.isNext('}')
    ? { kind: 'literal', value: true, position: tokens.next }
    : parseFieldExpression(tokens);
  tokens.close('}');
  return { kind: 'spanset-filter', expression, position: tokens.positionFrom(first) };
}

function parseAggregate(tokens: TokenStream): Aggregate {
  const first = tokens.take();
  tokens.expect('(');
  const name = first.type as AggregateFunction;
  const expression = name === 'count' ? undefined : parseFieldExpression(tokens);
  if (expression === undefined) tokens.expect(')');
  else tokens.close(')');
  return { kind: 'aggregate', function: name, expression, position: tokens.positionFrom(first) };
}

function parseHints(tokens: TokenStream): Hint[] {
  const hints: Hint[] = [];
  while (tokens.takeIf('with')) {
    tokens.expect('(');
    do {
      const name = tokens.expect(IDENTIFIER).text;
      tokens.expect('=');
      hints.push({ name, value: parseLiteral(tokens).value });
    } while (tokens.takeIf(','));
    tokens.expect(')', ',');
  }
  if (!tokens.isNext(END)) tokens.fail('with');
  return hints;
}
