import { CUSTOM_SCHEMA, coarserIndex } from './bounds.js';

/** What is known of a counter reset between a histogram and the one in front of it. */
export type ResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge';

/** Populated buckets of one sign: their indexes in rising order, and as many counts. Both are never changed. */
export interface Buckets {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

/**
 * A native histogram with float counts. Buckets have exponential bounds by `schema`, or those listed in `bounds` with
 * the schema -53. A value of the evaluation: operations return new histograms.
 */
export interface NativeHistogram {
  readonly schema: number;
  readonly count: number;
  readonly sum: number;
  /** Values from `-zeroThreshold` to `zeroThreshold` are in the zero bucket. */
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
  /** Upper bounds of buckets with the custom schema, rising; empty otherwise. */
  readonly bounds: readonly number[];
  readonly hint: ResetHint;
}

export const noBuckets: Buckets = { indexes: [], counts: [] };

export function hasCustomBounds({ schema }: NativeHistogram): boolean {
  return schema === CUSTOM_SCHEMA;
}

export function sameBounds(left: readonly number[], right: readonly number[]): boolean {
  return left.length === right.length && left.every((bound, index) => bound === right[index]);
}

/** Every count and the sum times `factor`. A negative histogram can only be a gauge. */
export function multiplied(histogram: NativeHistogram, factor: number): NativeHistogram {
  return scaled(histogram, (count) => count * factor, factor < 0 ? 'gauge' : histogram.hint);
}

/** Every count and the sum divided. A division by 0 leaves no buckets. */
export function divided(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const quotient = scaled(histogram, (count) => count / divisor, divisor < 0 ? 'gauge' : histogram.hint);
  return divisor === 0 ? { ...quotient, hint: histogram.hint, positive: noBuckets, negative: noBuckets } : quotient;
}

function scaled(histogram: NativeHistogram, scale: (count: number) => number, hint: ResetHint): NativeHistogram {
  return {
    ...histogram,
    count: scale(histogram.count),
    sum: scale(histogram.sum),
    // There is no zero bucket among listed ones; 0 / 0 would make it look as if there were.
    zeroCount: hasCustomBounds(histogram) ? 0 : scale(histogram.zeroCount),
    positive: { indexes: histogram.positive.indexes, counts: histogram.positive.counts.map(scale) },
    negative: { indexes: histogram.negative.indexes, counts: histogram.negative.counts.map(scale) },
    hint,
  };
}

export function withHint(histogram: NativeHistogram, hint: ResetHint): NativeHistogram {
  return histogram.hint === hint ? histogram : { ...histogram, hint };
}

/** Without buckets that count nothing. */
export function compacted(histogram: NativeHistogram): NativeHistogram {
  const positive = withoutEmpty(histogram.positive);
  const negative = withoutEmpty(histogram.negative);
  if (positive === histogram.positive && negative === histogram.negative) return histogram;
  return { ...histogram, positive, negative };
}

function withoutEmpty(buckets: Buckets): Buckets {
  if (!buckets.counts.includes(0)) return buckets;
  return {
    indexes: buckets.indexes.filter((_, at) => buckets.counts[at] !== 0),
    counts: buckets.counts.filter((count) => count !== 0),
  };
}

/** With the buckets of a schema of lower resolution. Hints are about the buckets, so that they are lost. */
export function coarsened(histogram: NativeHistogram, schema: number): NativeHistogram {
  if (schema === histogram.schema) return histogram;
  return {
    ...histogram,
    schema,
    positive: coarserBuckets(histogram.positive, histogram.schema, schema),
    negative: coarserBuckets(histogram.negative, histogram.schema, schema),
    hint: 'unknown',
  };
}

export function coarserBuckets({ indexes, counts }: Buckets, schema: number, coarser: number): Buckets {
  if (schema === coarser) return { indexes, counts };
  const merged: { indexes: number[]; counts: number[] } = { indexes: [], counts: [] };
  for (const [at, index] of indexes.entries()) {
    const target = coarserIndex(index, schema, coarser);
    if (merged.indexes.at(-1) === target) merged.counts[merged.counts.length - 1]! += counts[at]!;
    else {
      merged.indexes.push(target);
      merged.counts.push(counts[at]!);
    }
  }
  return merged;
}

/** Whether the histograms hold the same data: the same buckets, empty ones included. NaN equals NaN here. */
export function equalHistograms(left: NativeHistogram, right: NativeHistogram): boolean {
  return (
    left.schema === right.schema &&
    Object.is(left.count, right.count) &&
    Object.is(left.sum, right.sum) &&
    left.zeroThreshold === right.zeroThreshold &&
    Object.is(left.zeroCount, right.zeroCount) &&
    (!hasCustomBounds(left) || sameBounds(left.bounds, right.bounds)) &&
    equalBuckets(left.positive, right.positive) &&
    equalBuckets(left.negative, right.negative)
  );
}

function equalBuckets(left: Buckets, right: Buckets): boolean {
  return (
    left.indexes.length === right.indexes.length &&
    left.indexes.every((index, at) => index === right.indexes[at]) &&
    left.counts.every((count, at) => Object.is(count, right.counts[at]))
  );
}

export function hasOverflow(histogram: NativeHistogram): boolean {
  const { count, sum, zeroCount, positive, negative, bounds } = histogram;
  return [count, sum, zeroCount, ...positive.counts, ...negative.counts, ...bounds].some(
    (value) => value === Infinity || value === -Infinity,
  );
}

/** How many float samples the histogram counts as, where samples are limited: Prometheus's 16 bytes each. */
export function sampleWeight({ positive, negative, bounds }: NativeHistogram): number {
  const numbers = positive.counts.length + negative.counts.length + bounds.length;
  return Math.floor((176 + 8 * (numbers + runs(positive) + runs(negative))) / 16);
}

function runs({ indexes }: Buckets): number {
  return indexes.reduce((count, index, at) => (at > 0 && indexes[at - 1] === index - 1 ? count : count + 1), 0);
}
