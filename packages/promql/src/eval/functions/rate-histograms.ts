import { added, type Combined, IncompatibleHistograms, subtracted } from '../../histogram/combine.js';
import {
  coarsened,
  compacted,
  hasCustomBounds,
  type NativeHistogram,
  noBuckets,
  withHint,
} from '../../histogram/native-histogram.js';
import { isReset } from '../../histogram/reset.js';
import { quoted } from '../../syntax/go-text.js';
import { mixedSchemas, reconciled } from '../../vector/aggregate-histograms.js';
import type { RangeCall } from '../range-call.js';
import { isResetByStartTime, overlapsPrevious } from '../start-time.js';
import type { Window } from '../window.js';
import type { RateKind } from './rate.js';

/**
 * The difference between the last and the first histogram of a window of at least two, plus what resets took away.
 * Undefined, with an annotation, when their buckets do not fit together.
 */
export function histogramIncrease(window: Window, call: RangeCall, kind: RateKind): NativeHistogram | undefined {
  const histograms = window.samples.histograms.slice(window.histogramFrom, window.histogramTo);
  const isCounter = kind !== 'delta';
  const last = histograms.at(-1)!;
  let first = histograms[0]!;
  if (isCounter && [first, last].some(({ hint }) => hint === 'gauge')) warnNotCounter(window, call);
  // The first histogram is not looked at when a reset follows it, so that its buckets need not fit.
  if (isCounter && isResetAt(window, histograms, 1)) first = emptyLike(histograms[1]!);
  if (hasCustomBounds(last) !== hasCustomBounds(first)) return warnMixedSchemas(window, call);
  let schema = Math.min(last.schema, first.schema);
  for (const histogram of isCounter ? histograms.slice(1, -1) : []) {
    if (histogram.hint === 'gauge') warnNotCounter(window, call);
    schema = Math.min(schema, histogram.schema);
    if (hasCustomBounds(histogram) !== hasCustomBounds(first)) return warnMixedSchemas(window, call);
  }
  let result = noted(subtracted(coarsened(last, schema), first), 'subtraction', call);
  if (isCounter) {
    const corrected = withResets(result, first, histograms, window, call);
    if (corrected === undefined) return undefined;
    result = corrected;
  } else if ([histograms[0]!, last].some(({ hint }) => hint !== 'gauge')) {
    warnNotGauge(window, call);
  }
  return compacted(withHint(result, 'gauge'));
}

function withResets(
  difference: NativeHistogram,
  first: NativeHistogram,
  histograms: readonly NativeHistogram[],
  window: Window,
  call: RangeCall,
): NativeHistogram | undefined {
  const { histogramTimes: times, histogramStartTimes: startTimes } = window.samples;
  let result = difference;
  let previous = first;
  let overlapSeen = false;
  for (let index = 1; index < histograms.length; index++) {
    const at = window.histogramFrom + index;
    if (
      startTimes !== undefined &&
      !overlapSeen &&
      overlapsPrevious(startTimes[at - 1]!, times[at - 1]!, startTimes[at]!)
    ) {
      call.annotations.startTimeOverlap(window.labels.metricName, call.firstPosition);
      overlapSeen = true;
    }
    const current = histograms[index]!;
    if (isResetByStart(window, index) || isReset(current, previous)) {
      result = noted(added(result, previous), 'addition', call);
    }
    previous = current;
  }
  return result;
}

function isResetAt(window: Window, histograms: readonly NativeHistogram[], index: number): boolean {
  return isResetByStart(window, index) || isReset(histograms[index]!, histograms[index - 1]!);
}

function isResetByStart({ samples, histogramFrom }: Window, index: number): boolean {
  const { histogramTimes: times, histogramStartTimes: startTimes } = samples;
  if (startTimes === undefined) return false;
  const at = histogramFrom + index;
  return isResetByStartTime(startTimes[at - 1]!, times[at - 1]!, startTimes[at]!, times[at]!);
}

function emptyLike({ schema, bounds }: NativeHistogram): NativeHistogram {
  return {
    schema,
    bounds,
    count: 0,
    sum: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: noBuckets,
    negative: noBuckets,
    hint: 'unknown',
  };
}

/** The sum, or nothing with an annotation. */
export function addedWithNotes(
  left: NativeHistogram,
  right: NativeHistogram,
  window: Window,
  call: RangeCall,
): NativeHistogram | undefined {
  return combinedWithNotes(() => added(left, right), 'addition', window, call);
}

export function subtractedWithNotes(
  left: NativeHistogram,
  right: NativeHistogram,
  window: Window,
  call: RangeCall,
): NativeHistogram | undefined {
  return combinedWithNotes(() => subtracted(left, right), 'subtraction', window, call);
}

function combinedWithNotes(
  combine: () => Combined,
  operation: 'addition' | 'subtraction',
  window: Window,
  call: RangeCall,
): NativeHistogram | undefined {
  try {
    return noted(combine(), operation, call);
  } catch (error) {
    if (!(error instanceof IncompatibleHistograms)) throw error;
    return warnMixedSchemas(window, call);
  }
}

/** Conflicting hints are not told: resets are looked for one by one here. */
function noted(
  { histogram, boundsReconciled }: Combined,
  operation: 'addition' | 'subtraction',
  { annotations, firstPosition }: RangeCall,
): NativeHistogram {
  if (boundsReconciled) annotations.info(reconciled(operation), firstPosition);
  return histogram;
}

export function warnMixedSchemas({ labels }: Window, { annotations, firstPosition }: RangeCall): undefined {
  annotations.warn(mixedSchemas(labels.metricName), firstPosition);
}

export function warnNotCounter(window: Window, { annotations, firstPosition }: RangeCall): void {
  annotations.warn(`this native histogram metric is not a counter: ${quoted(window.labels.metricName)}`, firstPosition);
}

export function warnNotGauge(window: Window, { annotations, firstPosition }: RangeCall): void {
  annotations.warn(`this native histogram metric is not a gauge: ${quoted(window.labels.metricName)}`, firstPosition);
}
