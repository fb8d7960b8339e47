import { type Annotations, forMetric } from '../../data/annotations.js';
import { type Grid, timeAt } from '../../data/grid.js';
import type { Labels } from '../../data/labels.js';
import { HISTOGRAM, NOTHING, type StepSeries } from '../../data/step-series.js';
import { type ClassicBucket, classicFraction, classicQuantile } from '../../histogram/classic.js';
import type { NativeHistogram } from '../../histogram/native-histogram.js';
import { histogramFraction, histogramQuantile } from '../../histogram/quantile.js';
import { general, quoted } from '../../syntax/go-text.js';
import type { Position } from '../../syntax/position.js';
import { SeriesCollector } from '../../vector/collect.js';
import { parseFloatLabel } from './float-label.js';

const BUCKET_LABEL = 'le';

export interface HistogramContext {
  readonly grid: Grid;
  readonly annotations: Annotations;
  /** Of the histograms. */
  readonly position: Position;
  /** Annotations name the metric only while the name is there. */
  readonly delaysNameRemoval: boolean;
}

/** A classic histogram is a series for each bucket; all of them share the other labels. */
interface ClassicHistogram {
  readonly labels: Labels;
  /** By rising bound. */
  readonly buckets: { readonly upper: number; readonly series: StepSeries }[];
}

/** The buckets that have a value at a step. Those with equal bounds, such as `1` and `1.0`, are one. */
function bucketsAt({ buckets }: ClassicHistogram, step: number): ClassicBucket[] {
  const present: ClassicBucket[] = [];
  for (const { upper, series } of buckets) {
    if (!isFloat(series, step)) continue;
    const last = present.at(-1);
    if (last?.upper === upper) last.count += series.values[step]!;
    else present.push({ upper, count: series.values[step]! });
  }
  return present;
}

/** Calls back for each step and each histogram of a vector, native or classic. */
function eachHistogram(
  series: readonly StepSeries[],
  context: HistogramContext,
  ofNative: (step: number, histogram: NativeHistogram, labels: Labels) => void,
  ofClassic: (step: number, buckets: readonly ClassicBucket[], labels: Labels) => void,
): void {
  const classic = new Map<string, ClassicHistogram>();
  const malformed: StepSeries[] = [];
  for (const each of series) {
    const upper = parseFloatLabel(each.labels.get(BUCKET_LABEL));
    if (upper === undefined) {
      malformed.push(each);
      continue;
    }
    const labels = each.labels.drop([BUCKET_LABEL]);
    const histogram = classic.get(labels.key);
    if (histogram === undefined) classic.set(labels.key, { labels, buckets: [{ upper, series: each }] });
    else histogram.buckets.push({ upper, series: each });
  }
  for (const { buckets } of classic.values()) {
    buckets.sort((left, right) => (left.upper === right.upper ? 0 : left.upper - right.upper));
  }
  for (const each of malformed) warnBadBucket(each, context);
  const native = series.filter(({ histograms }) => histograms !== undefined);
  for (let step = 0; step < context.grid.count; step++) {
    const conflicts = new Set<string>();
    for (const each of native) {
      if (each.kinds[step] !== HISTOGRAM) continue;
      const isClassicToo = classic.get(each.labels.key)?.buckets.some(({ series: bucket }) => isFloat(bucket, step));
      if (!isClassicToo) ofNative(step, each.histograms![step]!, each.labels);
      else if (!conflicts.has(each.labels.key)) {
        conflicts.add(each.labels.key);
        warnConflict(each, context);
      }
    }
    for (const [key, histogram] of classic) {
      if (conflicts.has(key)) continue;
      const buckets = bucketsAt(histogram, step);
      if (buckets.length > 0) ofClassic(step, buckets, histogram.labels);
    }
  }
}

function isFloat({ kinds }: StepSeries, step: number): boolean {
  return kinds[step] !== NOTHING && kinds[step] !== HISTOGRAM;
}

function warnBadBucket(
  { labels, kinds }: StepSeries,
  { annotations, position, delaysNameRemoval }: HistogramContext,
): void {
  if (kinds.every((kind) => kind === NOTHING || kind === HISTOGRAM)) return;
  const cause = `bucket label "${BUCKET_LABEL}" is missing or has a malformed value of ${quoted(labels.get(BUCKET_LABEL))}`;
  annotations.warn(cause + forMetric(delaysNameRemoval ? labels.metricName : ''), position);
}

function warnConflict({ labels }: StepSeries, { annotations, position, delaysNameRemoval }: HistogramContext): void {
  const cause = 'vector contains a mix of classic and native histograms';
  annotations.warn(cause + forMetric(delaysNameRemoval ? labels.metricName : ''), position);
}

export function quantilesOfHistograms(
  q: Float64Array,
  series: readonly StepSeries[],
  context: HistogramContext,
  labelsOf: (labels: Labels, step: number) => Labels,
): StepSeries[] {
  const { annotations, grid, position, delaysNameRemoval } = context;
  const collector = new SeriesCollector(grid.count);
  const emit = (step: number, labels: Labels, value: number) =>
    collector.at(step, resultLabels(labelsOf(labels, step), context), true).setFloat(step, value);
  eachHistogram(
    series,
    context,
    (step, histogram, labels) => {
      const { value, effect } = histogramQuantile(q[step]!, histogram);
      if (effect !== undefined) {
        const outcome = effect === 'result is NaN' ? effect : 'result is skewed higher';
        const cause = `input to histogram_quantile has NaN observations, ${outcome}`;
        annotations.info(cause + forMetric(delaysNameRemoval ? labels.metricName : ''), position);
      }
      emit(step, labels, value);
    },
    (step, buckets, labels) => {
      const { value, forced } = classicQuantile(q[step]!, buckets);
      if (forced !== undefined) {
        const metric = delaysNameRemoval ? labels.metricName : '';
        annotations.forcedMonotonicity(metric, forced, timeAt(grid, step), position);
      }
      emit(step, labels, value);
    },
  );
  return collector.series;
}

export function fractionsOfHistograms(
  lower: Float64Array,
  upper: Float64Array,
  series: readonly StepSeries[],
  context: HistogramContext,
): StepSeries[] {
  const { annotations, grid, position, delaysNameRemoval } = context;
  const collector = new SeriesCollector(grid.count);
  const emit = (step: number, labels: Labels, value: number) =>
    collector.at(step, resultLabels(labels, context), true).setFloat(step, value);
  eachHistogram(
    series,
    context,
    (step, histogram, labels) => {
      const { value, excludesNaN } = histogramFraction(lower[step]!, upper[step]!, histogram);
      if (excludesNaN) {
        const cause = 'input to histogram_fraction has NaN observations, which are excluded from all fractions';
        annotations.info(cause + forMetric(delaysNameRemoval ? labels.metricName : ''), position);
      }
      emit(step, labels, value);
    },
    (step, buckets, labels) => emit(step, labels, classicFraction(lower[step]!, upper[step]!, buckets)),
  );
  return collector.series;
}

function resultLabels(labels: Labels, { delaysNameRemoval }: HistogramContext): Labels {
  return delaysNameRemoval ? labels : labels.dropMetadata();
}

/** Warns of each value outside of 0 to 1. */
export function checkQuantiles(q: Float64Array, annotations: Annotations, position: Position): void {
  for (const value of q) {
    if (value >= 0 && value <= 1) continue;
    annotations.warn(`quantile value should be between 0 and 1, got ${general(value)}`, position);
  }
}

/** A quantile as the value of a label: `0.5`, `1.0`. */
export function quantileLabel(q: number): string {
  const text = general(q);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}
