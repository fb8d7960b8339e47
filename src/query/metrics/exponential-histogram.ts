// Exponential histograms of OTLP → native histograms of Prometheus.

import { type Buckets, type NativeHistogram, noBuckets } from '#promql/histogram/native-histogram';

/** The resolutions that native histograms have. */
const MIN_SCALE = -4;
const MAX_SCALE = 8;
/** Prometheus takes this width of the zero bucket whatever the sender says. */
const ZERO_THRESHOLD = 1e-128;

export interface ExponentialPoint {
  readonly count: number;
  readonly sum: number;
  readonly scale: number;
  readonly zeroCount: number;
  readonly positiveOffset: number;
  readonly positive: Float64Array;
  readonly negativeOffset: number;
  readonly negative: Float64Array;
}

/** The histogram; undefined for one of so low a resolution that there is no native one. Prometheus refuses it. */
export function nativeHistogram(point: ExponentialPoint): NativeHistogram | undefined {
  if (point.scale < MIN_SCALE) return undefined;
  const schema = Math.min(point.scale, MAX_SCALE);
  const down = point.scale - schema;
  return {
    schema,
    count: point.count,
    sum: point.sum,
    zeroThreshold: ZERO_THRESHOLD,
    zeroCount: point.zeroCount,
    positive: bucketsOf(point.positive, point.positiveOffset, down),
    negative: bucketsOf(point.negative, point.negativeOffset, down),
    bounds: [],
    hint: 'unknown',
  };
}

/** OTLP numbers buckets by their lower bound and Prometheus by their upper one. `2 ** down` buckets become one. */
function bucketsOf(counts: Float64Array, offset: number, down: number): Buckets {
  const indexes: number[] = [];
  const merged: number[] = [];
  for (let at = 0; at < counts.length; at++) {
    if (counts[at] === 0) continue;
    const index = Math.floor((offset + at) / 2 ** down) + 1;
    if (indexes.at(-1) === index) merged[merged.length - 1]! += counts[at]!;
    else {
      indexes.push(index);
      merged.push(counts[at]!);
    }
  }
  return indexes.length === 0 ? noBuckets : { indexes, counts: merged };
}
