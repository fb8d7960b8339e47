import { KahanSum, meanOf, sumOf } from '../../data/kahan-sum.js';
import { HistogramMean, HistogramSum } from '../../histogram/aggregate.js';
import { IncompatibleHistograms } from '../../histogram/combine.js';
import type { NativeHistogram } from '../../histogram/native-histogram.js';
import { general } from '../../syntax/go-text.js';
import { conflictingResets, mixedSchemas, reconciled } from '../../vector/aggregate-histograms.js';
import { quantileOf } from '../../vector/quantile.js';
import { noteIgnoredHistograms, type RangeCall, type RangeFunction, warnMixedKinds } from '../range-call.js';
import type { Window } from '../window.js';

export const sumOverTime: RangeFunction = (window, call) => {
  if (window.floats > 0 && window.histograms > 0) return warnMixedKinds(window, call);
  if (window.floats === 0) return foldHistograms(window, call, (first) => new HistogramSum(first));
  return sumOf(window.samples.values, window.from, window.to);
};

export const avgOverTime: RangeFunction = (window, call) => {
  if (window.floats > 0 && window.histograms > 0) return warnMixedKinds(window, call);
  if (window.floats === 0) return foldHistograms(window, call, (first) => new HistogramMean(first));
  return meanOf(window.samples.values, window.from, window.to);
};

function foldHistograms(
  { samples, histogramFrom, histogramTo, labels }: Window,
  { annotations, firstPosition }: RangeCall,
  begin: (first: NativeHistogram) => HistogramSum | HistogramMean,
): NativeHistogram | undefined {
  const fold = begin(samples.histograms[histogramFrom]!);
  try {
    for (let at = histogramFrom + 1; at < histogramTo; at++) fold.add(samples.histograms[at]!);
  } catch (error) {
    if (!(error instanceof IncompatibleHistograms)) throw error;
    annotations.warn(mixedSchemas(labels.metricName), firstPosition);
    return undefined;
  }
  const { resetSeen, noResetSeen, boundsReconciled } = fold.findings;
  if (resetSeen && noResetSeen) annotations.warn(conflictingResets('aggregation'), firstPosition);
  if (boundsReconciled) annotations.info(reconciled('aggregation'), firstPosition);
  return fold.value;
}

export const countOverTime: RangeFunction = (window) => window.floats + window.histograms;

export const presentOverTime: RangeFunction = () => 1;

export const firstOverTime: RangeFunction = ({ samples, from, to, histogramFrom, histogramTo }) => {
  const hasFloat = from < to;
  if (histogramFrom === histogramTo) return samples.values[from]!;
  const isFloatFirst = hasFloat && samples.times[from]! < samples.histogramTimes[histogramFrom]!;
  return isFloatFirst ? samples.values[from]! : samples.histograms[histogramFrom]!;
};

export const lastOverTime: RangeFunction = ({ samples, from, to, histogramFrom, histogramTo }) => {
  const hasFloat = from < to;
  if (histogramFrom === histogramTo) return samples.values[to - 1]!;
  const isFloatLast = hasFloat && samples.times[to - 1]! > samples.histogramTimes[histogramTo - 1]!;
  return isFloatLast ? samples.values[to - 1]! : samples.histograms[histogramTo - 1]!;
};

export const timeOfFirst: RangeFunction = ({ samples, from, to, histogramFrom, histogramTo }) => {
  const float = from < to ? samples.times[from]! : Infinity;
  const histogram = histogramFrom < histogramTo ? samples.histogramTimes[histogramFrom]! : Infinity;
  return Math.min(float, histogram) / 1000;
};

export const timeOfLast: RangeFunction = ({ samples, from, to, histogramFrom, histogramTo }) => {
  const float = from < to ? samples.times[to - 1]! : 0;
  const histogram = histogramFrom < histogramTo ? samples.histogramTimes[histogramTo - 1]! : 0;
  return Math.max(float, histogram) / 1000;
};

/** A function of the floats alone. Histograms beside them are noted, and without floats there is no value. */
function ofFloats(evaluate: (values: Float64Array, window: Window, call: RangeCall) => number): RangeFunction {
  return (window, call) => {
    if (window.floats === 0) return undefined;
    if (window.histograms > 0) noteIgnoredHistograms(window, call);
    return evaluate(window.samples.values, window, call);
  };
}

/** Place of the value that no other is better than. NaN loses against every number. */
function extremeAt(
  values: Float64Array,
  from: number,
  to: number,
  isBetter: (value: number, best: number) => boolean,
): number {
  let best = from;
  for (let at = from; at < to; at++) {
    if (isBetter(values[at]!, values[best]!) || Number.isNaN(values[best]!)) best = at;
  }
  return best;
}

export const maxOverTime = ofFloats((values, { from, to }) => values[extremeAt(values, from, to, (a, b) => a > b)]!);
export const minOverTime = ofFloats((values, { from, to }) => values[extremeAt(values, from, to, (a, b) => a < b)]!);
/** Of equal values the last one counts. */
export const timeOfMax = ofFloats(
  (values, { from, to, samples }) => samples.times[extremeAt(values, from, to, (a, b) => a >= b)]! / 1000,
);
export const timeOfMin = ofFloats(
  (values, { from, to, samples }) => samples.times[extremeAt(values, from, to, (a, b) => a <= b)]! / 1000,
);

/** After Welford, with Kahan's sums. */
function varianceOf(values: Float64Array, { from, to }: Window): number {
  let count = 0;
  const mean = new KahanSum();
  const squares = new KahanSum();
  for (let at = from; at < to; at++) {
    const value = values[at]!;
    count++;
    const delta = value - mean.total;
    mean.add(delta / count);
    squares.add(delta * (value - mean.total));
  }
  return squares.total / count;
}

export const stdvarOverTime = ofFloats(varianceOf);
export const stddevOverTime = ofFloats((values, window) => Math.sqrt(varianceOf(values, window)));

export const quantileOverTime = ofFloats((values, { from, to, step }, { annotations, firstPosition, scalars }) => {
  const q = scalars[0]![step]!;
  if (!(q >= 0 && q <= 1)) {
    annotations.warn(`quantile value should be between 0 and 1, got ${general(q)}`, firstPosition);
  }
  return quantileOf(q, values.slice(from, to));
});

/** The median of the distances from the median. */
export const madOverTime = ofFloats((values, { from, to }) => {
  const window = values.slice(from, to);
  if (window.some(Number.isNaN)) return NaN;
  const median = quantileOf(0.5, window);
  return quantileOf(
    0.5,
    window.map((value) => Math.abs(value - median)),
  );
});
