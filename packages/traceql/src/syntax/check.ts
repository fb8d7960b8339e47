// Whether the types of a query fit, as far as they are known without a span. Messages are Tempo's.

import { Matcher } from '#promql';
import { readsSpan } from '../eval/attributes-of.js';
import type {
  Aggregate,
  BinaryOperation,
  FieldExpression,
  MetricsExpression,
  Pipeline,
  PipelineStep,
  Query,
  ScalarExpression,
  ScalarFilter,
  ScalarOperation,
  SpansetExpression,
} from './ast.js';
import { CheckError } from './parse-error.js';
import { printAggregate, printAttribute, printField, printScalar, printSpanset, printStep } from './print.js';
import { hasOperator, isMatching, isNumeric, typeOfAttribute, typeOfValue, type ValueType } from './value-type.js';

/** The most values of an attribute that `compare` gives. */
const MAX_TOP_N = 1000;

export function checkQuery(query: Query): void {
  if (query.kind === 'search') checkPipeline(query.pipeline);
  else checkMetrics(query.expression);
}

function checkPipeline({ steps }: Pipeline): void {
  for (const step of steps) checkStep(step);
}

function checkStep(step: PipelineStep): void {
  switch (step.kind) {
    case 'by':
      if (!readsSpan(step.expression)) {
        throw new CheckError(`grouping field expressions must reference the span: ${printStep(step)}`);
      }
      checkField(step.expression);
      break;
    case 'coalesce':
      break;
    case 'select':
      for (const reference of step.attributes) checkField(reference);
      break;
    case 'scalar-filter':
      checkScalar(step.left);
      checkScalar(step.right);
      checkOperands(step, typeOfScalar(step.left), typeOfScalar(step.right), () => printStep(step));
      break;
    default:
      checkSpanset(step);
  }
}

function checkSpanset(spanset: SpansetExpression): void {
  switch (spanset.kind) {
    case 'pipeline':
      checkPipeline(spanset);
      break;
    case 'spanset-operation':
      checkSpanset(spanset.left);
      checkSpanset(spanset.right);
      break;
    case 'spanset-filter': {
      checkField(spanset.expression);
      const type = typeOfField(spanset.expression);
      if (type === 'any' || type === 'boolean') return;
      throw new CheckError(`span filter field expressions must resolve to a boolean: ${printSpanset(spanset)}`);
    }
  }
}

function checkScalar(scalar: ScalarExpression): void {
  switch (scalar.kind) {
    case 'literal':
      break;
    case 'aggregate':
      checkAggregate(scalar);
      break;
    case 'scalar-pipeline':
      checkPipeline(scalar.pipeline);
      checkScalar(scalar.scalar);
      break;
    case 'scalar-operation':
      checkScalar(scalar.left);
      checkScalar(scalar.right);
      checkOperands(scalar, typeOfScalar(scalar.left), typeOfScalar(scalar.right), () => printScalar(scalar));
  }
}

function checkAggregate(aggregate: Aggregate): void {
  const { expression } = aggregate;
  if (expression === undefined) return;
  checkField(expression);
  const type = typeOfField(expression);
  if (type !== 'any' && !isNumeric(type)) {
    throw new CheckError(`aggregate field expressions must resolve to a number type: ${printAggregate(aggregate)}`);
  }
  if (!readsSpan(expression)) {
    throw new CheckError(`aggregate field expressions must reference the span: ${printAggregate(aggregate)}`);
  }
}

function checkField(field: FieldExpression): void {
  switch (field.kind) {
    case 'literal':
      return;
    case 'reference':
      if (field.attribute.kind === 'intrinsic' && field.attribute.name === 'parent') {
        throw new CheckError('intrinsic (parent) not yet supported');
      }
      return;
    case 'nil-test':
      checkField(field.expression);
      if (field.operator === '=') checkCanBeNil(field.expression);
      return;
    case 'unary': {
      checkField(field.expression);
      const type = typeOfField(field.expression);
      const fits = type === 'any' || (field.operator === '-' ? isNumeric(type) : type === 'boolean');
      if (!fits) throw new CheckError(`illegal operation for the given type: ${printField(field)}`);
      return;
    }
    case 'binary':
      checkField(field.left);
      checkField(field.right);
      checkOperands(field, typeOfField(field.left), typeOfField(field.right), () => printField(field));
      if (field.operator === '=~' || field.operator === '!~') checkPattern(field.right);
  }
}

