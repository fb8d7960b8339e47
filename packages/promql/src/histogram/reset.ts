import { customBound, exponentialBound } from './bounds.js';
import { type Buckets, coarserBuckets, hasCustomBounds, type NativeHistogram, sameBounds } from './native-histogram.js';
import { widenedZero } from './zero-bucket.js';

/**
 * Whether a counter was reset between `previous` and `histogram`: a count is smaller, a populated bucket is missing,
 * the resolution rose or the zero bucket shrank. Only hints of `histogram` itself spare the comparison.
 */
export function isReset(histogram: NativeHistogram, previous: NativeHistogram): boolean {
  if (histogram.hint === 'reset') return true;
  if (histogram.hint === 'not_reset') return false;
  if (histogram.count < previous.count) return true;
  if (hasCustomBounds(histogram)) {
    if (!hasCustomBounds(previous)) return true;
    if (!sameBounds(histogram.bounds, previous.bounds)) return hasShrunkBetweenSharedBounds(histogram, previous);
  }
  if (histogram.schema > previous.schema) return true;
  if (histogram.zeroThreshold < previous.zeroThreshold) return true;
  const { zero, threshold } = widenedZero(previous, histogram.zeroThreshold);
  if (threshold !== histogram.zeroThreshold) return true;
  if (histogram.zeroCount < zero.sum) return true;
  return hasShrunk(histogram, previous, 'positive') || hasShrunk(histogram, previous, 'negative');
}

function hasShrunk(histogram: NativeHistogram, previous: NativeHistogram, side: 'positive' | 'negative'): boolean {
  const { schema, zeroThreshold } = histogram;
  const now = histogram[side];
  const before = hasCustomBounds(histogram) ? previous[side] : coarserBuckets(previous[side], previous.schema, schema);
  let at = 0;
  for (const [beforeAt, index] of before.indexes.entries()) {
    // Such a bucket is part of the zero bucket now.
    if (!hasCustomBounds(histogram) && exponentialBound(index, schema) <= zeroThreshold) continue;
    while (at < now.indexes.length && now.indexes[at]! < index) at++;
    const count = now.indexes[at] === index ? now.counts[at]! : 0;
    const isMissing = now.indexes[at] !== index;
    if (isMissing ? before.counts[beforeAt] !== 0 : count < before.counts[beforeAt]!) return true;
  }
  return false;
}

/** Compares what both histograms count between the bounds that they share. */
function hasShrunkBetweenSharedBounds(histogram: NativeHistogram, previous: NativeHistogram): boolean {
  const shared = [...histogram.bounds.filter((bound) => previous.bounds.includes(bound)), Infinity];
  const now = countsBetween(histogram.positive, histogram.bounds, shared);
  const before = countsBetween(previous.positive, previous.bounds, shared);
  return now.some((count, at) => count < before[at]!);
}

function countsBetween({ indexes, counts }: Buckets, bounds: readonly number[], shared: readonly number[]): number[] {
  const sums = shared.map(() => 0);
  for (const [at, index] of indexes.entries()) {
    const upper = customBound(index, bounds);
    sums[shared.findIndex((bound) => bound >= upper)]! += counts[at]!;
  }
  return sums;
}
