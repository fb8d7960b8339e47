// Filters → conditions that a store can test. A condition holds for every span that the filter matches, and for more.

import type { Attribute } from '../data/attribute.js';
import type { Value } from '../data/value.js';
import { attributesOf } from '../eval/attributes-of.js';
import { comparableValue } from '../eval/comparable-value.js';
import { constantValue } from '../eval/constant-value.js';
import type { ComparisonOperator, SpanCondition } from '../source.js';
import type { BinaryOperation, FieldExpression } from '../syntax/ast.js';

export const EVERY: SpanCondition = { kind: 'every' };
export const NONE: SpanCondition = { kind: 'none' };

/** What a span must meet for the expression to be true. */
export function spanCondition(expression: FieldExpression): SpanCondition {
  const constant = constantValue(expression);
  if (constant !== undefined) return constant.value === true ? EVERY : NONE;
  switch (expression.kind) {
    case 'literal':
      return NONE;
    case 'reference':
      return compareCondition(expression.attribute, '=', true);
    case 'nil-test':
      return expression.operator === '=' ? absenceOf(expression.expression) : presenceOf(expression.expression);
    case 'unary':
      return expression.operator === '!' ? falseCondition(expression.expression) : NONE;
    case 'binary':
      return binaryCondition(expression);
  }
}

/** What a span must meet for the expression to be false; a comparison is false of an absent attribute, too. */
function falseCondition(expression: FieldExpression): SpanCondition {
  const constant = constantValue(expression);
  if (constant !== undefined) return constant.value === false ? EVERY : NONE;
  switch (expression.kind) {
    case 'reference':
      return compareCondition(expression.attribute, '=', false);
    case 'nil-test':
      return expression.operator === '=' ? presenceOf(expression.expression) : absenceOf(expression.expression);
    case 'unary':
      return expression.operator === '!' ? spanCondition(expression.expression) : NONE;
    default:
      return EVERY;
  }
}

function binaryCondition(operation: BinaryOperation): SpanCondition {
  const { operator, left, right } = operation;
  switch (operator) {
    case '&&':
      return allOf(operandsOf(operation).map(spanCondition));
    case '||':
      return anyOf(operandsOf(operation).map(spanCondition));
    case '+':
    case '-':
    case '*':
    case '/':
    case '%':
    case '^':
      return NONE;
    default:
      return comparisonCondition(operator, left, right);
  }
}

/** What stands between equal operators, from left to right. A chain leans to the left, and may be long. */
function operandsOf({ operator, left, right }: BinaryOperation): FieldExpression[] {
  const operands = [right];
  let rest = left;
  while (rest.kind === 'binary' && rest.operator === operator) {
    operands.push(rest.right);
    rest = rest.left;
  }
  operands.push(rest);
  return operands.reverse();
}

const flipped: Partial<Record<string, ComparisonOperator>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

function comparisonCondition(
  operator: ComparisonOperator,
  left: FieldExpression,
  right: FieldExpression,
): SpanCondition {
  const [leftValue, rightValue] = [constantValue(left)?.value, constantValue(right)?.value];
  if (left.kind === 'reference' && rightValue !== undefined) {
    return compareCondition(left.attribute, operator, rightValue);
  }
  const mirrored = flipped[operator];
  if (right.kind === 'reference' && leftValue !== undefined && mirrored !== undefined) {
    return compareCondition(right.attribute, mirrored, leftValue);
  }
  // Arithmetic with nil is nil, and nothing compares with nil. Tests for nil within give a value without an attribute.
  return allOf([operandPresence(left), operandPresence(right)]);
}

/** What a span must meet for an operand to have a value. */
function operandPresence(operand: FieldExpression): SpanCondition {
  switch (operand.kind) {
    case 'reference':
      return presenceOf(operand);
    case 'unary':
      return operand.operator === '-' ? operandPresence(operand.expression) : EVERY;
    case 'binary':
      return /^[-+*/%^]$/.test(operand.operator)
        ? allOf([operandPresence(operand.left), operandPresence(operand.right)])
        : EVERY;
    default:
      return EVERY;
  }
}

