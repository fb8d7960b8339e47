import type { Annotations } from '../data/annotations.js';
import { FLOAT, HISTOGRAM, StepSeries } from '../data/step-series.js';
import type { Position } from '../syntax/position.js';
import {
  arithmetic,
  changesMeaning,
  combineHistograms,
  comparison,
  type ElementOperator,
  incompatibleFloats,
} from './element.js';

export interface ScalarOperationContext {
  readonly annotations: Annotations;
  /** Of the whole operation. */
  readonly position: Position;
  /** Comparisons answer 0 or 1 instead of filtering. */
  readonly returnsBool: boolean;
}

/** An operation on two scalars, step by step. Comparisons answer 0 or 1. */
export function combineScalars(operator: ElementOperator, left: Float64Array, right: Float64Array): Float64Array {
  const compute = arithmetic[operator];
  if (compute !== undefined) return left.map((value, step) => compute(value, right[step]!));
  const compare = comparison[operator]!;
  return left.map((value, step) => (compare(value, right[step]!) ? 1 : 0));
}

/** An operation on each value of a vector and a scalar, which stands on its right or left side. */
export function combineWithScalar(
  operator: ElementOperator,
  series: readonly StepSeries[],
  scalar: Float64Array,
  scalarSide: 'left' | 'right',
  context: ScalarOperationContext,
): StepSeries[] {
  const dropsName = changesMeaning(operator) || context.returnsBool;
  const results: StepSeries[] = [];
  for (const each of series) {
    const result = new StepSeries(each.labels, scalar.length, each.dropsName || dropsName);
    combineSeries(operator, each, scalar, scalarSide, context, result);
    if (!result.isEmpty) results.push(result);
  }
  return results;
}

function combineSeries(
  operator: ElementOperator,
  series: StepSeries,
  scalar: Float64Array,
  scalarSide: 'left' | 'right',
  context: ScalarOperationContext,
  result: StepSeries,
): void {
  const compute = arithmetic[operator];
  const compare = comparison[operator];
  for (let step = 0; step < scalar.length; step++) {
    const kind = series.kinds[step];
    if (kind === HISTOGRAM) {
      combineHistogram(operator, series, step, scalar[step]!, scalarSide, context, result);
      continue;
    }
    if (kind !== FLOAT) continue;
    const value = series.values[step]!;
    const left = scalarSide === 'left' ? scalar[step]! : value;
    const right = scalarSide === 'left' ? value : scalar[step]!;
    if (compute !== undefined) result.setFloat(step, compute(left, right));
    else if (compare === undefined) report(incompatibleFloats(operator).problem, context);
    else if (context.returnsBool) result.setFloat(step, compare(left, right) ? 1 : 0);
    else if (compare(left, right)) result.setFloat(step, value);
  }
}

function combineHistogram(
  operator: ElementOperator,
  series: StepSeries,
  step: number,
  scalar: number,
  scalarSide: 'left' | 'right',
  context: ScalarOperationContext,
  result: StepSeries,
): void {
  const histogram = series.histograms![step]!;
  const { histogram: combined, problem } =
    scalarSide === 'left'
      ? combineHistograms(operator, scalar, histogram)
      : combineHistograms(operator, histogram, scalar);
  report(problem, context);
  if (combined !== undefined) result.setHistogram(step, combined);
}

function report(
  problem: ReturnType<typeof incompatibleFloats>['problem'],
  { annotations, position }: ScalarOperationContext,
): void {
  if (problem?.severity === 'warning') annotations.warn(problem.text, position);
  else if (problem !== undefined) annotations.info(problem.text, position);
}
