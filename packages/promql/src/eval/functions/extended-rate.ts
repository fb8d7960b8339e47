import { IncompatibleHistograms } from '../../histogram/combine.js';
import {
  compacted,
  divided,
  hasCustomBounds,
  type NativeHistogram,
  withHint,
} from '../../histogram/native-histogram.js';
import { isReset } from '../../histogram/reset.js';
import { interpolatedFloat, interpolatedHistogram } from '../interpolate.js';
import type { RangeCall, RangeResult } from '../range-call.js';
import type { Window } from '../window.js';
import type { RateKind } from './rate.js';
import {
  addedWithNotes,
  subtractedWithNotes,
  warnMixedSchemas,
  warnNotCounter,
  warnNotGauge,
} from './rate-histograms.js';

/**
 * `rate` and its like with `anchored`, which measures from the last sample in front of the range, or `smoothed`, which
 * measures between the values that lines through the samples have at both ends. Nothing is extrapolated.
 */
export function extendedRate(window: Window, call: RangeCall, kind: RateKind): RangeResult {
  return window.histograms > 0 ? rateOfHistograms(window, call, kind) : rateOfFloats(window, call, kind);
}

interface Ends {
  /** Place of the sample at or in front of the start of the range, or of the first. */
  first: number;
  /** Place of the last sample, for `smoothed` of the first at or behind the end of the range. */
  last: number;
}

/** Undefined when no sample lies behind the start of the range. */
export function endsOf(
  times: Float64Array,
  from: number,
  to: number,
  { startMs, endMs }: Window,
  extension: 'anchored' | 'smoothed' | undefined,
): Ends | undefined {
  let last = to - 1;
  let afterStart = from;
  while (afterStart < last && times[afterStart]! <= startMs) afterStart++;
  const first = Math.max(from, afterStart - 1);
  if (extension === 'smoothed') {
    let atEnd = from;
    while (atEnd < last && times[atEnd]! < endMs) atEnd++;
    last = atEnd;
  }
  if (times[last]! <= startMs) return undefined;
  return extension === 'smoothed' && times[first]! > endMs ? undefined : { first, last };
}

function rateOfFloats(window: Window, call: RangeCall, kind: RateKind): number | undefined {
  const { times, values } = window.samples;
  const ends = endsOf(times, window.from, window.to, window, call.extension);
  if (ends === undefined) return undefined;
  const { first, last } = ends;
  const isCounter = kind !== 'delta';
  const [left, right] = boundaryValues(window, ends, call.extension, isCounter ? 'counter' : 'gauge');
  let result = right - left;
  if (isCounter) {
    let correction = 0;
    let previous = left;
    for (let at = first; at <= last; at++) {
      // The values at the ends stand for the samples there.
      if ((at === first && times[at]! <= window.startMs) || (at === last && times[at]! >= window.endMs)) continue;
      if (values[at]! < previous) correction += previous;
      previous = values[at]!;
    }
    if (right < previous) correction += previous;
    result += correction;
  }
  return kind === 'rate' ? result / (call.rangeMs / 1000) : result;
}

/** The values at the start and the end of the range. */
export function boundaryValues(
  { samples: { times, values }, from, startMs, endMs }: Window,
  { first, last }: Ends,
  extension: 'anchored' | 'smoothed' | undefined,
  kind: 'counter' | 'gauge',
): [number, number] {
  const isSmoothed = extension === 'smoothed';
  const between = (before: number, timeMs: number) =>
    interpolatedFloat(times[before]!, values[before]!, times[before + 1]!, values[before + 1]!, timeMs, kind);
  const left = isSmoothed && times[first]! < startMs ? between(first, startMs) : values[first]!;
  const right = isSmoothed && last > from && times[last]! > endMs ? between(last - 1, endMs) : values[last]!;
  return [left, right];
}

function rateOfHistograms(window: Window, call: RangeCall, kind: RateKind): NativeHistogram | undefined {
  const { histogramTimes: times, histograms } = window.samples;
  const ends = endsOf(times, window.histogramFrom, window.histogramTo, window, call.extension);
  if (ends === undefined) return undefined;
  const isCounter = kind !== 'delta';
  if (!areAlike(histograms.slice(ends.first, ends.last + 1), isCounter, window, call)) return undefined;
  const boundaries = boundaryHistograms(window, ends, call, isCounter);
  if (boundaries === undefined) return undefined;
  const [left, right] = boundaries;
  if (!isCounter && boundaries.some(({ hint }) => hint !== 'gauge')) warnNotGauge(window, call);
  let result = subtractedWithNotes(right, left, window, call);
  for (const lost of isCounter ? lostToResets(window, ends, call.extension, left, right) : []) {
    result &&= addedWithNotes(result, lost, window, call);
  }
  if (result === undefined) return undefined;
  if (kind === 'rate') result = divided(result, call.rangeMs / 1000);
  return compacted(withHint(result, 'gauge'));
}

function areAlike(
  histograms: readonly NativeHistogram[],
  isCounter: boolean,
  window: Window,
  call: RangeCall,
): boolean {
  for (const histogram of histograms) {
    if (hasCustomBounds(histogram) !== hasCustomBounds(histograms[0]!)) {
      warnMixedSchemas(window, call);
      return false;
    }
    if (isCounter && histogram.hint === 'gauge') warnNotCounter(window, call);
  }
  return true;
}

function boundaryHistograms(
  window: Window,
  { first, last }: Ends,
  { annotations, extension, firstPosition }: RangeCall,
  isCounter: boolean,
): [NativeHistogram, NativeHistogram] | undefined {
  const { histogramTimes: times, histograms } = window.samples;
  const isSmoothed = extension === 'smoothed';
  const kind = isCounter ? 'counter' : 'gauge';
  const between = (before: number, timeMs: number) =>
    interpolatedHistogram(
      times[before]!,
      histograms[before]!,
      times[before + 1]!,
      histograms[before + 1]!,
      timeMs,
      kind,
      annotations,
      firstPosition,
    );
  try {
    const isLeftBetween = isSmoothed && times[first]! < window.startMs;
    const left = isLeftBetween ? between(first, window.startMs) : histograms[first]!;
    const isRightBetween = isSmoothed && last > window.histogramFrom && times[last]! > window.endMs;
    const right = isRightBetween ? between(last - 1, window.endMs) : histograms[last]!;
    return [left, right];
  } catch (error) {
    if (!(error instanceof IncompatibleHistograms)) throw error;
    return undefined;
  }
}

/** The histograms in front of resets, from one end of the range to the other. */
function lostToResets(
  { samples: { histogramTimes: times, histograms }, startMs }: Window,
  { first, last }: Ends,
  extension: 'anchored' | 'smoothed' | undefined,
  left: NativeHistogram,
  right: NativeHistogram,
): NativeHistogram[] {
  let at = first + 1;
  let previous = left;
  const isLeftBetween = extension === 'smoothed' && times[first]! < startMs;
  if (isLeftBetween && isReset(histograms[first + 1]!, histograms[first]!)) {
    // The value at the start was taken from behind this reset already.
    previous = histograms[first + 1]!;
    at++;
  }
  // `right` stands for the last sample, so that the loop ends in front of it.
  if (at > last) return [];
  const lost: NativeHistogram[] = [];
  for (; at < last; at++) {
    if (isReset(histograms[at]!, previous)) lost.push(previous);
    previous = histograms[at]!;
  }
  if (isReset(right, previous)) lost.push(previous);
  return lost;
}
