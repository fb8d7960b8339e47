import type { Grid } from '../data/grid.js';
import { timeAt } from '../data/grid.js';
import { StepSeries } from '../data/step-series.js';
import type { SeriesSamples } from '../source.js';

/** Which sample of a series stands for a step, seen from the step. */
export interface InstantTimes {
  readonly grid: Grid;
  /** Fixed for all steps by `@`. */
  readonly atMs: number | undefined;
  readonly offsetMs: number;
  /** Older samples no longer stand for anything. */
  readonly lookbackMs: number;
}

/** Calls `found` with the place of the sample for each step that has one. */
export function eachInstant(
  { times, stale }: SeriesSamples,
  { grid, atMs, offsetMs, lookbackMs }: InstantTimes,
  found: (step: number, place: number) => void,
): void {
  let next = 0;
  for (let step = 0; step < grid.count; step++) {
    const timeMs = (atMs ?? timeAt(grid, step)) - offsetMs;
    while (next < times.length && times[next]! <= timeMs) next++;
    const place = next - 1;
    if (place < 0 || times[place]! <= timeMs - lookbackMs || stale?.[place] === 1) continue;
    found(step, place);
  }
}

/** The values of a series at the steps of the grid. */
export function selectInstants(samples: SeriesSamples, times: InstantTimes): StepSeries {
  const series = new StepSeries(samples.labels, times.grid.count);
  const { values, histograms } = samples;
  eachInstant(samples, times, (step, place) => {
    const histogram = histograms?.[place];
    if (histogram === undefined) series.setFloat(step, values[place]!);
    else series.setHistogram(step, histogram);
  });
  return series;
}

/** The times of the samples instead of their values, in milliseconds. */
export function selectTimes(samples: SeriesSamples, times: InstantTimes): StepSeries {
  const series = new StepSeries(samples.labels, times.grid.count);
  eachInstant(samples, times, (step, place) => series.setFloat(step, samples.times[place]!));
  return series;
}

/** When the samples began to count, in milliseconds; 0 where that is not known. */
export function selectStartTimes(samples: SeriesSamples, times: InstantTimes): StepSeries {
  const series = new StepSeries(samples.labels, times.grid.count);
  eachInstant(samples, times, (step, place) => series.setFloat(step, samples.startTimes?.[place] ?? 0));
  return series;
}
