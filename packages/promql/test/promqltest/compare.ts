import { type Grid, timeAt } from '../../src/data/grid.js';
import type { Labels } from '../../src/data/labels.js';
import { NOTHING } from '../../src/data/step-series.js';
import type { InstantResult, RangeResult } from '../../src/eval/query.js';
import { type Buckets, compacted, type NativeHistogram, sameBounds } from '../../src/histogram/native-histogram.js';
import { histogramText } from '../../src/histogram/text.js';
import type { EvalCommand } from './script.js';
import type { WrittenValue } from './series-description.js';

export type ActualValue = number | NativeHistogram | undefined;

/** A series of an answer, with a value or a gap for each time at which one is expected. */
export interface ActualSeries {
  readonly labels: Labels;
  readonly values: readonly ActualValue[];
}

export type Actual =
  | { readonly kind: 'series'; readonly series: readonly ActualSeries[] }
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string };

/** Floats are equal when they differ by less than this part of their sum. */
const TOLERANCE = 1e-6;
const SMALLEST_NORMAL = 2 ** -1022;

export function rangeSeries({ series }: RangeResult): ActualSeries[] {
  return series.map((each) => ({
    labels: each.labels,
    values: [...each.kinds.keys()].map(
      (step) => each.histogramAt(step) ?? (each.kinds[step] === NOTHING ? undefined : each.values[step]!),
    ),
  }));
}

/** An answer for one time. The samples of a range vector are put on the grid on which a script expects them. */
export function instantSeries(
  result: InstantResult,
  range: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
): Actual {
  if (result.type === 'scalar') return { kind: 'scalar', value: result.value };
  if (result.type === 'string') return { kind: 'string', value: result.value };
  if (result.type === 'vector') {
    return { kind: 'series', series: result.samples.map(({ labels, value }) => ({ labels, values: [value] })) };
  }
  const grid: Grid = { ...range, isRange: true, count: Math.floor((range.endMs - range.startMs) / range.stepMs) + 1 };
  const series = result.series.map(({ labels, times, values, histogramTimes, histograms }): ActualSeries => {
    const byTime = new Map<number, ActualValue>();
    for (const [at, timeMs] of times.entries()) byTime.set(timeMs, values[at]!);
    for (const [at, timeMs] of histogramTimes.entries()) byTime.set(timeMs, histograms[at]!);
    const onGrid = Array.from({ length: grid.count }, (_, step) => byTime.get(timeAt(grid, step)));
    const missed = byTime.size - onGrid.filter((value) => value !== undefined).length;
    return { labels, values: [...onGrid, ...new Array(missed).fill(NaN)] };
  });
  return { kind: 'series', series };
}

/** Why the answer is not the expected one; undefined when it is. */
export function compareResult({ expected, expectations }: EvalCommand, actual: Actual): string | undefined {
  if (expected.kind !== actual.kind) return `expected a ${expected.kind}, got a ${actual.kind}: ${summary(actual)}`;
  if (expected.kind === 'scalar' && actual.kind === 'scalar') {
    return areEqual(expected.value, actual.value) ? undefined : `expected ${expected.value}, got ${actual.value}`;
  }
  if (expected.kind === 'string' && actual.kind === 'string') {
    return expected.value === actual.value ? undefined : `expected ${expected.value}, got ${actual.value}`;
  }
  if (expected.kind !== 'series' || actual.kind !== 'series') return 'BUG: kinds differ';
  const found = new Map(actual.series.map((series, place) => [series.labels.key, { series, place }]));
  const isOrdered = expectations.some(({ about }) => about === 'ordered');
  for (const [place, { labels, values }] of expected.series.entries()) {
    const match = found.get(labels.key);
    if (match === undefined) return `expected series ${labels}, got ${summary(actual)}`;
    if (isOrdered && match.place !== place) return `expected ${labels} at place ${place}, was at ${match.place}`;
    const length = Math.max(values.length, match.series.values.length);
    for (let at = 0; at < length; at++) {
      if (areSame(values[at], match.series.values[at])) continue;
      return `${labels} value ${at}: expected ${text(values[at])}, got ${text(match.series.values[at])}`;
    }
    found.delete(labels.key);
  }
  const [surplus] = found.values();
  return surplus === undefined
    ? undefined
    : `unexpected series ${surplus.series.labels} ${surplus.series.values.map(text)}`;
}

function areSame(expected: WrittenValue, actual: ActualValue): boolean {
  if (expected === undefined || actual === undefined) return expected === actual;
  if (typeof expected === 'number' && typeof actual === 'number') return areEqual(expected, actual);
  if (typeof expected !== 'object' || typeof actual !== 'object') return false;
  const left = compacted(expected.histogram);
  const right = compacted(actual);
  return (
    left.schema === right.schema &&
    areEqual(left.count, right.count) &&
    areEqual(left.sum, right.sum) &&
    left.zeroThreshold === right.zeroThreshold &&
    areEqual(left.zeroCount, right.zeroCount) &&
    sameBounds(left.bounds, right.bounds) &&
    areEqualBuckets(left.positive, right.positive) &&
    areEqualBuckets(left.negative, right.negative) &&
    (!expected.hasHint || left.hint === right.hint)
  );
}

function areEqualBuckets(left: Buckets, right: Buckets): boolean {
  return (
    left.indexes.length === right.indexes.length &&
    left.indexes.every((index, at) => index === right.indexes[at]) &&
    left.counts.every((count, at) => areEqual(count, right.counts[at]!))
  );
}

export function areEqual(left: number, right: number): boolean {
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) && Number.isNaN(right);
  if (left === right) return true;
  const sum = Math.abs(left) + Math.abs(right);
  const difference = Math.abs(left - right);
  if (left === 0 || right === 0 || sum < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL;
  return difference / Math.min(sum, Number.MAX_VALUE) < TOLERANCE;
}

function text(value: WrittenValue | ActualValue): string {
  if (typeof value !== 'object') return String(value);
  const histogram = 'histogram' in value ? value.histogram : value;
  return `${histogramText(histogram)} schema ${histogram.schema} hint ${histogram.hint}`;
}

function summary(actual: Actual): string {
  if (actual.kind !== 'series') return String(actual.value);
  const series = actual.series.map(({ labels, values }) => `${labels} ${values.map(text).join(' ')}`);
  return series.length === 0 ? 'no series' : series.slice(0, 5).join(', ');
}
