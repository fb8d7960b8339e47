import type { StepSeries } from './step-series.js';

export function withoutName(series: StepSeries): StepSeries {
  return series.relabelled(series.labels.dropMetadata(), false);
}
