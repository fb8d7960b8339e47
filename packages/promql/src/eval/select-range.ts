import { type Grid, timeAt } from '../data/grid.js';
import type { Labels } from '../data/labels.js';
import { withoutName } from '../data/names.js';
import { executionError } from '../data/query-error.js';
import { FLOAT, HISTOGRAM, type Holding, SAMPLE_BYTES, SERIES_BYTES, type StepSeries } from '../data/step-series.js';
import { type NativeHistogram, sampleWeight } from '../histogram/native-histogram.js';
import type { MatrixSelector, Subquery } from '../syntax/ast.js';
import { mergedByLabels } from '../vector/collect.js';
import type { Evaluation } from './evaluation.js';
import { boundaryValues, endsOf } from './functions/extended-rate.js';
import { windowEnd } from './range-series.js';
import { splitSamples, Window } from './window.js';

/** A series of a range vector: floats and histograms with their own times. */
export interface RangeSamples {
  readonly labels: Labels;
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly histogramTimes: Float64Array;
  readonly histograms: readonly NativeHistogram[];
}

/** The samples of a range vector at one time, for queries that ask for nothing else. */
export async function selectRange(
  evaluation: Evaluation,
  range: MatrixSelector | Subquery,
  grid: Grid,
): Promise<RangeSamples[]> {
  if (range.kind === 'subquery') {
    const { grid: inner, series } = await evaluation.evaluateSubquery(range, grid);
    const named = mergedByLabels(series.map((each) => (each.dropsName ? withoutName(each) : each)));
    return named.map((each) => {
      const samples = stepsOf(each, inner);
      hold(evaluation, samples);
      return samples;
    });
  }
  const found: RangeSamples[] = [];
  const { extension } = range.selector;
  const before = extension === undefined ? 0 : evaluation.options.lookbackMs;
  const after = extension === 'smoothed' ? evaluation.options.lookbackMs : 0;
  for await (const batch of evaluation.rangeSeries(range, grid)) {
    for (const { samples } of batch) {
      const window = new Window(splitSamples(samples), samples.labels);
      window.endMs = windowEnd(range, grid, 0);
      window.startMs = window.endMs - range.rangeMs;
      window.moveTo(window.startMs - before, window.endMs + after);
      const selected = extension === undefined ? samplesOf(window) : extendedSamples(window, extension);
      if (selected === undefined) continue;
      // They stay when the batch has gone.
      hold(evaluation, selected);
      found.push(selected);
    }
  }
  return found;
}

function hold({ control }: Evaluation, each: RangeSamples): void {
  const { samples, bytes } = rangeHolding(each);
  control.hold(samples, bytes);
}

export function rangeHolding({ times, histograms }: RangeSamples): Holding {
  const samples = histograms.reduce((sum, histogram) => sum + sampleWeight(histogram), times.length);
  return { samples, bytes: SERIES_BYTES + SAMPLE_BYTES * samples };
}

function samplesOf({
  samples,
  labels,
  from,
  to,
  histogramFrom,
  histogramTo,
  isEmpty,
}: Window): RangeSamples | undefined {
  if (isEmpty) return undefined;
  return {
    labels,
    times: samples.times.slice(from, to),
    values: samples.values.slice(from, to),
    histogramTimes: samples.histogramTimes.slice(histogramFrom, histogramTo),
    histograms: samples.histograms.slice(histogramFrom, histogramTo),
  };
}

/** The samples inside the range, and the values at its start and end. */
function extendedSamples(window: Window, extension: 'anchored' | 'smoothed'): RangeSamples | undefined {
  if (window.histograms > 0) throw executionError(`${extension} modifier is not supported with histograms`);
  if (window.isEmpty) return undefined;
  const { times, values } = window.samples;
  const { startMs, endMs } = window;
  const ends = endsOf(times, window.from, window.to, window, extension);
  if (ends === undefined) return undefined;
  const [left, right] = boundaryValues(window, ends, extension, 'gauge');
  const from = times[ends.first]! <= startMs ? ends.first + 1 : ends.first;
  const to = times[ends.last]! >= endMs ? ends.last : ends.last + 1;
  return {
    labels: window.labels,
    times: Float64Array.of(startMs, ...times.slice(from, Math.max(from, to)), endMs),
    values: Float64Array.of(left, ...values.slice(from, Math.max(from, to)), right),
    histogramTimes: new Float64Array(0),
    histograms: [],
  };
}

function stepsOf(series: StepSeries, grid: Grid): RangeSamples {
  const stepsWith = (wanted: number) => [...series.kinds.keys()].filter((step) => series.kinds[step] === wanted);
  const floats = stepsWith(FLOAT);
  const histograms = stepsWith(HISTOGRAM);
  return {
    labels: series.labels,
    times: Float64Array.from(floats, (step) => timeAt(grid, step)),
    values: Float64Array.from(floats, (step) => series.values[step]!),
    histogramTimes: Float64Array.from(histograms, (step) => timeAt(grid, step)),
    histograms: histograms.map((step) => series.histograms![step]!),
  };
}
