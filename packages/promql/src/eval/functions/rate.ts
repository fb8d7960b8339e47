import type { NativeHistogram } from '../../histogram/native-histogram.js';
import { compacted, divided, multiplied, withHint } from '../../histogram/native-histogram.js';
import { type RangeCall, type RangeFunction, type RangeResult, warnMixedKinds } from '../range-call.js';
import { isResetByStartTime, overlapsPrevious } from '../start-time.js';
import { Window } from '../window.js';
import { extendedRate } from './extended-rate.js';
import { sumOverTime } from './over-time.js';
import { addedWithNotes, histogramIncrease } from './rate-histograms.js';

/** What is asked of a range: how much a counter rose, how fast, or how much a gauge changed. */
export type RateKind = 'increase' | 'rate' | 'delta';

export const rate: RangeFunction = (window, call) => evaluate(window, call, 'rate');
export const increase: RangeFunction = (window, call) => evaluate(window, call, 'increase');
export const delta: RangeFunction = (window, call) => evaluate(window, call, 'delta');

function evaluate(window: Window, call: RangeCall, kind: RateKind): RangeResult {
  if (window.floats > 0 && window.histograms > 0) return warnMixedKinds(window, call);
  if (window.samples.isDelta && kind !== 'delta') return rateOfDeltas(window, call, kind);
  if (call.extension !== undefined) return extendedRate(window, call, kind);
  return window.histograms > 0 ? rateOfHistograms(window, call, kind) : rateOfFloats(window, call, kind);
}

/** What was counted in the window. Windows that follow each other have it all, each sample once. */
function rateOfDeltas(window: Window, call: RangeCall, kind: RateKind): RangeResult {
  // With a modifier the window reaches farther than the range.
  const inRange = call.extension === undefined ? window : withinRange(window);
  if (inRange.isEmpty) return undefined;
  const counted = sumOverTime(inRange, call);
  if (counted === undefined) return undefined;
  const divisor = kind === 'rate' ? call.rangeMs / 1000 : 1;
  return typeof counted === 'number' ? counted / divisor : compacted(withHint(divided(counted, divisor), 'gauge'));
}

function withinRange({ samples, labels, startMs, endMs }: Window): Window {
  const inRange = new Window(samples, labels);
  inRange.moveTo(startMs, endMs);
  return inRange;
}

function rateOfFloats(window: Window, call: RangeCall, kind: RateKind): number | undefined {
  const { samples, from, to } = window;
  const { times, values } = samples;
  const isCounter = kind !== 'delta';
  const startTimes = isCounter ? samples.startTimes : undefined;
  const first = values[from]!;
  let result = values[to - 1]! - first;
  if (isCounter) {
    if (startTimes !== undefined) result = correctedByStartTimes(result, window, call, startTimes);
    else result = window.plusResets(result);
  }
  const startMs = startTimes?.[from] ?? 0;
  const isFromStart = startMs !== 0 && startMs > window.startMs && startMs < times[from]!;
  if (isFromStart) result += first;
  else if (to - from === 1) return undefined;
  const reach = { firstMs: times[from]!, lastMs: times[to - 1]!, gaps: to - from - 1 };
  // A counter was 0 once: it is not extended to before that.
  const toZero = isCounter && result > 0 && first >= 0 ? first / result : undefined;
  return result * extrapolation(window, call, kind, reach, isFromStart ? startMs : undefined, toZero);
}

/** Adds the values in front of resets. Start times tell of resets that the values hide. */
function correctedByStartTimes(difference: number, window: Window, call: RangeCall, startTimes: Float64Array): number {
  const { times, values } = window.samples;
  let result = difference;
  let overlapSeen = false;
  for (let at = window.from + 1; at < window.to; at++) {
    const [previousStartMs, startMs] = [startTimes[at - 1]!, startTimes[at]!];
    if (!overlapSeen && overlapsPrevious(previousStartMs, times[at - 1]!, startMs)) {
      call.annotations.startTimeOverlap(window.labels.metricName, call.firstPosition);
      overlapSeen = true;
    }
    const isReset =
      values[at]! < values[at - 1]! || isResetByStartTime(previousStartMs, times[at - 1]!, startMs, times[at]!);
    if (isReset) result += values[at - 1]!;
  }
  return result;
}

function rateOfHistograms(window: Window, call: RangeCall, kind: RateKind): NativeHistogram | undefined {
  const { samples, histogramFrom: from, histogramTo: to } = window;
  const { histogramTimes: times, histograms } = samples;
  const startTimes = kind === 'delta' ? undefined : samples.histogramStartTimes;
  const first = histograms[from]!;
  let result: NativeHistogram | undefined;
  if (to - from > 1) {
    result = histogramIncrease(window, call, kind);
    if (result === undefined) return undefined;
  }
  const startMs = startTimes?.[from] ?? 0;
  const isFromStart = startMs !== 0 && startMs > window.startMs && startMs < times[from]!;
  if (isFromStart) {
    result = result === undefined ? first : addedWithNotes(result, first, window, call);
  }
  if (result === undefined) return undefined;
  const reach = { firstMs: times[from]!, lastMs: times[to - 1]!, gaps: to - from - 1 };
  const mayReachZero = kind !== 'delta' && result.count > 0 && first.count >= 0;
  const toZero = mayReachZero ? first.count / result.count : undefined;
  return multiplied(result, extrapolation(window, call, kind, reach, isFromStart ? startMs : undefined, toZero));
}

interface Reach {
  readonly firstMs: number;
  readonly lastMs: number;
  /** Between samples. */
  readonly gaps: number;
}

/**
 * What the difference between the first and last sample is multiplied by, so that it stands for the whole range. A
 * range whose end is near the samples is taken to be covered; otherwise the series is taken to begin or end half a gap
 * away from them. `toZero` is how far in front of the first sample, in parts of the time between first and last, the
 * counter would have been 0.
 */
function extrapolation(
  window: Window,
  call: RangeCall,
  kind: RateKind,
  { firstMs, lastMs, gaps }: Reach,
  startMs: number | undefined,
  toZero: number | undefined,
): number {
  let toStart = (firstMs - window.startMs) / 1000;
  let toEnd = (window.endMs - lastMs) / 1000;
  let sampled = (lastMs - firstMs) / 1000;
  const gap = gaps > 0 ? sampled / gaps : 0;
  const threshold = gap * 1.1;
  if (startMs !== undefined) {
    toStart = 0;
    sampled = (lastMs - startMs) / 1000;
  } else {
    if (toStart >= threshold) toStart = gap / 2;
    if (toZero !== undefined) toStart = Math.min(toStart, sampled * toZero);
  }
  if (toEnd >= threshold) toEnd = gap / 2;
  const factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
  return kind === 'rate' ? factor / (call.rangeMs / 1000) : factor;
}
