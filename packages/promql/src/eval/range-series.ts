import { type Grid, timeAt } from '../data/grid.js';
import { HISTOGRAM, NOTHING, type StepSeries } from '../data/step-series.js';
import { withHint } from '../histogram/native-histogram.js';
import type { SeriesSamples } from '../source.js';
import type { MatrixSelector, Subquery } from '../syntax/ast.js';

/** A series as a range vector has it. */
export interface RangeSeries {
  readonly samples: SeriesSamples;
  readonly dropsName: boolean;
}

/** End of the window of a range vector at a step. */
export function windowEnd(range: MatrixSelector | Subquery, grid: Grid, step: number): number {
  const { at, offsetMs } = range.kind === 'subquery' ? range : range.selector;
  return ((at as number | undefined) ?? timeAt(grid, step)) - offsetMs;
}

/** Hints of histograms are about the samples in front of them, which a subquery may have skipped or repeated. */
export function asSamples(series: StepSeries, grid: Grid): SeriesSamples {
  const steps: number[] = [];
  for (const [step, kind] of series.kinds.entries()) if (kind !== NOTHING) steps.push(step);
  const histograms = series.kinds.includes(HISTOGRAM)
    ? steps.map((step) => {
        const histogram = series.histogramAt(step);
        return histogram?.hint === 'gauge' ? histogram : histogram && withHint(histogram, 'unknown');
      })
    : undefined;
  return {
    labels: series.labels,
    times: Float64Array.from(steps, (step) => timeAt(grid, step)),
    values: Float64Array.from(steps, (step) => series.values[step]!),
    stale: undefined,
    histograms,
    startTimes: undefined,
  };
}
