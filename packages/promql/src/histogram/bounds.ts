/** Schema of buckets whose bounds are listed, as classic histograms have them. */
export const CUSTOM_SCHEMA = -53;
export const SMALLEST_SCHEMA = -4;
export const LARGEST_SCHEMA = 8;

/** Lower bounds of the buckets between 0.5 and 1, by schema. A power of two has `2^schema` buckets. */
const fractions: readonly Float64Array[] = Array.from({ length: LARGEST_SCHEMA + 1 }, (_, schema) =>
  Float64Array.from({ length: 2 ** schema }, (_each, index) => 0.5 * 2 ** (index / 2 ** schema)),
);

/**
 * Upper bound of the exponential bucket `index`: `2^(index * 2^-schema)`. The bucket that would end at 2^1024 ends at
 * the largest float, because the one behind it counts infinities.
 */
export function exponentialBound(index: number, schema: number): number {
  if (schema < 0) {
    const exponent = index * 2 ** -schema;
    return exponent === 1024 ? Number.MAX_VALUE : 2 ** exponent;
  }
  const buckets = 2 ** schema;
  const fraction = fractions[schema]![((index % buckets) + buckets) % buckets]!;
  const exponent = Math.floor(index / buckets) + 1;
  if (fraction === 0.5 && exponent === 1025) return Number.MAX_VALUE;
  // In two steps: 2^exponent alone overflows for the last buckets, and underflows early for the first.
  return fraction * 2 ** Math.trunc(exponent / 2) * 2 ** (exponent - Math.trunc(exponent / 2));
}

/** Upper bound of the bucket `index` with listed bounds. The bucket behind the last bound has none, nor has -1. */
export function customBound(index: number, bounds: readonly number[]): number {
  if (index >= bounds.length) return Infinity;
  return index < 0 ? -Infinity : bounds[index]!;
}

/** Index in a schema of lower resolution of the bucket that holds the bucket `index`. */
export function coarserIndex(index: number, schema: number, coarser: number): number {
  return Math.floor((index - 1) / 2 ** (schema - coarser)) + 1;
}
