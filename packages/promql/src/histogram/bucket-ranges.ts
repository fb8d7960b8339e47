import { CUSTOM_SCHEMA, customBound, exponentialBound } from './bounds.js';
import { type Buckets, hasCustomBounds, type NativeHistogram } from './native-histogram.js';

/** A bucket with its bounds. */
export interface BucketRange {
  readonly lower: number;
  readonly upper: number;
  readonly lowerInclusive: boolean;
  readonly upperInclusive: boolean;
  readonly count: number;
}

/** Positive buckets, from the zero bucket up. */
export function positiveRanges(histogram: NativeHistogram): BucketRange[] {
  const { positive, schema, bounds } = histogram;
  return ranges(positive, (index) => {
    const [lower, upper] =
      schema === CUSTOM_SCHEMA
        ? [customBound(index - 1, bounds), customBound(index, bounds)]
        : [exponentialBound(index - 1, schema), exponentialBound(index, schema)];
    return schema === CUSTOM_SCHEMA
      ? { lower, upper, lowerInclusive: index === 0, upperInclusive: true }
      : { lower, upper, lowerInclusive: lower < 0, upperInclusive: upper > 0 };
  });
}

/** Negative buckets, from the zero bucket down. */
export function negativeRanges({ negative, schema }: NativeHistogram): BucketRange[] {
  return ranges(negative, (index) => {
    const lower = -exponentialBound(index, schema);
    const upper = -exponentialBound(index - 1, schema);
    return { lower, upper, lowerInclusive: true, upperInclusive: false };
  });
}

export function zeroRange({ zeroThreshold, zeroCount }: NativeHistogram): BucketRange {
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    lowerInclusive: true,
    upperInclusive: true,
    count: zeroCount,
  };
}

/** All buckets from the lowest to the highest. Those next to the zero bucket end where it begins. */
export function allRanges(histogram: NativeHistogram): BucketRange[] {
  const { zeroThreshold } = histogram;
  const positive = positiveRanges(histogram).map((range) =>
    range.lower > 0 && range.lower < zeroThreshold ? { ...range, lower: zeroThreshold } : range,
  );
  if (hasCustomBounds(histogram)) return positive;
  const negative = negativeRanges(histogram)
    .map((range) => (range.upper < 0 && range.upper > -zeroThreshold ? { ...range, upper: -zeroThreshold } : range))
    .reverse();
  return histogram.zeroCount > 0 ? [...negative, zeroRange(histogram), ...positive] : [...negative, ...positive];
}

/**
 * Part of a bucket's width up to `value`, which lies inside its finite bounds. On a logarithmic scale all exponential
 * buckets are equally wide.
 */
export function fractionBelow({ lower, upper }: BucketRange, value: number, scale: 'linear' | 'exponential'): number {
  if (scale === 'linear') return (value - lower) / (upper - lower);
  const logLower = Math.log2(Math.abs(lower));
  const logUpper = Math.log2(Math.abs(upper));
  const logValue = Math.log2(Math.abs(value));
  return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper);
}

function ranges(buckets: Buckets, rangeOf: (index: number) => Omit<BucketRange, 'count'>): BucketRange[] {
  return buckets.indexes.map((index, at) => ({ ...rangeOf(index), count: buckets.counts[at]! }));
}
