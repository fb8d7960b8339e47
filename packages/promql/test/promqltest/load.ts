import type { Labels } from '../../src/data/labels.js';
import { parseFloatLabel } from '../../src/eval/functions/float-label.js';
import { CUSTOM_SCHEMA } from '../../src/histogram/bounds.js';
import {
  compacted,
  hasCustomBounds,
  type NativeHistogram,
  noBuckets,
  sameBounds,
  withHint,
} from '../../src/histogram/native-histogram.js';
import { isReset } from '../../src/histogram/reset.js';
import { METRIC_NAME } from '../../src/syntax/label-name.js';
import type { MemorySource, TestSample } from './memory-source.js';
import type { LoadCommand } from './script.js';

type LoadedSeries = { labels: Labels; samples: TestSample[] };

/** Puts what a `load` command describes into the source. */
export function load(source: MemorySource, { stepMs, series, withCustomHistograms }: LoadCommand): void {
  const loaded = series.map(({ labels, values, startOffsets }): LoadedSeries => {
    const samples: TestSample[] = [];
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue;
      const timeMs = index * stepMs;
      const offset = startOffsets[index];
      samples.push({
        timeMs,
        value: typeof value === 'object' ? value.histogram : value,
        startMs: offset === undefined ? 0 : timeMs + offset,
      });
    }
    return { labels, samples: asStored(samples) };
  });
  for (const { labels, samples } of loaded) source.add(labels, samples);
  if (!withCustomHistograms) return;
  for (const { labels, samples } of customHistograms(loaded)) source.add(labels, asStored(samples));
}

/** A store knows of a reset, or that there was none, only between samples that it keeps together. */
function asStored(samples: readonly TestSample[]): TestSample[] {
  let previous: NativeHistogram | undefined;
  return samples.map((sample) => {
    if (typeof sample.value !== 'object') {
      previous = undefined;
      return sample;
    }
    const { value } = sample;
    const isContinued = previous !== undefined && continues(value, previous);
    previous = value;
    if (value.hint === 'gauge') return sample;
    return { ...sample, value: withHint(value, isContinued ? 'not_reset' : 'unknown') };
  });
}

function continues(histogram: NativeHistogram, previous: NativeHistogram): boolean {
  if (histogram.hint === 'reset' || histogram.hint === 'gauge' || previous.hint === 'gauge') return false;
  if (histogram.schema !== previous.schema || histogram.zeroThreshold !== previous.zeroThreshold) return false;
  if (hasCustomBounds(histogram) && !sameBounds(histogram.bounds, previous.bounds)) return false;
  return !isReset(withHint(histogram, 'unknown'), previous);
}

interface ClassicParts {
  readonly labels: Labels;
  readonly byTime: Map<number, { buckets: Map<number, number>; count: number | undefined; sum: number }>;
}

/** Series of `_bucket`, `_count` and `_sum` → native histograms with the same bounds. */
function customHistograms(series: readonly LoadedSeries[]): LoadedSeries[] {
  const found = new Map<string, ClassicParts>();
  for (const { labels, samples } of series) {
    const [, name = '', part] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
    if (part === undefined) continue;
    const upper = part === 'bucket' ? parseFloatLabel(labels.get('le')) : 0;
    if (upper === undefined || Number.isNaN(upper)) continue;
    const base = labels.with([
      [METRIC_NAME, name],
      ['le', ''],
    ]);
    const parts = found.get(base.key) ?? { labels: base, byTime: new Map() };
    found.set(base.key, parts);
    for (const { timeMs, value } of samples) {
      if (typeof value !== 'number') continue;
      const at = parts.byTime.get(timeMs) ?? { buckets: new Map(), count: undefined, sum: 0 };
      parts.byTime.set(timeMs, at);
      if (part === 'bucket') at.buckets.set(upper, value);
      else if (part === 'count') at.count = value;
      else at.sum = value;
    }
  }
  return [...found.values()].map(({ labels, byTime }) => ({
    labels,
    samples: [...byTime]
      .sort(([left], [right]) => left - right)
      .map(([timeMs, { buckets, count, sum }]) => ({
        timeMs,
        value: customHistogram(buckets, count, sum),
        startMs: 0,
      })),
  }));
}

function customHistogram(
  buckets: ReadonlyMap<number, number>,
  given: number | undefined,
  sum: number,
): NativeHistogram {
  const sorted = [...buckets].sort(([left], [right]) => left - right);
  const count = given ?? sorted.at(-1)?.[1] ?? 0;
  if (sorted.at(-1)?.[0] !== Infinity) sorted.push([Infinity, count]);
  return compacted({
    schema: CUSTOM_SCHEMA,
    count,
    sum,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: {
      indexes: sorted.map((_, index) => index),
      counts: sorted.map(([, total], index) => total - (sorted[index - 1]?.[1] ?? 0)),
    },
    negative: noBuckets,
    bounds: sorted.slice(0, -1).map(([upper]) => upper),
    hint: 'unknown',
  });
}
