import { allRanges, type BucketRange, fractionBelow } from './bucket-ranges.js';
import { hasCustomBounds, type NativeHistogram } from './native-histogram.js';

/** What observations that are NaN do to an answer. They are counted, but are in no bucket. */
export type NaNEffect = 'result is NaN' | 'result is skewed' | undefined;

interface Quantile {
  readonly value: number;
  readonly effect: NaNEffect;
}

/**
 * The value that a part `q` of all observations does not exceed, interpolated inside its bucket: linearly for listed
 * bounds and in the zero bucket, otherwise as if the bucket were divided into more exponential ones. A histogram
 * without negative buckets begins at 0.
 */
export function histogramQuantile(q: number, histogram: NativeHistogram): Quantile {
  const plain = (value: number): Quantile => ({ value, effect: undefined });
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (histogram.count === 0 || Number.isNaN(q)) return plain(NaN);
  const hasNaN = Number.isNaN(histogram.sum);
  // Counting from the nearer end loses less to rounding. NaNs would be counted at the upper end.
  const isForward = hasNaN || q < 0.5;
  const ranges = isForward ? allRanges(histogram) : allRanges(histogram).reverse();
  let rank = (isForward ? q : 1 - q) * histogram.count;
  let count = 0;
  let at = 0;
  let last: BucketRange = { lower: 0, upper: 0, lowerInclusive: false, upperInclusive: false, count: 0 };
  for (; at < ranges.length; at++) {
    last = ranges[at]!;
    count += last.count;
    if (last.count !== 0 && count >= rank) break;
  }
  const bucket = bounded(last, histogram);
  if (hasCustomBounds(histogram)) {
    if (last.lower === -Infinity && last.upper <= 0) return plain(last.upper);
    if (last.lower !== -Infinity && last.upper === Infinity) return plain(last.lower);
  }
  count = Math.min(count, histogram.count);
  if (count < rank) return hasNaN ? { value: NaN, effect: 'result is NaN' } : plain(bucket.upper);
  rank = isForward ? rank - (count - bucket.count) : count - rank;
  const rest = ranges.slice(at + 1).reduce((sum, range) => sum + range.count, 0);
  const effect = hasNaN && count + rest < histogram.count ? 'result is skewed' : undefined;
  return { value: interpolated(bucket, rank / bucket.count, histogram), effect };
}

function interpolated({ lower, upper }: BucketRange, fraction: number, histogram: NativeHistogram): number {
  if (hasCustomBounds(histogram) || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction;
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}

/** The zero bucket ends at 0 on a side where the histogram has no buckets; the first listed one begins there. */
function bounded(range: BucketRange, histogram: NativeHistogram): BucketRange {
  if (hasCustomBounds(histogram)) return range.lower === -Infinity ? { ...range, lower: 0 } : range;
  return range.lower < 0 && range.upper > 0 ? zeroBounded(range, histogram) : range;
}

function zeroBounded(range: BucketRange, { positive, negative }: NativeHistogram): BucketRange {
  const hasPositive = positive.counts.length > 0;
  const hasNegative = negative.counts.length > 0;
  if (hasPositive && !hasNegative) return { ...range, lower: 0 };
  return hasNegative && !hasPositive ? { ...range, upper: 0 } : range;
}

interface Fraction {
  readonly value: number;
  /** Observations that are NaN are in no fraction. */
  readonly excludesNaN: boolean;
}

/** The part of all observations between two values, interpolated as quantiles are. */
export function histogramFraction(lower: number, upper: number, histogram: NativeHistogram): Fraction {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: NaN, excludesNaN: false };
  if (lower >= upper) return { value: 0, excludesNaN: false };
  const ranges = allRanges(histogram);
  const inBuckets = ranges.reduce((sum, { count }) => sum + count, 0);
  const hasNaN = Number.isNaN(histogram.sum);
  const total = hasNaN ? inBuckets : histogram.count;
  const below = (value: number) => Math.min(rankOf(value, ranges, histogram) ?? total, total);
  return {
    value: (below(upper) - below(lower)) / histogram.count,
    excludesNaN: hasNaN && inBuckets < histogram.count,
  };
}

/** How many observations are below `value`; undefined when it is behind all buckets. */
function rankOf(value: number, ranges: readonly BucketRange[], histogram: NativeHistogram): number | undefined {
  let rank = 0;
  for (const range of ranges) {
    const isZero = range.lower <= 0 && range.upper >= 0;
    const bucket = isZero ? zeroBounded(range, histogram) : range;
    if (bucket.lower >= value) return rank;
    if (bucket.upper > value) {
      // A bucket that has no lower end cannot be divided.
      if (bucket.lower === -Infinity) return bucket.count;
      const scale = hasCustomBounds(histogram) || isZero ? 'linear' : 'exponential';
      return rank + bucket.count * fractionBelow(bucket, value, scale);
    }
    rank += bucket.count;
  }
  return undefined;
}
