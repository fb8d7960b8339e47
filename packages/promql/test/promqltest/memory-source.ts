import { compareLabels, type Labels } from '../../src/data/labels.js';
import type { NativeHistogram } from '../../src/histogram/native-histogram.js';
import type { ReadContext, SampleSource, Selection, SeriesSamples } from '../../src/source.js';

/** A sample as a test writes it. */
export interface TestSample {
  readonly timeMs: number;
  readonly value: number | NativeHistogram | 'stale';
  readonly startMs: number;
}

/** Samples in memory. It hands out only what is selected, so that a selection that is too small shows. */
export class MemorySource implements SampleSource<unknown> {
  readonly selections: Selection[] = [];
  readonly #series = new Map<string, { labels: Labels; samples: TestSample[] }>();

  add(labels: Labels, samples: readonly TestSample[]): void {
    const series = this.#series.get(labels.key) ?? { labels, samples: [] };
    this.#series.set(labels.key, series);
    series.samples.push(...samples);
    series.samples.sort((left, right) => left.timeMs - right.timeMs);
  }

  async *read(selection: Selection, _context: ReadContext<unknown>): AsyncGenerator<readonly SeriesSamples[]> {
    this.selections.push(selection);
    const { matchers, startMs, endMs } = selection;
    const matching = [...this.#series.values()]
      .filter(({ labels }) => matchers.every((matcher) => matcher.matches(labels.get(matcher.name))))
      .sort((left, right) => compareLabels(left.labels, right.labels));
    for (const { labels, samples } of matching) {
      const inRange = samples.filter(({ timeMs }) => timeMs >= startMs && timeMs <= endMs);
      if (inRange.length > 0) yield [columnsOf(labels, inRange)];
    }
  }
}

function columnsOf(labels: Labels, samples: readonly TestSample[]): SeriesSamples {
  const isHistogram = ({ value }: TestSample) => typeof value === 'object';
  return {
    labels,
    times: Float64Array.from(samples, ({ timeMs }) => timeMs),
    values: Float64Array.from(samples, ({ value }) => (typeof value === 'number' ? value : 0)),
    stale: samples.some(({ value }) => value === 'stale')
      ? Uint8Array.from(samples, ({ value }) => (value === 'stale' ? 1 : 0))
      : undefined,
    histograms: samples.some(isHistogram)
      ? samples.map(({ value }) => (typeof value === 'object' ? value : undefined))
      : undefined,
    startTimes: samples.some(({ startMs }) => startMs !== 0)
      ? Float64Array.from(samples, ({ startMs }) => startMs)
      : undefined,
  };
}
