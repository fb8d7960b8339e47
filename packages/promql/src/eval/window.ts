import type { Labels } from '../data/labels.js';
import type { NativeHistogram } from '../histogram/native-histogram.js';
import type { SeriesSamples } from '../source.js';

/** Samples of a series without those that end it, floats and histograms apart. */
export interface SplitSamples {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly startTimes: Float64Array | undefined;
  readonly histogramTimes: Float64Array;
  readonly histograms: readonly NativeHistogram[];
  readonly histogramStartTimes: Float64Array | undefined;
  readonly isDelta: boolean;
}

const nothing = new Float64Array(0);

export function splitSamples(samples: SeriesSamples): SplitSamples {
  const { times, values, stale, histograms, startTimes, isDelta = false } = samples;
  if (stale === undefined && histograms === undefined) {
    return {
      times,
      values,
      startTimes,
      histogramTimes: nothing,
      histograms: [],
      histogramStartTimes: undefined,
      isDelta,
    };
  }
  const floatAt: number[] = [];
  const histogramAt: number[] = [];
  for (let at = 0; at < times.length; at++) {
    if (stale?.[at] === 1) continue;
    (histograms?.[at] === undefined ? floatAt : histogramAt).push(at);
  }
  const pick = (column: Float64Array, places: readonly number[]) => Float64Array.from(places, (at) => column[at]!);
  return {
    times: pick(times, floatAt),
    values: pick(values, floatAt),
    startTimes: startTimes && pick(startTimes, floatAt),
    histogramTimes: pick(times, histogramAt),
    histograms: histogramAt.map((at) => histograms![at]!),
    histogramStartTimes: startTimes && pick(startTimes, histogramAt),
    isDelta,
  };
}

/**
 * The samples of one series that a function sees at one step. It is moved from step to step: whoever keeps it keeps
 * the next step. Places are indexes into the columns of `samples`, `from` included and `to` not.
 */
export class Window {
  readonly samples: SplitSamples;
  readonly labels: Labels;
  from = 0;
  to = 0;
  histogramFrom = 0;
  histogramTo = 0;
  /** Of the range that the query names, which is open on its left. */
  startMs = 0;
  endMs = 0;
  step = 0;
  stepTimeMs = 0;
  #resets: readonly number[] | undefined;
  #nextReset = 0;

  constructor(samples: SplitSamples, labels: Labels) {
    this.samples = samples;
    this.labels = labels;
  }

  get floats(): number {
    return this.to - this.from;
  }

  get histograms(): number {
    return this.histogramTo - this.histogramFrom;
  }

  get isEmpty(): boolean {
    return this.from === this.to && this.histogramFrom === this.histogramTo;
  }

  /**
   * A number, and to it the last float in front of each reset of a counter in the window. Resets are few, and are looked for once in
   * all samples: windows overlap.
   */
  plusResets(number: number): number {
    const { values } = this.samples;
    this.#resets ??= resetsOf(values);
    const resets = this.#resets;
    while (this.#nextReset < resets.length && resets[this.#nextReset]! <= this.from) this.#nextReset++;
    let sum = number;
    for (let reset = this.#nextReset; reset < resets.length && resets[reset]! < this.to; reset++) {
      sum += values[resets[reset]! - 1]!;
    }
    return sum;
  }

  /** Moves to the samples after `afterMs` up to `untilMs`. Times only grow from call to call. */
  moveTo(afterMs: number, untilMs: number): void {
    const { times, histogramTimes } = this.samples;
    while (this.to < times.length && times[this.to]! <= untilMs) this.to++;
    while (this.from < this.to && times[this.from]! <= afterMs) this.from++;
    const { length } = histogramTimes;
    if (length === 0) return;
    while (this.histogramTo < length && histogramTimes[this.histogramTo]! <= untilMs) this.histogramTo++;
    while (this.histogramFrom < this.histogramTo && histogramTimes[this.histogramFrom]! <= afterMs)
      this.histogramFrom++;
  }
}

/** Places of floats that are less than the one before. */
function resetsOf(values: Float64Array): readonly number[] {
  const resets: number[] = [];
  for (let at = 1; at < values.length; at++) if (values[at]! < values[at - 1]!) resets.push(at);
  return resets;
}
