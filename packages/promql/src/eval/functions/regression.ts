import { KahanSum } from '../../data/kahan-sum.js';
import { executionError } from '../../data/query-error.js';
import { noteIgnoredHistograms, type RangeCall, type RangeFunction } from '../range-call.js';
import type { Window } from '../window.js';

/** Whether there are enough floats. Histograms beside them are noted. */
function hasTwoFloats(window: Window, call: RangeCall): boolean {
  if (window.floats > 0 && window.histograms > 0) noteIgnoredHistograms(window, call);
  return window.floats >= 2;
}

export const deriv: RangeFunction = (window, call) => {
  if (!hasTwoFloats(window, call)) return undefined;
  // A time near the samples keeps the sums small.
  return regression(window, window.samples.times[window.from]!).slope;
};

export const predictLinear: RangeFunction = (window, call) => {
  if (!hasTwoFloats(window, call)) return undefined;
  const { slope, intercept } = regression(window, window.stepTimeMs);
  return slope * call.scalars[0]![window.step]! + intercept;
};

/** The line with the least squares of distances, by its slope a second and its value at `originMs`. */
function regression(
  { samples: { times, values }, from, to }: Window,
  originMs: number,
): { slope: number; intercept: number } {
  const first = values[from]!;
  const sums = { x: new KahanSum(), y: new KahanSum(), xy: new KahanSum(), xx: new KahanSum() };
  let isConstant = true;
  for (let at = from; at < to; at++) {
    const x = (times[at]! - originMs) / 1000;
    const y = values[at]!;
    if (y !== first && at > from) isConstant = false;
    sums.x.add(x);
    sums.y.add(y);
    sums.xy.add(x * y);
    sums.xx.add(x * x);
  }
  if (isConstant) {
    return Math.abs(first) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: first };
  }
  const count = to - from;
  const covariance = sums.xy.total - (sums.x.total * sums.y.total) / count;
  const variance = sums.xx.total - (sums.x.total * sums.x.total) / count;
  const slope = covariance / variance;
  return { slope, intercept: sums.y.total / count - (slope * sums.x.total) / count };
}

/** Holt's smoothing with a factor for the level and one for the trend. */
export const doubleExponentialSmoothing: RangeFunction = (window, call) => {
  const smoothing = call.scalars[0]![window.step]!;
  const trend = call.scalars[1]![window.step]!;
  if (smoothing <= 0 || smoothing >= 1) {
    throw executionError(`invalid smoothing factor. Expected: 0 < sf < 1, got: ${smoothing.toFixed(6)}`);
  }
  if (trend <= 0 || trend >= 1) {
    throw executionError(`invalid trend factor. Expected: 0 < tf < 1, got: ${trend.toFixed(6)}`);
  }
  if (!hasTwoFloats(window, call)) return undefined;
  const { values } = window.samples;
  let level = values[window.from]!;
  let previous = 0;
  let slope = values[window.from + 1]! - level;
  for (let at = window.from + 1; at < window.to; at++) {
    if (at > window.from + 1) slope = trend * (level - previous) + (1 - trend) * slope;
    const next = smoothing * values[at]! + (1 - smoothing) * (level + slope);
    previous = level;
    level = next;
  }
  return level;
};
