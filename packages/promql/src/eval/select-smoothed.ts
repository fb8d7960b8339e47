import type { Annotations } from '../data/annotations.js';
import { timeAt } from '../data/grid.js';
import { StepSeries } from '../data/step-series.js';
import { IncompatibleHistograms } from '../histogram/combine.js';
import { hasCustomBounds, withHint } from '../histogram/native-histogram.js';
import type { SeriesSamples } from '../source.js';
import { quoted } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';
import { mixedSchemas } from '../vector/aggregate-histograms.js';
import { interpolatedFloat, interpolatedHistogram } from './interpolate.js';
import type { InstantTimes } from './select-instant.js';
import { splitSamples, Window } from './window.js';

/** The values of a series at the steps of the grid, on a line between the samples around each step. */
export function selectSmoothed(
  samples: SeriesSamples,
  { grid, atMs, offsetMs, lookbackMs }: InstantTimes,
  annotations: Annotations,
  position: Position,
): StepSeries {
  const series = new StepSeries(samples.labels, grid.count);
  const window = new Window(splitSamples(samples), samples.labels);
  for (let step = 0; step < grid.count; step++) {
    const timeMs = (atMs ?? timeAt(grid, step)) - offsetMs;
    window.moveTo(timeMs - lookbackMs, timeMs + lookbackMs);
    if (window.floats > 0 && window.histograms > 0) {
      const metric = quoted(samples.labels.metricName);
      annotations.warn(`encountered a mix of histograms and floats for metric name ${metric}`, position);
    } else if (window.histograms > 0) {
      smoothHistogram(window, timeMs, step, series, annotations, position);
    } else if (window.floats > 0) {
      smoothFloat(window, timeMs, step, series);
    }
  }
  return series;
}

function smoothFloat(
  { samples: { times, values }, from, to }: Window,
  timeMs: number,
  step: number,
  series: StepSeries,
): void {
  let after = from;
  while (after < to && times[after]! < timeMs) after++;
  const before = after - 1;
  if (after < to && times[after] === timeMs) series.setFloat(step, values[after]!);
  else if (before < from) return;
  else if (after === to) series.setFloat(step, values[before]!);
  else {
    const value = interpolatedFloat(times[before]!, values[before]!, times[after]!, values[after]!, timeMs, 'gauge');
    series.setFloat(step, value);
  }
}

function smoothHistogram(
  { samples: { histogramTimes: times, histograms }, histogramFrom: from, histogramTo: to, labels }: Window,
  timeMs: number,
  step: number,
  series: StepSeries,
  annotations: Annotations,
  position: Position,
): void {
  let after = from;
  while (after < to && times[after]! < timeMs) after++;
  const before = after - 1;
  if (after < to && times[after] === timeMs) series.setHistogram(step, histograms[after]!);
  else if (before < from) return;
  // The hint is about the sample in front, which is not the one that stands in front of the step.
  else if (after === to) series.setHistogram(step, withHint(histograms[before]!, 'unknown'));
  else {
    const [left, right] = [histograms[before]!, histograms[after]!];
    if (hasCustomBounds(left) !== hasCustomBounds(right)) {
      annotations.warn(mixedSchemas(labels.metricName), position);
      return;
    }
    const kind = left.hint === 'gauge' && right.hint === 'gauge' ? 'gauge' : 'counter';
    try {
      const [leftMs, rightMs] = [times[before]!, times[after]!];
      const value = interpolatedHistogram(leftMs, left, rightMs, right, timeMs, kind, annotations, position);
      series.setHistogram(step, value);
    } catch (error) {
      if (!(error instanceof IncompatibleHistograms)) throw error;
      annotations.warn(mixedSchemas(labels.metricName), position);
    }
  }
}
