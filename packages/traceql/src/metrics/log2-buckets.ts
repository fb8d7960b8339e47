// Histograms whose buckets are powers of two. A bucket is named by its upper bound, which belongs to it.

/** How many spans each bucket has. */
export type Buckets = ReadonlyMap<number, number>;

/** Less is not told apart: numbers below are left out. */
const LEAST = 2;

/** The bucket of a number, or undefined for one that has none. */
export function bucketOf(value: number): number | undefined {
  if (!(value >= LEAST) || value === Infinity) return undefined;
  const bucket = 2 ** Math.ceil(Math.log2(value));
  // The logarithm of a number just above a power of two may be rounded down to it.
  return bucket < value ? bucket * 2 : bucket;
}

/** The value below which a part of the spans lies, interpolated exponentially within its bucket. 0 for no spans. */
export function quantileOf(quantile: number, buckets: Buckets): number {
  const sorted = [...buckets].filter(([, count]) => count > 0).sort(([left], [right]) => left - right);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return 0;
  // Rounded up, as a quantile of few spans would otherwise stay below all of them.
  const wanted = Math.max(1, Math.ceil(quantile * total));
  let below = 0;
  for (const [index, [bound, count]] of sorted.entries()) {
    if (below + count === wanted) return bound;
    if (below + count > wanted) {
      const least = index === 0 ? bound / 2 : sorted[index - 1]![0];
      return least * (bound / least) ** ((wanted - below) / count);
    }
    below += count;
  }
  return sorted.at(-1)![0];
}
