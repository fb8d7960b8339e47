// A range query that holds too much at once → the same query for one half of its steps, and then for the other.
//
// A step's value does not depend on other steps. What does depend on the times of the query, such as `@ end()` and `range()`, is a
// constant before the first part is evaluated.

import { type Grid, timeAt } from '../data/grid.js';
import { compareLabels, type Labels } from '../data/labels.js';
import { MemoryError } from '../data/query-error.js';
import { StepSeries } from '../data/step-series.js';
import type { Answer, RangeResult } from './query.js';

/** Parts get no smaller than this part of the whole: below that, hardly anything of what is read is let go earlier. */
const SMALLEST_PART = 1 / 64;

type EvaluatePart = (grid: Grid) => Promise<Answer<RangeResult>>;

export function inParts(grid: Grid, evaluate: EvaluatePart): Promise<Answer<RangeResult>> {
  return inPartsFrom(grid, Math.max(1, Math.ceil(grid.count * SMALLEST_PART)), evaluate);
}

async function inPartsFrom(grid: Grid, fewestSteps: number, evaluate: EvaluatePart): Promise<Answer<RangeResult>> {
  try {
    return await evaluate(grid);
  } catch (error) {
    if (!(error instanceof MemoryError) || grid.count <= fewestSteps) throw error;
  }
  const middle = Math.ceil(grid.count / 2);
  const left = { ...grid, count: middle };
  const right = { ...grid, startMs: timeAt(grid, middle), count: grid.count - middle };
  return joined(grid, await inPartsFrom(left, fewestSteps, evaluate), await inPartsFrom(right, fewestSteps, evaluate));
}

function joined(grid: Grid, left: Answer<RangeResult>, right: Answer<RangeResult>): Answer<RangeResult> {
  const series = new Map<string, StepSeries>();
  const seriesFor = (labels: Labels) => {
    const known = series.get(labels.key);
    if (known !== undefined) return known;
    const made = new StepSeries(labels, grid.count);
    series.set(labels.key, made);
    return made;
  };
  let firstStep = 0;
  for (const { result } of [left, right]) {
    for (const part of result.series) copySteps(seriesFor(part.labels), part, firstStep);
    firstStep += result.grid.count;
  }
  const { samplesRead, peakSamples } = left.statistics;
  return {
    result: { type: 'matrix', grid, series: [...series.values()].sort((a, b) => compareLabels(a.labels, b.labels)) },
    statistics: {
      samplesRead: samplesRead + right.statistics.samplesRead,
      peakSamples: Math.max(peakSamples, right.statistics.peakSamples),
    },
    warnings: [...new Set([...left.warnings, ...right.warnings])],
    infos: [...new Set([...left.infos, ...right.infos])],
  };
}

function copySteps(series: StepSeries, part: StepSeries, firstStep: number): void {
  for (let step = 0; step < part.kinds.length; step++) {
    const histogram = part.histogramAt(step);
    if (histogram !== undefined) series.setHistogram(firstStep + step, histogram);
  }
  series.kinds.set(part.kinds, firstStep);
  series.values.set(part.values, firstStep);
}
