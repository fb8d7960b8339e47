/** A bucket of a classic histogram: how many observations are not above a bound. */
export interface ClassicBucket {
  readonly upper: number;
  count: number;
}

/** Where counts fell from one bucket to the next, so that they had to be raised. */
export interface ForcedMonotonicity {
  readonly lowestBound: number;
  readonly highestBound: number;
  readonly largestDifference: number;
}

interface ClassicQuantile {
  readonly value: number;
  readonly forced: ForcedMonotonicity | undefined;
}

/** Smaller falls are taken for rounding and are mended without a word. */
const SMALL_DIFFERENCE = 1e-12;
const SMALLEST_NORMAL = 2 ** -1022;

/**
 * The value that a part `q` of all observations does not exceed, interpolated linearly inside its bucket. The buckets
 * have rising bounds, and their counts are made to rise.
 */
export function classicQuantile(q: number, buckets: readonly ClassicBucket[]): ClassicQuantile {
  const plain = (value: number): ClassicQuantile => ({ value, forced: undefined });
  if (Number.isNaN(q)) return plain(NaN);
  if (q < 0) return plain(-Infinity);
  if (q > 1) return plain(Infinity);
  if (buckets.at(-1)!.upper !== Infinity) return plain(NaN);
  const forced = forceMonotonicity(buckets);
  const observations = buckets.at(-1)!.count;
  if (buckets.length < 2 || observations === 0) return { value: NaN, forced };
  const rank = q * observations;
  const found = buckets.findIndex(({ count }) => count >= rank);
  if (found === -1 || found === buckets.length - 1) return { value: buckets.at(-2)!.upper, forced };
  const { upper, count } = buckets[found]!;
  if (found === 0 && upper <= 0) return { value: upper, forced };
  const below = found === 0 ? { upper: 0, count: 0 } : buckets[found - 1]!;
  const value = below.upper + (upper - below.upper) * ((rank - below.count) / (count - below.count));
  return { value, forced };
}

/** The part of all observations between two values. The buckets have rising bounds. */
export function classicFraction(lower: number, upper: number, buckets: readonly ClassicBucket[]): number {
  const total = buckets.at(-1)!.count;
  if (buckets.at(-1)!.upper !== Infinity || total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN;
  if (lower >= upper) return 0;
  const below = (value: number) => Math.min(rankOf(value, buckets), total);
  return (below(upper) - below(lower)) / total;
}

function rankOf(value: number, buckets: readonly ClassicBucket[]): number {
  let lower = buckets[0]!.upper <= 0 ? -Infinity : 0;
  let rank = 0;
  for (const { upper, count } of buckets) {
    if (lower >= value) return rank;
    if (upper > value) {
      // A bucket that has no lower end cannot be divided.
      return lower === -Infinity ? count : rank + ((count - rank) * (value - lower)) / (upper - lower);
    }
    lower = upper;
    rank = count;
  }
  return Infinity;
}

function forceMonotonicity(buckets: readonly ClassicBucket[]): ForcedMonotonicity | undefined {
  let forced: ForcedMonotonicity | undefined;
  let previous = buckets[0]!.count;
  for (const bucket of buckets) {
    const { count, upper } = bucket;
    if (count === previous) continue;
    if (isAlmostEqual(count, previous)) bucket.count = previous;
    else if (count < previous) {
      bucket.count = previous;
      forced = {
        lowestBound: Math.min(forced?.lowestBound ?? Infinity, upper),
        highestBound: Math.max(forced?.highestBound ?? -Infinity, upper),
        largestDifference: Math.max(forced?.largestDifference ?? 0, previous - count),
      };
    } else previous = count;
  }
  return forced;
}

function isAlmostEqual(left: number, right: number): boolean {
  if (Number.isNaN(left) && Number.isNaN(right)) return true;
  const sum = Math.abs(left) + Math.abs(right);
  const difference = Math.abs(left - right);
  if (left === 0 || right === 0 || sum < SMALLEST_NORMAL) return difference < SMALL_DIFFERENCE * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < SMALL_DIFFERENCE;
}
