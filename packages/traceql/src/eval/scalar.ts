import { Duration, type Value } from '../data/value.js';
import type { Aggregate, ScalarExpression } from '../syntax/ast.js';
import { printAggregate } from '../syntax/print.js';
import { compileField } from './field.js';
import { arithmetic, numberOf } from './operators.js';
import type { Spanset, SpansetAttribute } from './spanset.js';
import type { TraceTree } from './trace-tree.js';

/**
 * The value of an expression for a spanset, nil where there is none. `note` is told of every aggregate on the way.
 */
export type Scalar = (tree: TraceTree, spanset: Spanset, note: (attribute: SpansetAttribute) => void) => Value;

/** What evaluates a pipeline within an expression. */
export type CompilePipeline = (
  pipeline: Extract<ScalarExpression, { kind: 'scalar-pipeline' }>['pipeline'],
) => (tree: TraceTree, input: readonly Spanset[]) => readonly Spanset[];

export function compileScalar(expression: ScalarExpression, compilePipeline: CompilePipeline): Scalar {
  switch (expression.kind) {
    case 'literal': {
      const { value } = expression;
      return () => value;
    }
    case 'aggregate':
      return compileAggregate(expression);
    case 'scalar-operation': {
      const left = compileScalar(expression.left, compilePipeline);
      const right = compileScalar(expression.right, compilePipeline);
      const { operator } = expression;
      return (tree, spanset, note) => arithmetic(operator, left(tree, spanset, note), right(tree, spanset, note));
    }
    case 'scalar-pipeline': {
      const evaluate = compilePipeline(expression.pipeline);
      const scalar = compileScalar(expression.scalar, compilePipeline);
      return (tree, spanset, note) => {
        const spansets = evaluate(tree, [spanset]);
        if (spansets.length === 0) return undefined;
        const spans = spansets.length === 1 ? spansets[0]!.spans : spansets.flatMap((each) => each.spans);
        return scalar(tree, { spans, attributes: [] }, note);
      };
    }
  }
}

function compileAggregate(aggregate: Aggregate): Scalar {
  const name = printAggregate(aggregate);
  const compute = compileAggregateValue(aggregate);
  return (tree, spanset, note) => {
    const value = compute(tree, spanset);
    if (value !== undefined) note({ name, value });
    return value;
  };
}

function compileAggregateValue({
  function: name,
  expression,
}: Aggregate): (tree: TraceTree, spanset: Spanset) => Value {
  if (name === 'count' || expression === undefined) return (_tree, { spans }) => BigInt(spans.length);
  const field = compileField(expression, (value) => value !== undefined);
  const fold = folds[name];
  return (tree, { spans }) => {
    const values = spans.map((span) => field(tree, span)).filter((value) => numberOf(value) !== undefined);
    return values.length === 0 ? undefined : fold(values);
  };
}

const folds: Readonly<Record<Exclude<Aggregate['function'], 'count'>, (values: readonly Value[]) => Value>> = {
  min: (values) => values.reduce((least, value) => (numberOf(value)! < numberOf(least)! ? value : least)),
  max: (values) => values.reduce((most, value) => (numberOf(value)! > numberOf(most)! ? value : most)),
  sum: sumOf,
  avg: (values) => {
    const sum = sumOf(values);
    const average = numberOf(sum)! / values.length;
    return sum instanceof Duration ? new Duration(Math.trunc(average)) : average;
  },
};

/** Ints give an int and durations a duration; a mixture gives a float. */
function sumOf(values: readonly Value[]): Value {
  if (values.every((value) => typeof value === 'bigint')) {
    return BigInt.asIntN(
      64,
      (values as readonly bigint[]).reduce((sum, value) => sum + value),
    );
  }
  const sum = values.reduce<number>((total, value) => total + numberOf(value)!, 0);
  return values.every((value) => value instanceof Duration) ? new Duration(sum) : sum;
}
