import { QueryError } from '../data/query-error.js';
import type {
  Call,
  Duration,
  Expression,
  MatrixSelector,
  Subquery,
  TimeModifiers,
  VectorSelector,
} from '../syntax/ast.js';
import { isOutOfRange } from '../syntax/duration.js';

/** When a query is evaluated. One time has the step 0. */
export interface QueryTimes {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/**
 * The expression for given times: durations are numbers, `@ start()` and `start()` are times, and the parentheses
 * around arguments are gone. Throws for durations that come out as none.
 */
export function resolve(expression: Expression, times: QueryTimes): Expression {
  switch (expression.kind) {
    case 'aggregation': {
      const { parameter } = expression;
      return {
        ...expression,
        parameter: parameter && withoutParentheses(resolve(parameter, times)),
        expression: withoutParentheses(resolve(expression.expression, times)),
      };
    }
    case 'binary':
      return { ...expression, left: resolve(expression.left, times), right: resolve(expression.right, times) };
    case 'call':
      return resolveCall(expression, times);
    case 'matrix-selector':
      return resolveMatrixSelector(expression, times);
    case 'parentheses':
    case 'unary':
      return { ...expression, expression: resolve(expression.expression, times) };
    case 'subquery':
      return resolveSubquery(expression, times);
    case 'vector-selector':
      return resolveSelector(expression, times);
    case 'number':
    case 'string':
      return expression;
  }
}

function withoutParentheses(expression: Expression): Expression {
  return expression.kind === 'parentheses' ? withoutParentheses(expression.expression) : expression;
}

function resolveCall(call: Call, times: QueryTimes): Expression {
  const value = constantOf(call, times);
  if (value !== undefined) return { kind: 'number', value, isDuration: false, position: call.position };
  return { ...call, arguments: call.arguments.map((argument) => withoutParentheses(resolve(argument, times))) };
}

function constantOf(call: Call, { startMs, endMs, stepMs }: QueryTimes): number | undefined {
  switch (call.function.name) {
    case 'start':
      return startMs / 1000;
    case 'end':
      return endMs / 1000;
    case 'range':
      return (endMs - startMs) / 1000;
    case 'step':
      return startMs === endMs ? 0 : stepMs / 1000;
    default:
      return undefined;
  }
}

function resolveSelector(selector: VectorSelector, times: QueryTimes): VectorSelector {
  return { ...selector, ...resolveModifiers(selector, times) };
}

function resolveMatrixSelector(matrix: MatrixSelector, times: QueryTimes): MatrixSelector {
  const rangeMs = resolvedMs(matrix.rangeExpression, matrix.rangeMs, times, 'positive');
  return { ...matrix, selector: resolveSelector(matrix.selector, times), rangeMs, rangeExpression: undefined };
}

function resolveSubquery(subquery: Subquery, times: QueryTimes): Subquery {
  const modifiers = resolveModifiers(subquery, times);
  return {
    ...subquery,
    ...modifiers,
    stepMs: resolvedMs(subquery.stepExpression, subquery.stepMs, times, 'positive'),
    rangeMs: resolvedMs(subquery.rangeExpression, subquery.rangeMs, times, 'positive'),
    stepExpression: undefined,
    rangeExpression: undefined,
    expression: resolve(subquery.expression, times),
  };
}

function resolveModifiers({ offsetMs, offsetExpression, at }: TimeModifiers, times: QueryTimes): TimeModifiers {
  return {
    offsetMs: resolvedMs(offsetExpression, offsetMs, times, 'any'),
    offsetExpression: undefined,
    at: at === 'start' ? times.startMs : at === 'end' ? times.endMs : at,
  };
}

function resolvedMs(expression: Duration | undefined, ms: number, times: QueryTimes, sign: 'positive' | 'any'): number {
  if (expression === undefined) return ms;
  const seconds = secondsOf(expression, times);
  if (!Number.isFinite(seconds)) throw durationError(expression, 'duration is NaN or infinite');
  if (seconds <= 0 && sign === 'positive') throw durationError(expression, 'duration must be greater than 0');
  if (isOutOfRange(seconds)) throw durationError(expression, 'duration is out of range');
  return Math.trunc(seconds * 1000);
}

function secondsOf(duration: Duration, times: QueryTimes): number {
  if (duration.kind === 'number') return duration.value;
  const left = duration.left && secondsOf(duration.left, times);
  const right = duration.right === undefined ? 0 : secondsOf(duration.right, times);
  switch (duration.operator) {
    case 'step':
      return times.stepMs / 1000;
    case 'range':
      return (times.endMs - times.startMs) / 1000;
    case 'min_of':
      return Math.min(left!, right);
    case 'max_of':
      return Math.max(left!, right);
    case '+':
      return left === undefined ? right : left + right;
    case '-':
      return left === undefined ? -right : left - right;
    case '*':
      return left! * right;
    case '/':
      if (right === 0) throw durationError(duration, 'division by zero');
      return left! / right;
    case '%':
      if (right === 0) throw durationError(duration, 'modulo by zero');
      return left! % right;
    case '^':
      return left! ** right;
  }
}

function durationError({ position }: Duration, text: string): Error {
  return new QueryError('expression', `${position.start}:${position.end}: ${text}`);
}
