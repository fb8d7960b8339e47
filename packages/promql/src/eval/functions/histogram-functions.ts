import { KahanSum } from '../../data/kahan-sum.js';
import { allRanges, type BucketRange } from '../../histogram/bucket-ranges.js';
import { hasCustomBounds, type NativeHistogram } from '../../histogram/native-histogram.js';
import type { FunctionName } from '../../syntax/functions.js';

/** Functions of one histogram, which are applied to each of a vector. Floats are dropped. */
export const histogramFunctions = {
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_count: ({ count }) => count,
  histogram_sum: ({ sum }) => sum,
  histogram_stddev: (histogram) => Math.sqrt(varianceOf(histogram)),
  histogram_stdvar: varianceOf,
} as const satisfies Partial<Record<FunctionName, (histogram: NativeHistogram) => number>>;

/** All observations of a bucket are taken to be in its middle. */
function varianceOf(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count;
  const squares = new KahanSum();
  for (const range of allRanges(histogram)) {
    if (range.count === 0) continue;
    const delta = middleOf(range, hasCustomBounds(histogram)) - mean;
    squares.add(range.count * delta * delta);
  }
  return squares.total / histogram.count;
}

function middleOf({ lower, upper }: BucketRange, isCustom: boolean): number {
  if (isCustom) return (upper + lower) / 2;
  if (lower <= 0 && upper >= 0) return 0;
  const middle = Math.sqrt(upper * lower);
  return upper < 0 ? -middle : middle;
}
