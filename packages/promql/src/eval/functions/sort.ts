import { compareLabels } from '../../data/labels.js';
import { FLOAT, StepSeries } from '../../data/step-series.js';
import { seriesOf, stringOf } from '../value.js';
import type { VectorCall } from '../vector-call.js';
import { isNaturallyBefore } from './natural-order.js';

export type Direction = 'ascending' | 'descending';

/** Series by their values, NaN last. Histograms are dropped. Over a range there is no such order. */
export function sortByValue(call: VectorCall, direction: Direction): readonly StepSeries[] {
  const floats = seriesOf(call.values[0]!)
    .map((series) => floatsOf(series))
    .filter((series) => !series.isEmpty);
  if (isUnordered(call)) return floats;
  const sign = direction === 'ascending' ? 1 : -1;
  return floats.sort((left, right) => {
    const [leftValue, rightValue] = [left.values[0]!, right.values[0]!];
    if (Number.isNaN(leftValue) || Number.isNaN(rightValue)) {
      return Number(Number.isNaN(leftValue)) - Number(Number.isNaN(rightValue));
    }
    return leftValue === rightValue ? 0 : sign * (leftValue < rightValue ? -1 : 1);
  });
}

/** Series by the values of labels, in which numbers count by their value, and then by all labels. */
export function sortByLabels(call: VectorCall, direction: Direction): readonly StepSeries[] {
  const series = seriesOf(call.values[0]!);
  if (isUnordered(call)) return series;
  const names = call.values.slice(1).map(stringOf);
  const sign = direction === 'ascending' ? 1 : -1;
  return [...series].sort((left, right) => {
    for (const name of names) {
      const [leftValue, rightValue] = [left.labels.get(name), right.labels.get(name)];
      if (leftValue !== rightValue) return sign * (isNaturallyBefore(leftValue, rightValue) ? -1 : 1);
    }
    return sign * compareLabels(left.labels, right.labels);
  });
}

function isUnordered({ grid, annotations, position }: VectorCall): boolean {
  if (!grid.isRange) return false;
  annotations.warn('sort is ineffective for range queries since results are always ordered by labels', position);
  return true;
}

function floatsOf(series: StepSeries): StepSeries {
  if (series.histograms === undefined) return series;
  const floats = new StepSeries(series.labels, series.kinds.length, series.dropsName);
  for (let step = 0; step < series.kinds.length; step++) {
    if (series.kinds[step] === FLOAT) floats.setFloat(step, series.values[step]!);
  }
  return floats;
}
