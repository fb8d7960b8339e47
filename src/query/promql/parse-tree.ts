// A parsed query → the tree that Prometheus's `parse_query` answers with.

import type { Duration, Expression, Matcher, TimeModifiers, VectorMatching, VectorSelector } from '#promql';
import { decimal } from '#promql/syntax/go-text';

export function parseTree(expression: Expression): object {
  switch (expression.kind) {
    case 'aggregation':
      return {
        expr: parseTree(expression.expression),
        grouping: expression.grouping,
        op: expression.operator,
        param: expression.parameter === undefined ? null : parseTree(expression.parameter),
        type: 'aggregation',
        without: expression.without,
      };
    case 'binary':
      return {
        bool: expression.returnsBool,
        lhs: parseTree(expression.left),
        matching: expression.matching === undefined ? null : matchingTree(expression.matching),
        op: expression.operator,
        rhs: parseTree(expression.right),
        type: 'binaryExpr',
      };
    case 'call': {
      const { name, arguments: types, variadic, returns } = expression.function;
      return {
        args: expression.arguments.map(parseTree),
        func: { argTypes: types, name, returnType: returns, variadic },
        type: 'call',
      };
    }
    case 'matrix-selector':
      return {
        ...selectorTree(expression.selector),
        range: expression.rangeMs,
        rangeExpr: durationTree(expression.rangeExpression),
        type: 'matrixSelector',
      };
    case 'subquery':
      return {
        expr: parseTree(expression.expression),
        ...modifierTree(expression),
        range: expression.rangeMs,
        rangeExpr: durationTree(expression.rangeExpression),
        step: expression.stepMs,
        stepExpr: durationTree(expression.stepExpression),
        type: 'subquery',
      };
    case 'number':
      return { type: 'numberLiteral', val: decimal(expression.value) };
    case 'parentheses':
      return { expr: parseTree(expression.expression), type: 'parenExpr' };
    case 'string':
      return { type: 'stringLiteral', val: expression.value };
    case 'unary':
      return { expr: parseTree(expression.expression), op: expression.operator, type: 'unaryExpr' };
    case 'vector-selector':
      return { ...selectorTree(expression), type: 'vectorSelector' };
  }
}

function matchingTree({ cardinality, labels, on, include, fillLeft, fillRight }: VectorMatching): object {
  return {
    card: cardinality,
    fillValues: { lhs: fillLeft ?? null, rhs: fillRight ?? null },
    include,
    labels,
    on,
  };
}

function selectorTree(selector: VectorSelector): object {
  return {
    anchored: selector.extension === 'anchored',
    matchers: selector.matchers.map(matcherTree),
    name: selector.name,
    ...modifierTree(selector),
    smoothed: selector.extension === 'smoothed',
  };
}

function matcherTree({ name, operator, value }: Matcher): object {
  return { name, type: operator, value };
}

function modifierTree({ offsetMs, offsetExpression, at }: TimeModifiers): object {
  return {
    offset: offsetMs,
    offsetExpr: durationTree(offsetExpression),
    startOrEnd: typeof at === 'string' ? at : null,
    timestamp: typeof at === 'number' ? at : null,
  };
}

function durationTree(duration: Duration | undefined): object | null {
  if (duration === undefined) return null;
  if (duration.kind === 'number') {
    return { duration: duration.isDuration, type: 'numberLiteral', val: decimal(duration.value) };
  }
  return {
    lhs: durationTree(duration.left),
    op: duration.operator,
    rhs: durationTree(duration.right),
    type: 'durationExpr',
    wrapped: duration.inParentheses,
  };
}
