import type { Annotations } from '../data/annotations.js';
import { HISTOGRAM, type StepSeries } from '../data/step-series.js';
import { HistogramMean, HistogramSum, type SumFindings } from '../histogram/aggregate.js';
import { IncompatibleHistograms } from '../histogram/combine.js';
import { compacted, type NativeHistogram } from '../histogram/native-histogram.js';
import { quoted } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';

interface HistogramFold {
  readonly findings: SumFindings;
  readonly value: NativeHistogram;
  add(histogram: NativeHistogram): void;
}

/** Sets the sum of what are all histograms at `step`, or nothing when they cannot be added. */
export function histogramSum(
  members: readonly StepSeries[],
  step: number,
  result: StepSeries,
  annotations: Annotations,
  position: Position,
): void {
  fold(members, step, (first) => new HistogramSum(first), result, annotations, position);
}

export function histogramMean(
  members: readonly StepSeries[],
  step: number,
  result: StepSeries,
  annotations: Annotations,
  position: Position,
): void {
  fold(members, step, (first) => new HistogramMean(first), result, annotations, position);
}

function fold(
  members: readonly StepSeries[],
  step: number,
  begin: (first: NativeHistogram) => HistogramFold,
  result: StepSeries,
  annotations: Annotations,
  position: Position,
): void {
  let state: HistogramFold | undefined;
  let isIncompatible = false;
  for (const member of members) {
    if (member.kinds[step] !== HISTOGRAM) continue;
    const histogram = member.histograms![step]!;
    if (state === undefined) {
      state = begin(histogram);
      continue;
    }
    try {
      state.add(histogram);
    } catch (error) {
      if (!(error instanceof IncompatibleHistograms)) throw error;
      annotations.warn(mixedSchemas(member.labels.metricName), position);
      isIncompatible = true;
      break;
    }
  }
  if (state === undefined) return;
  if (state.findings.boundsReconciled) annotations.info(reconciled('aggregation'), position);
  if (isIncompatible) {
    result.clear(step);
    return;
  }
  if (state.findings.resetSeen && state.findings.noResetSeen) {
    annotations.warn(conflictingResets('aggregation'), position);
  }
  result.setHistogram(step, compacted(state.value));
}

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

export function conflictingResets(operation: HistogramOperation): string {
  return `conflicting counter resets during histogram ${operation}`;
}

export function reconciled(operation: HistogramOperation): string {
  return `mismatched custom buckets were reconciled during ${operation}`;
}

export function mixedSchemas(metric: string): string {
  const schemas = 'histograms with exponential and custom buckets schemas';
  return `vector contains a mix of ${schemas} for metric name ${quoted(metric)}`;
}
