import { KahanSum } from '../data/kahan-sum.js';
import { CUSTOM_SCHEMA, coarserIndex, exponentialBound } from './bounds.js';
import {
  type Buckets,
  hasCustomBounds,
  type NativeHistogram,
  noBuckets,
  type ResetHint,
  sameBounds,
} from './native-histogram.js';
import { alignedZeroBuckets } from './zero-bucket.js';

/** One histogram has exponential and the other listed bounds. */
export class IncompatibleHistograms extends Error {
  constructor() {
    super('cannot apply this operation on histograms with a mix of exponential and custom bucket schemas');
  }
}

/** What an operation answers, and what its user should be told. */
export interface Combined {
  readonly histogram: NativeHistogram;
  /** What rounding lost of each number of `histogram`, in the same buckets. */
  readonly compensation: NativeHistogram;
  /** One histogram begins behind a counter reset, and the other says that there was none. */
  readonly resetsCollide: boolean;
  /** The listed bounds differed, so that only those of both remain. */
  readonly boundsReconciled: boolean;
}

/** The sum of two histograms. Throws `IncompatibleHistograms`. */
export function added(left: NativeHistogram, right: NativeHistogram): Combined {
  return combine(left, right, undefined, 1);
}

/** The difference. Counts may become negative. Throws `IncompatibleHistograms`. */
export function subtracted(left: NativeHistogram, right: NativeHistogram): Combined {
  return combine(left, right, undefined, -1);
}

/** The sum of `sum`, of which `compensation` is missing, and `right`. Throws `IncompatibleHistograms`. */
export function kahanAdded(
  sum: NativeHistogram,
  compensation: NativeHistogram | undefined,
  right: NativeHistogram,
): Combined {
  return combine(sum, right, compensation, 1);
}

function combine(
  left: NativeHistogram,
  right: NativeHistogram,
  compensation: NativeHistogram | undefined,
  sign: 1 | -1,
): Combined {
  if (hasCustomBounds(left) !== hasCustomBounds(right)) throw new IncompatibleHistograms();
  const { hint, resetsCollide } = combinedHint(left.hint, right.hint);
  const count = new KahanSum(left.count, compensation?.count);
  count.add(sign * right.count);
  const sum = new KahanSum(left.sum, compensation?.sum);
  sum.add(sign * right.sum);
  const parts = hasCustomBounds(left)
    ? combineCustom(left, right, compensation, sign)
    : combineExponential(left, right, compensation, sign);
  const { schema, bounds, zeroThreshold } = parts;
  return {
    histogram: {
      schema,
      bounds,
      zeroThreshold,
      hint,
      count: count.sum,
      sum: sum.sum,
      zeroCount: parts.zero.sum,
      positive: parts.positive.buckets,
      negative: parts.negative.buckets,
    },
    compensation: {
      schema,
      bounds,
      zeroThreshold,
      hint,
      count: count.compensation,
      sum: sum.compensation,
      zeroCount: parts.zero.compensation,
      positive: { indexes: parts.positive.buckets.indexes, counts: parts.positive.compensations },
      negative: { indexes: parts.negative.buckets.indexes, counts: parts.negative.compensations },
    },
    resetsCollide,
    boundsReconciled: !sameBounds(left.bounds, right.bounds),
  };
}

interface Parts {
  readonly schema: number;
  readonly bounds: readonly number[];
  readonly zeroThreshold: number;
  readonly zero: KahanSum;
  readonly positive: SummedBuckets;
  readonly negative: SummedBuckets;
}

interface SummedBuckets {
  readonly buckets: Buckets;
  readonly compensations: readonly number[];
}

function combineExponential(
  left: NativeHistogram,
  right: NativeHistogram,
  compensation: NativeHistogram | undefined,
  sign: 1 | -1,
): Parts {
  const schema = Math.min(left.schema, right.schema);
  const aligned = alignedZeroBuckets(left, compensation, right);
  const zero = new KahanSum(aligned.left.zeroCount, aligned.compensation?.zeroCount);
  zero.add(sign * aligned.rightZeroCount);
  const side = (name: 'positive' | 'negative') => {
    const sums = new BucketSums();
    sums.addAll(
      aligned.left[name],
      1,
      (index) => coarserIndex(index, left.schema, schema),
      aligned.compensation?.[name],
    );
    sums.addAll(
      right[name],
      sign,
      (index) => coarserIndex(index, right.schema, schema),
      undefined,
      (index) => exponentialBound(index, schema) > aligned.left.zeroThreshold,
    );
    return sums.summed();
  };
  return {
    schema,
    bounds: [],
    zeroThreshold: aligned.left.zeroThreshold,
    zero,
    positive: side('positive'),
    negative: side('negative'),
  };
}

function combineCustom(
  left: NativeHistogram,
  right: NativeHistogram,
  compensation: NativeHistogram | undefined,
  sign: 1 | -1,
): Parts {
  const areSame = sameBounds(left.bounds, right.bounds);
  const bounds = areSame ? left.bounds : left.bounds.filter((bound) => right.bounds.includes(bound));
  const targetOf = (from: readonly number[]) => (index: number) => {
    if (areSame) return index;
    const upper = from[index];
    const target = upper === undefined ? -1 : bounds.findIndex((bound) => bound >= upper);
    return target === -1 ? bounds.length : target;
  };
  const sums = new BucketSums();
  sums.addAll(left.positive, 1, targetOf(left.bounds), compensation?.positive);
  sums.addAll(right.positive, sign, targetOf(right.bounds));
  const positive = areSame ? sums.summed() : sums.summedWithoutEmpty();
  const negative = { buckets: noBuckets, compensations: [] };
  return { schema: CUSTOM_SCHEMA, bounds, zeroThreshold: 0, zero: new KahanSum(), positive, negative };
}

/** Counts by bucket, in the order in which they came, sorted at the end. */
class BucketSums {
  readonly #sums = new Map<number, KahanSum>();

  addAll(
    { indexes, counts }: Buckets,
    sign: 1 | -1,
    targetOf: (index: number) => number,
    compensations?: Buckets,
    isWanted: (index: number) => boolean = () => true,
  ): void {
    for (const [at, index] of indexes.entries()) {
      const target = targetOf(index);
      if (!isWanted(target)) continue;
      const sum = this.#sums.get(target);
      if (sum === undefined) {
        this.#sums.set(target, new KahanSum(sign * counts[at]!, sign * (compensations?.counts[at] ?? 0)));
        continue;
      }
      sum.add(sign * counts[at]!);
      if (compensations !== undefined) sum.add(sign * compensations.counts[at]!);
    }
  }

  summed(): SummedBuckets {
    const sorted = [...this.#sums].sort(([left], [right]) => left - right);
    return {
      buckets: { indexes: sorted.map(([index]) => index), counts: sorted.map(([, { sum }]) => sum) },
      compensations: sorted.map(([, { compensation }]) => compensation),
    };
  }

  summedWithoutEmpty(): SummedBuckets {
    for (const [index, { sum, compensation }] of this.#sums) {
      if (sum === 0 && compensation === 0) this.#sums.delete(index);
    }
    return this.summed();
  }
}

/** Gauges win, then the unknown. A reset and its denial give neither. */
function combinedHint(left: ResetHint, right: ResetHint): { hint: ResetHint; resetsCollide: boolean } {
  if (left === right) return { hint: left, resetsCollide: false };
  if (left === 'gauge' || right === 'gauge') return { hint: 'gauge', resetsCollide: false };
  return { hint: 'unknown', resetsCollide: left !== 'unknown' && right !== 'unknown' };
}