function presenceOf(expression: FieldExpression): SpanCondition {
  if (expression.kind !== 'reference') return EVERY;
  const { attribute } = expression;
  return isOfSpan(attribute) && attribute.kind === 'attribute' ? { kind: 'present', attribute } : EVERY;
}

function absenceOf(expression: FieldExpression): SpanCondition {
  if (expression.kind !== 'reference') return EVERY;
  const { attribute } = expression;
  // Of several events one may lack what another one has.
  return isPlain(attribute) && attribute.kind === 'attribute' ? { kind: 'absent', attribute } : EVERY;
}

function compareCondition(
  attribute: Attribute,
  operator: ComparisonOperator,
  value: Exclude<Value, undefined>,
): SpanCondition {
  if (!isOfSpan(attribute)) return EVERY;
  return { kind: 'compare', attribute, operator, value: comparableValue(value, attribute) };
}

const wholeTrace: ReadonlySet<string> = new Set([
  'rootName',
  'rootServiceName',
  'traceDuration',
  'nestedSetLeft',
  'nestedSetRight',
  'nestedSetParent',
  'span:childCount',
  'parent',
]);

/** Whether a span has the value by itself, without the rest of its trace. */
export function isOfSpan(attribute: Attribute): boolean {
  return attribute.kind === 'attribute' ? !attribute.ofParent : !wholeTrace.has(attribute.name);
}

export function allOf(conditions: readonly SpanCondition[]): SpanCondition {
  const parts = conditions.flatMap((part) => (part.kind === 'all' ? part.conditions : [part]));
  if (parts.some(({ kind }) => kind === 'none')) return NONE;
  const left = parts.filter(({ kind }) => kind !== 'every');
  return left.length < 2 ? (left[0] ?? EVERY) : { kind: 'all', conditions: left };
}

export function anyOf(conditions: readonly SpanCondition[]): SpanCondition {
  const parts = conditions.flatMap((part) => (part.kind === 'any' ? part.conditions : [part]));
  if (parts.some(({ kind }) => kind === 'every')) return EVERY;
  const left = parts.filter(({ kind }) => kind !== 'none');
  return left.length < 2 ? (left[0] ?? NONE) : { kind: 'any', conditions: left };
}

/**
 * The condition that says exactly what the filter says, for stores that count by themselves. Undefined where only the
 * evaluation can tell: for arithmetic, denials, other spans of the trace, and several parts about one event.
 */
export function exactCondition(expression: FieldExpression): SpanCondition | undefined {
  const attributes = attributesOf(expression);
  if (!attributes.every(isPlain) || !isExact(expression)) return undefined;
  return spanCondition(expression);
}

function isExact(expression: FieldExpression): boolean {
  if (constantValue(expression) !== undefined) return true;
  switch (expression.kind) {
    case 'literal':
    case 'reference':
      return true;
    case 'nil-test':
      return expression.expression.kind === 'reference' && expression.expression.attribute.kind === 'attribute';
    case 'unary':
      return expression.operator === '!' && expression.expression.kind === 'reference';
    case 'binary': {
      const { operator, left, right } = expression;
      if (operator === '&&' || operator === '||') return isExact(left) && isExact(right);
      if (/^[-+*/%^]$/.test(operator)) return false;
      if (left.kind === 'reference') return constantValue(right) !== undefined;
      return right.kind === 'reference' && constantValue(left) !== undefined && flipped[operator] !== undefined;
    }
  }
}

/** An attribute of which a span has one value. */
export function isPlain(attribute: Attribute): boolean {
  if (!isOfSpan(attribute)) return false;
  if (attribute.kind === 'attribute') return attribute.scope !== 'event' && attribute.scope !== 'link';
  return !/^(?:event|link):/.test(attribute.name);
}
