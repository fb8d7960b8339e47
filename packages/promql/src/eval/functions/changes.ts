import { equalHistograms, type NativeHistogram } from '../../histogram/native-histogram.js';
import { isReset } from '../../histogram/reset.js';
import type { RangeCall, RangeFunction } from '../range-call.js';
import { isResetByStartTime } from '../start-time.js';
import type { Window } from '../window.js';

interface Sample {
  readonly value: number | NativeHistogram;
  readonly timeMs: number;
  readonly startMs: number;
}

/** How often a value differs from the one in front of it. */
export const changes: RangeFunction = (window, call) => {
  if (isPlain(window, call)) return countFloatPairs(window, isFloatChange);
  return countPairs(window, call, ({ value: before }, { value: after }) => {
    if (typeof before === 'number' && typeof after === 'number') return isFloatChange(before, after);
    if (typeof before === 'number' || typeof after === 'number') return true;
    return !equalHistograms(before, after);
  });
};

/** How often a counter was reset. A change between floats and histograms is one. */
export const resets: RangeFunction = (window, call) => {
  if (window.samples.isDelta) return 0;
  if (isPlain(window, call)) return countFloatPairs(window, (before, after) => after < before);
  return countPairs(window, call, (previous, current) => {
    const { value: before } = previous;
    const { value: after } = current;
    if ((typeof before === 'number') !== (typeof after === 'number')) return true;
    if (isResetByStartTime(previous.startMs, previous.timeMs, current.startMs, current.timeMs)) return true;
    return typeof before === 'number' ? (after as number) < before : isReset(after as NativeHistogram, before);
  });
};

function isFloatChange(before: number, after: number): boolean {
  return before !== after && !(Number.isNaN(before) && Number.isNaN(after));
}

/** Nothing but floats: their column can be walked as it is. */
function isPlain({ samples, histograms }: Window, { extension }: RangeCall): boolean {
  return histograms === 0 && extension === undefined && samples.startTimes === undefined;
}

function countFloatPairs(
  { samples: { values }, from, to }: Window,
  counts: (before: number, after: number) => boolean,
): number {
  let count = 0;
  for (let at = from + 1; at < to; at++) if (counts(values[at - 1]!, values[at]!)) count++;
  return count;
}

function countPairs(
  window: Window,
  call: RangeCall,
  counts: (previous: Sample, current: Sample) => boolean,
): number | undefined {
  const samples = samplesInOrder(window);
  const first = call.extension === 'anchored' ? anchorOf(samples, window.startMs) : 0;
  if (first === undefined) return undefined;
  let count = 0;
  for (let at = first + 1; at < samples.length; at++) if (counts(samples[at - 1]!, samples[at]!)) count++;
  return count;
}

/** Place of the last sample at or in front of the range. Undefined when none lies in the range. */
function anchorOf(samples: readonly Sample[], startMs: number): number | undefined {
  const afterStart = samples.findIndex(({ timeMs }) => timeMs > startMs);
  return afterStart === -1 ? undefined : Math.max(0, afterStart - 1);
}

function samplesInOrder({ samples, from, to, histogramFrom, histogramTo }: Window): Sample[] {
  const found: Sample[] = [];
  for (let at = from; at < to; at++) {
    found.push({ value: samples.values[at]!, timeMs: samples.times[at]!, startMs: samples.startTimes?.[at] ?? 0 });
  }
  if (histogramFrom === histogramTo) return found;
  for (let at = histogramFrom; at < histogramTo; at++) {
    const startMs = samples.histogramStartTimes?.[at] ?? 0;
    found.push({ value: samples.histograms[at]!, timeMs: samples.histogramTimes[at]!, startMs });
  }
  return found.sort((left, right) => left.timeMs - right.timeMs);
}
