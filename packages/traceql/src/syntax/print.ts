import type { Attribute } from '../data/attribute.js';
import type {
  Aggregate,
  Compare,
  FieldExpression,
  MetricsAggregate,
  MetricsExpression,
  Pipeline,
  PipelineStep,
  Query,
  ScalarExpression,
  SpansetExpression,
} from './ast.js';
import { printValue } from './print-value.js';

/** A query that parses to the same tree. Fields, groupings and aggregates are printed as Tempo names them in its answers. */
export function print(query: Query): string {
  const body = query.kind === 'search' ? printPipeline(query.pipeline) : printMetrics(query.expression);
  if (query.hints.length === 0) return body;
  return `${body} with(${query.hints.map(({ name, value }) => `${name}=${printValue(value)}`).join(', ')})`;
}

export function printPipeline(pipeline: Pipeline): string {
  return pipeline.steps.map(printStep).join(' | ');
}

export function printStep(step: PipelineStep): string {
  switch (step.kind) {
    case 'by':
      return `by(${printField(step.expression)})`;
    case 'coalesce':
      return 'coalesce()';
    case 'select':
      return `select(${step.attributes.map(printField).join(', ')})`;
    case 'scalar-filter':
      return `${printScalarOperand(step.left)} ${step.operator} ${printScalarOperand(step.right)}`;
    case 'pipeline':
      return `(${printPipeline(step)})`;
    default:
      return printSpanset(step);
  }
}

export function printSpanset(spanset: SpansetExpression): string {
  switch (spanset.kind) {
    case 'spanset-filter':
      return `{ ${printField(spanset.expression)} }`;
    case 'pipeline':
      return printPipeline(spanset);
    case 'spanset-operation':
      return `(${printSpanset(spanset.left)}) ${spanset.operator} (${printSpanset(spanset.right)})`;
  }
}

export function printScalar(scalar: ScalarExpression): string {
  switch (scalar.kind) {
    case 'literal':
      return printValue(scalar.value);
    case 'aggregate':
      return printAggregate(scalar);
    case 'scalar-pipeline':
      return `${printPipeline(scalar.pipeline)} | ${printScalar(scalar.scalar)}`;
    case 'scalar-operation':
      return `${printScalarOperand(scalar.left)} ${scalar.operator} ${printScalarOperand(scalar.right)}`;
  }
}

function printScalarOperand(scalar: ScalarExpression): string {
  return scalar.kind === 'literal' ? printScalar(scalar) : `(${printScalar(scalar)})`;
}

/** Also the name under which the answer to a search shows the value. */
export function printAggregate({ function: name, expression }: Aggregate): string {
  return `${name}(${expression === undefined ? '' : printField(expression)})`;
}

export function printField(field: FieldExpression): string {
  switch (field.kind) {
    case 'literal':
      return printValue(field.value);
    case 'reference':
      return printAttribute(field.attribute);
    case 'nil-test':
      return `${printFieldOperand(field.expression)} ${field.operator} nil`;
    case 'unary':
      return `${field.operator}${printFieldOperand(field.expression)}`;
    case 'binary':
      return `${printFieldOperand(field.left)} ${field.operator} ${printFieldOperand(field.right)}`;
  }
}

function printFieldOperand(field: FieldExpression): string {
  return field.kind === 'literal' || field.kind === 'reference' ? printField(field) : `(${printField(field)})`;
}

const UNQUOTED_NAME = /^[^\s{}()=~!<>&|^,"]+$/u;

export function printAttribute(attribute: Attribute): string {
  if (attribute.kind === 'intrinsic') return attribute.name;
  const { scope, name, ofParent } = attribute;
  const scopes = [...(ofParent ? ['parent'] : []), ...(scope === 'any' ? [] : [scope])];
  const shown = UNQUOTED_NAME.test(name) ? name : `"${name.replace(/["\\]/g, '\\$&')}"`;
  return `${scopes.join('.')}.${shown}`;
}

export function printMetrics(expression: MetricsExpression): string {
  switch (expression.kind) {
    case 'metrics-pipeline':
      return `${printPipeline(expression.pipeline)} | ${printMetricsStage(expression.aggregate)}`;
    case 'metrics-operation':
      return `(${printMetrics(expression.left)}) ${expression.operator} (${printMetrics(expression.right)})`;
    case 'scalar-metrics-operation': {
      const { operator, scalar, scalarSide } = expression;
      const inner = `(${printMetrics(expression.expression)})`;
      const number = printValue(scalar);
      return scalarSide === 'left' ? `${number} ${operator} ${inner}` : `${inner} ${operator} ${number}`;
    }
    case 'ranking':
      return `${printMetrics(expression.expression)} | ${expression.function}(${expression.limit})`;
    case 'metrics-filter':
      return `${printMetrics(expression.expression)} ${expression.operator} ${printValue(expression.value)}`;
  }
}

function printMetricsStage(stage: MetricsAggregate | Compare): string {
  if (stage.kind === 'compare') {
    const { selection, topN, startUnixNs, endUnixNs } = stage;
    const range = startUnixNs === 0n && endUnixNs === 0n ? '' : `, ${startUnixNs}, ${endUnixNs}`;
    return `compare(${printSpanset(selection)}, ${topN}${range})`;
  }
  const { function: name, attribute, quantiles, by } = stage;
  const given = [...(attribute === undefined ? [] : [printField(attribute)]), ...quantiles.map(String)];
  const grouping = by.length === 0 ? '' : ` by (${by.map(printField).join(', ')})`;
  return `${name}(${given.join(', ')})${grouping}`;
}
