import { KahanSum } from '../data/kahan-sum.js';
import { type BucketRange, negativeRanges, positiveRanges } from './bucket-ranges.js';
import type { Buckets, NativeHistogram } from './native-histogram.js';

interface WidenedZero {
  readonly zero: KahanSum;
  readonly threshold: number;
}

/**
 * What the zero bucket would count if it reached to `threshold`, which is not smaller than it is. A populated bucket
 * that the threshold would cut belongs to it as a whole, and the threshold moves to its end.
 */
export function widenedZero(
  histogram: NativeHistogram,
  threshold: number,
  compensation?: NativeHistogram,
): WidenedZero {
  const initial = () => new KahanSum(histogram.zeroCount, compensation?.zeroCount);
  if (threshold === histogram.zeroThreshold) return { zero: initial(), threshold };
  const positive = positiveRanges(histogram);
  const negative = negativeRanges(histogram).map(({ lower, upper, count }) => ({
    lower: -upper,
    upper: -lower,
    count,
  }));
  let reach = threshold;
  for (;;) {
    const zero = initial();
    const before = reach;
    reach = addUpTo(zero, positive, compensation?.positive, reach);
    const positiveReach = reach;
    reach = addUpTo(zero, negative, compensation?.negative, reach);
    // When a negative bucket moved the threshold, the positive ones have to be counted again.
    if (reach === positiveReach) return { zero, threshold: reach };
    if (reach === before) return { zero, threshold: reach };
  }
}

function addUpTo(
  zero: KahanSum,
  buckets: readonly Pick<BucketRange, 'lower' | 'upper' | 'count'>[],
  compensations: Buckets | undefined,
  threshold: number,
): number {
  for (const [at, { lower, upper, count }] of buckets.entries()) {
    if (lower >= threshold) return threshold;
    zero.add(count);
    if (compensations !== undefined) zero.add(compensations.counts[at]!);
    if (upper > threshold) return count === 0 ? threshold : upper;
  }
  return threshold;
}

interface AlignedZeroBuckets {
  readonly left: NativeHistogram;
  readonly compensation: NativeHistogram | undefined;
  readonly rightZeroCount: number;
}

/** Widens the zero buckets of both until they are equally wide and cut no populated bucket of either. */
export function alignedZeroBuckets(
  left: NativeHistogram,
  compensation: NativeHistogram | undefined,
  right: NativeHistogram,
): AlignedZeroBuckets {
  let rightZeroCount = right.zeroCount;
  let rightThreshold = right.zeroThreshold;
  let widened = left;
  let widenedCompensation = compensation;
  while (rightThreshold !== widened.zeroThreshold) {
    if (widened.zeroThreshold > rightThreshold) {
      const { zero, threshold } = widenedZero(right, widened.zeroThreshold);
      rightZeroCount = zero.sum;
      rightThreshold = threshold;
    }
    if (rightThreshold > widened.zeroThreshold) {
      const { zero, threshold } = widenedZero(widened, rightThreshold, widenedCompensation);
      const isOutside = { positive: outsideOf(positiveRanges(widened), threshold), negative: [] as boolean[] };
      isOutside.negative = negativeRanges(widened).map(({ upper }) => -upper >= threshold);
      widened = trimmed({ ...widened, zeroThreshold: threshold, zeroCount: zero.sum }, isOutside);
      if (widenedCompensation !== undefined) {
        const rest = { ...widenedCompensation, zeroThreshold: threshold, zeroCount: zero.compensation };
        widenedCompensation = trimmed(rest, isOutside);
      }
    }
  }
  return { left: widened, compensation: widenedCompensation, rightZeroCount };
}

function outsideOf(ranges: readonly BucketRange[], threshold: number): boolean[] {
  return ranges.map(({ lower }) => lower >= threshold);
}

function trimmed(
  histogram: NativeHistogram,
  isOutside: { readonly positive: readonly boolean[]; readonly negative: readonly boolean[] },
): NativeHistogram {
  const kept = ({ indexes, counts }: Buckets, keep: readonly boolean[]): Buckets => ({
    indexes: indexes.filter((_, at) => keep[at]),
    counts: counts.filter((_, at) => keep[at]),
  });
  return {
    ...histogram,
    positive: kept(histogram.positive, isOutside.positive),
    negative: kept(histogram.negative, isOutside.negative),
  };
}
