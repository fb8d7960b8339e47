import type { Expression } from '../syntax/ast.js';
import type { FunctionName } from '../syntax/functions.js';

/** Functions whose result depends on the time of the step even when their arguments do not. */
const timeDependent: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
]);

/** Whether an expression has the same value at all steps, so that one evaluation is enough. */
export function isStepInvariant(expression: Expression): boolean {
  switch (expression.kind) {
    case 'vector-selector':
    case 'subquery':
      return expression.at !== undefined;
    case 'matrix-selector':
      return expression.selector.at !== undefined;
    case 'aggregation':
      // As in Prometheus, the parameter is not asked.
      return isStepInvariant(expression.expression);
    case 'binary':
      return isStepInvariant(expression.left) && isStepInvariant(expression.right);
    case 'parentheses':
    case 'unary':
      return isStepInvariant(expression.expression);
    case 'number':
    case 'string':
      return true;
    case 'call': {
      const { name } = expression.function;
      if (!expression.arguments.every(isStepInvariant)) return false;
      if (name === 'timestamp') return expression.arguments[0]?.kind === 'vector-selector';
      return !timeDependent.has(name);
    }
  }
}
