import type {
  Aggregation,
  BinaryOperation,
  Duration,
  DurationExpression,
  Expression,
  MatrixSelector,
  Subquery,
  TimeModifiers,
  VectorSelector,
} from './ast.js';
import { durationText } from './duration.js';
import { decimal, general, quoted } from './go-text.js';
import { labelNameText, METRIC_NAME } from './label-name.js';

/** An expression on one line, which parses to the same expression. */
export function print(expression: Expression): string {
  switch (expression.kind) {
    case 'aggregation':
      return `${aggregationHead(expression)}(${aggregationArguments(expression).map(print).join(', ')})`;
    case 'binary':
      return `${print(expression.left)} ${operatorText(expression)} ${print(expression.right)}`;
    case 'call':
      return `${expression.function.name}(${expression.arguments.map(print).join(', ')})`;
    case 'matrix-selector':
      return matrixSelectorText(expression);
    case 'number':
      return numberText(expression.value, expression.isDuration);
    case 'parentheses':
      return `(${print(expression.expression)})`;
    case 'string':
      return quoted(expression.value);
    case 'subquery':
      return print(expression.expression) + subquerySuffix(expression);
    case 'unary':
      return expression.operator + print(expression.expression);
    case 'vector-selector':
      return selectorText(expression) + atText(expression) + extensionText(expression) + offsetText(expression);
  }
}

/** `sum by (job) `: everything in front of the arguments. */
export function aggregationHead({ operator, grouping, without }: Aggregation): string {
  if (without) return `${operator} without (${grouping.map(labelNameText).join(', ')}) `;
  return grouping.length > 0 ? `${operator} by (${grouping.map(labelNameText).join(', ')}) ` : operator;
}

export function aggregationArguments({ parameter, expression }: Aggregation): Expression[] {
  return parameter === undefined ? [expression] : [parameter, expression];
}

/** The operator with what follows it: `== bool on (job) group_left ()`. */
export function operatorText({ operator, returnsBool, matching }: BinaryOperation): string {
  let text: string = operator;
  if (returnsBool) text += ' bool';
  if (matching === undefined) return text;
  const { cardinality, labels, on, include, fillLeft, fillRight } = matching;
  const isGrouped = cardinality === 'many-to-one' || cardinality === 'one-to-many';
  if (labels.length > 0 || on || isGrouped) {
    text += ` ${on ? 'on' : 'ignoring'} (${labels.map(labelNameText).join(', ')})`;
  }
  if (isGrouped) {
    text += ` group_${cardinality === 'many-to-one' ? 'left' : 'right'} (${include.map(labelNameText).join(', ')})`;
  }
  if (fillLeft !== undefined && fillLeft === fillRight) return `${text} fill (${general(fillLeft)})`;
  if (fillLeft !== undefined) text += ` fill_left (${general(fillLeft)})`;
  if (fillRight !== undefined) text += ` fill_right (${general(fillRight)})`;
  return text;
}

/** `[5m:1m] @ 12.000 offset 1h`. */
export function subquerySuffix(subquery: Subquery): string {
  const range = rangeText(subquery);
  const step = subquery.stepMs === 0 ? '' : durationText(subquery.stepMs);
  const stepText = subquery.stepExpression === undefined ? step : durationExpressionText(subquery.stepExpression);
  return `[${range}:${stepText}]${atText(subquery)}${offsetText(subquery)}`;
}

function matrixSelectorText(matrix: MatrixSelector): string {
  const { selector } = matrix;
  const range = `[${rangeText(matrix)}]`;
  return selectorText(selector) + range + extensionText(selector) + atText(selector) + offsetText(selector);
}

function selectorText({ name, matchers }: VectorSelector): string {
  const conditions = matchers
    .filter((matcher) => {
      const isTheName = matcher.name === METRIC_NAME && matcher.operator === '=' && matcher.value === name;
      return !isTheName || name === '';
    })
    .map(String)
    .sort(byCodePoints);
  return conditions.length === 0 ? name : `${name}{${conditions.join(',')}}`;
}

function byCodePoints(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}

function rangeText({ rangeMs, rangeExpression }: MatrixSelector | Subquery): string {
  return rangeExpression === undefined ? durationText(rangeMs) : durationExpressionText(rangeExpression);
}

function extensionText({ extension }: VectorSelector): string {
  return extension === undefined ? '' : ` ${extension}`;
}

function atText({ at }: TimeModifiers): string {
  if (at === undefined) return '';
  return typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`;
}

function offsetText({ offsetMs, offsetExpression }: TimeModifiers): string {
  if (offsetExpression !== undefined) return ` offset ${durationExpressionText(offsetExpression)}`;
  return offsetMs === 0 ? '' : ` offset ${durationText(offsetMs)}`;
}

function numberText(value: number, isDuration: boolean): string {
  return isDuration ? durationText(value * 1000) : decimal(value);
}

function anyDuration(duration: Duration): string {
  return duration.kind === 'number'
    ? numberText(duration.value, duration.isDuration)
    : durationExpressionText(duration);
}

function durationExpressionText(expression: DurationExpression): string {
  const text = bareDurationExpression(expression);
  return expression.inParentheses ? `(${text})` : text;
}

function bareDurationExpression({ operator, left, right }: DurationExpression): string {
  if (right === undefined) return `${operator}()`;
  if (left === undefined) return operator === '-' ? `-${anyDuration(right)}` : anyDuration(right);
  if (operator === 'min_of' || operator === 'max_of') return `${operator}(${anyDuration(left)}, ${anyDuration(right)})`;
  return `${anyDuration(left)} ${operator} ${anyDuration(right)}`;
}
