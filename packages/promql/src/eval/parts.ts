// A range query that holds too much at once → the same query for one half of its steps, and then for the other.
//
// A step's value does not depend on other steps. What does depend on the times of the query, such as `@ end()` and `range()`, is a
// constant before the first part is evaluated.

import { type Grid, timeAt } from '../data/grid.js';
import { compareLabels } from '../data/labels.js';
import { MemoryError } from '../data/query-error.js';
import { SERIES_BYTES, StepSeries } from '../data/step-series.js';
import type { QueryAccount } from './limits.js';
import type { Answer, RangeResult } from './query.js';

/** Parts get no smaller than this part of the whole: below that, hardly anything of what is read is let go earlier. */
const SMALLEST_PART = 1 / 64;

type EvaluatePart = (grid: Grid) => Promise<Answer<RangeResult>>;

export async function inParts(
  grid: Grid,
  account: QueryAccount | undefined,
  evaluate: EvaluatePart,
): Promise<Answer<RangeResult>> {
  const fewestSteps = Math.max(1, Math.ceil(grid.count * SMALLEST_PART));
  return evaluated(grid);

  async function evaluated(grid: Grid): Promise<Answer<RangeResult>> {
    try {
      return await evaluate(grid);
    } catch (error) {
      if (!(error instanceof MemoryError) || grid.count <= fewestSteps) throw error;
    }
    const middle = Math.ceil(grid.count / 2);
    const left = await evaluated({ ...grid, count: middle });
    let right: Answer<RangeResult>;
    try {
      right = await evaluated({ ...grid, startMs: timeAt(grid, middle), count: grid.count - middle });
    } catch (error) {
      account?.release(left.bytes);
      throw error;
    }
    try {
      return joined(grid, left, right, account);
    } finally {
      account?.release(left.bytes + right.bytes);
    }
  }
}

function joined(
  grid: Grid,
  left: Answer<RangeResult>,
  right: Answer<RangeResult>,
  account: QueryAccount | undefined,
): Answer<RangeResult> {
  const parts = [left.result, right.result];
  const series = new Map<string, StepSeries>();
  for (const { labels } of parts.flatMap((part) => part.series)) {
    if (!series.has(labels.key)) series.set(labels.key, new StepSeries(labels, grid.count));
  }
  // Not written to yet, so that they take no memory. Histograms stay what they are, and are counted in the parts.
  const bytes = bytesOf(series.values()) + histogramBytesOf(left) + histogramBytesOf(right);
  account?.hold(bytes);
  let firstStep = 0;
  for (const part of parts) {
    for (const each of part.series) copySteps(series.get(each.labels.key)!, each, firstStep);
    firstStep += part.grid.count;
  }
  const { samplesRead, peakSamples } = left.statistics;
  return {
    bytes,
    result: { type: 'matrix', grid, series: [...series.values()].sort((a, b) => compareLabels(a.labels, b.labels)) },
    statistics: {
      samplesRead: samplesRead + right.statistics.samplesRead,
      peakSamples: Math.max(peakSamples, right.statistics.peakSamples),
    },
    warnings: [...new Set([...left.warnings, ...right.warnings])],
    infos: [...new Set([...left.infos, ...right.infos])],
  };
}

function bytesOf(series: Iterable<StepSeries>): number {
  let bytes = 0;
  for (const { holding } of series) bytes += holding.bytes;
  return bytes;
}

function histogramBytesOf({ result, bytes }: Answer<RangeResult>): number {
  const ofPlain = result.series.reduce(
    (sum, { values, kinds }) => sum + SERIES_BYTES + values.byteLength + kinds.byteLength,
    0,
  );
  return bytes - ofPlain;
}

function copySteps(series: StepSeries, part: StepSeries, firstStep: number): void {
  for (let step = 0; step < part.kinds.length; step++) {
    const histogram = part.histogramAt(step);
    if (histogram !== undefined) series.setHistogram(firstStep + step, histogram);
  }
  series.kinds.set(part.kinds, firstStep);
  series.values.set(part.values, firstStep);
}
