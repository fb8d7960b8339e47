import type { PromqlFunction } from './functions.js';
import type { Matcher } from './matcher.js';
import type { Position } from './position.js';
import type { AggregationOperator, BinaryOperator } from './token.js';

/** What an expression evaluates to. */
export type ValueType = 'none' | 'scalar' | 'string' | 'vector' | 'matrix';

/** A parsed query. Every node says where it stands in the query; times and durations are milliseconds. */
export type Expression =
  | Aggregation
  | BinaryOperation
  | Call
  | MatrixSelector
  | NumberLiteral
  | Parentheses
  | StringLiteral
  | Subquery
  | UnaryOperation
  | VectorSelector;

export interface Aggregation {
  readonly kind: 'aggregation';
  readonly operator: AggregationOperator;
  readonly grouping: readonly string[];
  readonly without: boolean;
  /** Of `topk` and its like. */
  readonly parameter: Expression | undefined;
  readonly expression: Expression;
  readonly position: Position;
}

export interface BinaryOperation {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: Expression;
  readonly right: Expression;
  /** A comparison with `bool` answers 0 or 1 instead of filtering. */
  readonly returnsBool: boolean;
  /** Set by the parser; the checker removes it unless both sides are vectors. */
  matching: VectorMatching | undefined;
  readonly position: Position;
}

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';

/** How the series of two vectors find each other. */
export interface VectorMatching {
  cardinality: Cardinality;
  /** Labels compared (`on`), or left out of the comparison (`ignoring`). */
  readonly labels: readonly string[];
  readonly on: boolean;
  /** Labels that the many side takes from the one side. */
  readonly include: readonly string[];
  /** Value of a side that has no partner, if such pairs are wanted. */
  readonly fillLeft: number | undefined;
  readonly fillRight: number | undefined;
}

export interface Call {
  readonly kind: 'call';
  readonly function: PromqlFunction;
  readonly arguments: readonly Expression[];
  readonly position: Position;
}

/** When a selector or subquery is evaluated, if not at the time of the step. */
export interface TimeModifiers {
  offsetMs: number;
  offsetExpression: DurationExpression | undefined;
  /** Of `@`: a time in milliseconds, or the first or last step of the query. */
  at: number | 'start' | 'end' | undefined;
}

export interface VectorSelector extends TimeModifiers {
  readonly kind: 'vector-selector';
  /** Name in front of the braces, or empty. The matchers include it, as the last one. */
  readonly name: string;
  readonly matchers: readonly Matcher[];
  extension: 'anchored' | 'smoothed' | undefined;
  /** The second argument of `info`, which may match everything. */
  matchesAnything: boolean;
  position: Position;
}

export interface MatrixSelector {
  readonly kind: 'matrix-selector';
  readonly selector: VectorSelector;
  readonly rangeMs: number;
  readonly rangeExpression: DurationExpression | undefined;
  position: Position;
}

export interface Subquery extends TimeModifiers {
  readonly kind: 'subquery';
  readonly expression: Expression;
  readonly rangeMs: number;
  readonly rangeExpression: DurationExpression | undefined;
  /** 0 stands for the default of the query. */
  readonly stepMs: number;
  readonly stepExpression: DurationExpression | undefined;
  position: Position;
}

export interface NumberLiteral {
  readonly kind: 'number';
  /** A duration counts in seconds. */
  readonly value: number;
  readonly isDuration: boolean;
  readonly position: Position;
}

export interface StringLiteral {
  readonly kind: 'string';
  readonly value: string;
  readonly position: Position;
}

export interface Parentheses {
  readonly kind: 'parentheses';
  readonly expression: Expression;
  readonly position: Position;
}

export interface UnaryOperation {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expression: Expression;
  readonly position: Position;
}

export type DurationOperator = '+' | '-' | '*' | '/' | '%' | '^' | 'step' | 'range' | 'min_of' | 'max_of';

/** Arithmetic in a range, a step or an offset. Without `left` it is a sign; `step` and `range` have neither side. */
export interface DurationExpression {
  readonly kind: 'duration';
  readonly operator: DurationOperator;
  readonly left: Duration | undefined;
  readonly right: Duration | undefined;
  /** Whether it stands in parentheses, which printing keeps. */
  inParentheses: boolean;
  readonly position: Position;
}

export type Duration = NumberLiteral | DurationExpression;

/** Types are known from the node alone; whether they fit is the checker's question. */
export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'aggregation':
    case 'vector-selector':
      return 'vector';
    case 'matrix-selector':
    case 'subquery':
      return 'matrix';
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'call':
      return expression.function.returns;
    case 'parentheses':
    case 'unary':
      return typeOf(expression.expression);
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector';
  }
}

/** The expressions directly below one. Of an aggregation what is aggregated comes first. */
export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'aggregation':
      return expression.parameter === undefined
        ? [expression.expression]
        : [expression.expression, expression.parameter];
    case 'binary':
      return [expression.left, expression.right];
    case 'call':
      return expression.arguments;
    case 'matrix-selector':
      return [expression.selector];
    case 'parentheses':
    case 'subquery':
    case 'unary':
      return [expression.expression];
    case 'number':
    case 'string':
    case 'vector-selector':
      return [];
  }
}
