import { type BucketRange, fractionBelow, negativeRanges, positiveRanges, zeroRange } from './bucket-ranges.js';
import { compacted, hasCustomBounds, type NativeHistogram } from './native-histogram.js';

/** What is kept: observations below the limit (`</`), or above it (`>/`). */
export type Kept = 'below' | 'above';

interface KeptPart {
  readonly count: number;
  /** The value that stands for each observation kept, where the sum is estimated. */
  readonly midpoint: number;
}

/**
 * The observations on one side of `limit`. A bucket that holds it is divided by interpolation. When nothing is cut the
 * histogram stays as it is, its sum too; otherwise the sum is estimated from the middles of the buckets.
 */
export function trimmedHistogram(histogram: NativeHistogram, limit: number, kept: Kept): NativeHistogram {
  const isCustom = hasCustomBounds(histogram);
  const positive = positiveRanges(histogram).map((range) => keptPart(range, limit, kept, 1, isCustom));
  const negative = negativeRanges(histogram).map((range) => keptPart(range, limit, kept, -1, isCustom));
  const isPopulated = (counts: readonly number[]) => counts.some((count) => count !== 0);
  const zero =
    histogram.zeroCount > 0
      ? keptOfZero(
          zeroRange(histogram),
          limit,
          kept,
          isPopulated(histogram.negative.counts),
          isPopulated(histogram.positive.counts),
        )
      : { count: histogram.zeroCount, midpoint: 0 };
  const positiveCounts = positive.map(({ count }) => count);
  const negativeCounts = negative.map(({ count }) => count);
  const isCut =
    zero.count !== histogram.zeroCount ||
    positiveCounts.some((count, at) => count !== histogram.positive.counts[at]) ||
    negativeCounts.some((count, at) => count !== histogram.negative.counts[at]);
  if (!isCut) return histogram;
  const parts = [...positive, ...negative, zero];
  return compacted({
    ...histogram,
    count: parts.reduce((sum, { count }) => sum + count, 0),
    sum: parts.reduce((sum, { count, midpoint }) => (count === 0 ? sum : sum + midpoint * count), 0),
    zeroCount: zero.count,
    positive: { indexes: histogram.positive.indexes, counts: positiveCounts },
    negative: { indexes: histogram.negative.indexes, counts: negativeCounts },
  });
}

function keptPart(range: BucketRange, limit: number, kept: Kept, sign: 1 | -1, isCustom: boolean): KeptPart {
  const { lower, upper, count } = range;
  if (count === 0) return { count: 0, midpoint: 0 };
  if (kept === 'below' ? upper <= limit : lower >= limit) {
    return { count, midpoint: midpointOf(lower, upper, sign, isCustom) };
  }
  // A limit that is NaN keeps nothing.
  if (!(kept === 'below' ? lower < limit : upper > limit)) return { count: 0, midpoint: 0 };
  if (lower === -Infinity || upper === Infinity) return keptOfUnbounded(range, limit, kept);
  const under = count * fractionBelow(range, limit, isCustom ? 'linear' : 'exponential');
  return kept === 'below'
    ? { count: under, midpoint: midpointOf(lower, limit, sign, isCustom) }
    : { count: count - under, midpoint: midpointOf(limit, upper, sign, isCustom) };
}

/** A bucket without an end cannot be divided, unless it begins at 0 as the first listed bucket may be thought to. */
function keptOfUnbounded({ lower, upper, count }: BucketRange, limit: number, kept: Kept): KeptPart {
  if (lower === -Infinity) {
    const isFromZero = upper > 0 && upper !== Infinity;
    if (kept === 'below') {
      if (limit > 0 && isFromZero) return { count: (count * limit) / upper, midpoint: limit / 2 };
      return upper <= 0 ? { count, midpoint: limit } : { count: 0, midpoint: 0 };
    }
    if (limit >= 0 && isFromZero) return { count: count * (1 - limit / upper), midpoint: (limit + upper) / 2 };
    return { count: 0, midpoint: 0 };
  }
  return kept === 'above' && limit >= lower ? { count, midpoint: limit } : { count: 0, midpoint: 0 };
}

function keptOfZero(
  range: BucketRange,
  limit: number,
  kept: Kept,
  hasNegative: boolean,
  hasPositive: boolean,
): KeptPart {
  const lower = hasPositive && !hasNegative ? 0 : range.lower;
  const upper = hasNegative && !hasPositive ? 0 : range.upper;
  const all = { count: range.count, midpoint: (lower + upper) / 2 };
  const nothing = { count: 0, midpoint: 0 };
  if (limit <= lower) return kept === 'below' ? nothing : all;
  if (limit >= upper) return kept === 'below' ? all : nothing;
  return kept === 'below'
    ? { count: range.count * ((limit - lower) / (upper - lower)), midpoint: (lower + limit) / 2 }
    : { count: range.count * ((upper - limit) / (upper - lower)), midpoint: (limit + upper) / 2 };
}

function midpointOf(lower: number, upper: number, sign: 1 | -1, isLinear: boolean): number {
  const hasLower = Number.isFinite(lower);
  const hasUpper = Number.isFinite(upper);
  if (!hasLower && !hasUpper) return 0;
  if (!hasLower) return upper > 0 ? upper / 2 : upper;
  if (!hasUpper) return lower;
  return isLinear ? (lower + upper) / 2 : sign * Math.sqrt(Math.abs(lower * upper));
}
