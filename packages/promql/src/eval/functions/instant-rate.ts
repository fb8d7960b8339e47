import { IncompatibleHistograms, subtracted } from '../../histogram/combine.js';
import { compacted, divided, type NativeHistogram, withHint } from '../../histogram/native-histogram.js';
import { isReset } from '../../histogram/reset.js';
import { mixedSchemas, reconciled } from '../../vector/aggregate-histograms.js';
import { type RangeCall, type RangeFunction, type RangeResult, warnMixedKinds } from '../range-call.js';
import { isResetByStartTime } from '../start-time.js';
import type { Window } from '../window.js';
import { warnNotCounter, warnNotGauge } from './rate-histograms.js';

export const irate: RangeFunction = (window, call) => evaluate(window, call, 'irate');
export const idelta: RangeFunction = (window, call) => evaluate(window, call, 'idelta');

interface Sample {
  readonly timeMs: number;
  readonly startMs: number;
  readonly value: number | NativeHistogram;
}

/** Positions in these annotations are those of all arguments. */
function atArguments(call: RangeCall): RangeCall {
  return { ...call, firstPosition: call.argumentsPosition };
}

function evaluate(window: Window, call: RangeCall, kind: 'irate' | 'idelta'): RangeResult {
  if (window.floats + window.histograms < 2) return undefined;
  const [previous, last] = lastTwo(window);
  const seconds = (last.timeMs - previous.timeMs) / 1000;
  if (seconds === 0) return undefined;
  const { value: before } = previous;
  const { value: after } = last;
  // What is counted anew by each sample begins at 0 each time.
  const isResetKnown =
    kind === 'irate' &&
    (window.samples.isDelta || isResetByStartTime(previous.startMs, previous.timeMs, last.startMs, last.timeMs));
  if (typeof before === 'number' && typeof after === 'number') {
    // Behind a reset a counter began at 0.
    const change = kind === 'irate' && (after < before || isResetKnown) ? after : after - before;
    return kind === 'irate' ? change / seconds : change;
  }
  if (typeof before === 'number' || typeof after === 'number') return warnMixedKinds(window, atArguments(call));
  const isGauge = [before, after].map(({ hint }) => hint === 'gauge');
  if (kind === 'irate' && isGauge.includes(true)) warnNotCounter(window, atArguments(call));
  if (kind === 'idelta' && isGauge.includes(false)) warnNotGauge(window, atArguments(call));
  const isAnew = kind === 'irate' && (isResetKnown || isReset(after, before));
  const change = isAnew ? after : difference(after, before, window, call);
  if (change === undefined) return undefined;
  const result = compacted(withHint(change, 'gauge'));
  return kind === 'irate' ? divided(result, seconds) : result;
}

function difference(
  after: NativeHistogram,
  before: NativeHistogram,
  { labels }: Window,
  { annotations, argumentsPosition }: RangeCall,
): NativeHistogram | undefined {
  try {
    const { histogram, boundsReconciled } = subtracted(after, before);
    if (boundsReconciled) annotations.info(reconciled('subtraction'), argumentsPosition);
    return histogram;
  } catch (error) {
    if (!(error instanceof IncompatibleHistograms)) throw error;
    annotations.warn(mixedSchemas(labels.metricName), argumentsPosition);
    return undefined;
  }
}

/** The last two samples of either kind, in the order of their times. */
function lastTwo({ samples, from, to, histogramFrom, histogramTo }: Window): [Sample, Sample] {
  const found: Sample[] = [];
  for (let at = Math.max(from, to - 2); at < to; at++) {
    found.push({ timeMs: samples.times[at]!, startMs: samples.startTimes?.[at] ?? 0, value: samples.values[at]! });
  }
  for (let at = Math.max(histogramFrom, histogramTo - 2); at < histogramTo; at++) {
    const timeMs = samples.histogramTimes[at]!;
    const startMs = samples.histogramStartTimes?.[at] ?? 0;
    found.push({ timeMs, startMs, value: samples.histograms[at]! });
  }
  found.sort((left, right) => left.timeMs - right.timeMs);
  return [found.at(-2)!, found.at(-1)!];
}