function checkCanBeNil(expression: FieldExpression): void {
  if (expression.kind !== 'reference') return;
  const { attribute } = expression;
  if (attribute.kind === 'intrinsic') {
    throw new CheckError(`${attribute.name}=nil is not valid because intrinsics cannot be nil`);
  }
  if (attribute.scope === 'resource' && attribute.name === 'service.name' && !attribute.ofParent) {
    const name = printAttribute(attribute);
    throw new CheckError(`${name}=nil is not valid because resource.service.name cannot be nil`);
  }
}

function checkPattern(pattern: FieldExpression): void {
  const isText = pattern.kind === 'literal' && typeof pattern.value === 'string';
  if (!isText) throw new CheckError(`invalid type for =~ or !~: ${printField(pattern)}`);
  try {
    new Matcher('', '=~', pattern.value as string);
  } catch (error) {
    throw new CheckError(`invalid regex: ${printField(pattern)}`, { cause: error });
  }
}

function checkOperands(
  { operator }: BinaryOperation | ScalarFilter | ScalarOperation,
  left: ValueType,
  right: ValueType,
  text: () => string,
): void {
  if (!isMatching(left, right)) throw new CheckError(`binary operations must operate on the same type: ${text()}`);
  if (!hasOperator(left, operator) || !hasOperator(right, operator)) {
    throw new CheckError(`illegal operation for the given types: ${text()}`);
  }
}

const arithmetic = new Set<string>(['+', '-', '*', '/', '%', '^']);

function typeOfField(field: FieldExpression): ValueType {
  switch (field.kind) {
    case 'literal':
      return typeOfValue(field.value);
    case 'reference':
      return typeOfAttribute(field.attribute);
    case 'nil-test':
      return 'boolean';
    case 'unary':
      return typeOfField(field.expression);
    case 'binary': {
      if (!arithmetic.has(field.operator)) return 'boolean';
      const left = typeOfField(field.left);
      return left === 'any' ? typeOfField(field.right) : left;
    }
  }
}

function typeOfScalar(scalar: ScalarExpression): ValueType {
  switch (scalar.kind) {
    case 'literal':
      return typeOfValue(scalar.value);
    case 'aggregate':
      return scalar.expression === undefined ? 'int' : typeOfField(scalar.expression);
    case 'scalar-pipeline':
      return typeOfScalar(scalar.scalar);
    case 'scalar-operation': {
      const left = typeOfScalar(scalar.left);
      return left === 'any' ? typeOfScalar(scalar.right) : left;
    }
  }
}

function checkMetrics(expression: MetricsExpression): void {
  switch (expression.kind) {
    case 'metrics-pipeline':
      checkPipeline(expression.pipeline);
      checkMetricsStage(expression.aggregate);
      break;
    case 'metrics-operation':
      checkMetrics(expression.left);
      checkMetrics(expression.right);
      refuseCompareIn(expression.left, expression.right);
      break;
    case 'ranking':
      checkMetrics(expression.expression);
      refuseCompareIn(expression.expression);
      if (expression.limit <= 0n) throw new CheckError('limit must be greater than 0');
      return;
    case 'metrics-filter':
    case 'scalar-metrics-operation':
      checkMetrics(expression.expression);
      refuseCompareIn(expression.expression);
  }
}

function refuseCompareIn(...operands: readonly MetricsExpression[]): void {
  const isCompare = (operand: MetricsExpression) =>
    operand.kind === 'metrics-pipeline' && operand.aggregate.kind === 'compare';
  if (operands.some(isCompare)) throw new CheckError('`compare()` cannot be used with second stage functions');
}

type MetricsStage = Extract<MetricsExpression, { kind: 'metrics-pipeline' }>['aggregate'];

function checkMetricsStage(stage: MetricsStage): void {
  if (stage.kind === 'metrics-aggregate') {
    for (const reference of [...(stage.attribute === undefined ? [] : [stage.attribute]), ...stage.by]) {
      checkField(reference);
    }
    for (const quantile of stage.quantiles) {
      if (quantile > 1) throw new CheckError(`quantile must be between 0 and 1: ${quantile}`);
    }
    return;
  }
  checkSpanset(stage.selection);
  const { topN, startUnixNs, endUnixNs } = stage;
  if (topN < 1 || topN > MAX_TOP_N) {
    throw new CheckError(`compare() top number of values must be an integer between 1 and ${MAX_TOP_N}`);
  }
  if (startUnixNs === 0n && endUnixNs === 0n) return;
  if (startUnixNs === 0n || endUnixNs === 0n) {
    throw new CheckError('compare() timestamps must be positive integer unix nanoseconds');
  }
  if (endUnixNs <= startUnixNs) {
    throw new CheckError('compare() end timestamp must be greater than start timestamp');
  }
}
