// Samples of promqltest scripts through OTLP: load → requests to a server → tables → SQL → evaluation.

import { compareLabels } from '../../../packages/promql/src/data/labels.js';
import { evaluateInstant, evaluateRange } from '../../../packages/promql/src/eval/query.js';
import type { NativeHistogram } from '../../../packages/promql/src/histogram/native-histogram.js';
import type { ReadContext, SampleSource, Selection, SeriesSamples } from '../../../packages/promql/src/source.js';
import { load } from '../../../packages/promql/test/promqltest/load.js';
import { MemorySource } from '../../../packages/promql/test/promqltest/memory-source.js';
import type { ScriptStore } from '../../../packages/promql/test/promqltest/run-script.js';
import type { EvalCommand, LoadCommand } from '../../../packages/promql/test/promqltest/script.js';
import type { WrittenValue } from '../../../packages/promql/test/promqltest/series-description.js';
import { MetricCatalogues } from '../../../src/query/metrics/metric-catalogues.js';
import type { MetricStore } from '../../../src/query/metrics/metric-store.js';
import type { MetricDatabase } from './metric-database.js';

const DAY_MS = 86_400_000;
/** Time 0 of the first script: OTLP knows no time 0, and none before. */
const FIRST_MS = Date.UTC(1990, 0, 1);
/** What a script loads behind `clear` lies so much later than what it loaded before. */
const AGE_MS = 200 * DAY_MS;
/** The only width of the zero bucket that a receiver of OTLP knows. Scripts mean 0 where they say none. */
const ZERO_THRESHOLD = 1e-128;

type Matchers = Parameters<SampleSourceOfStore['read']>[0]['matchers'];
type SampleSourceOfStore = MetricStore['source'];
const HINT_EXPECTED = 'a hint that there was no reset, which Prometheus keeps in chunks and no API shows';
const BOUNDS_OF_ITS_OWN = 'a native histogram with bounds of its own, of which OTLP has none';

type LoadedSeries = LoadCommand['series'][number];

export class OtlpScriptStore implements ScriptStore {
  readonly asksVariants = false;
  readonly source: SampleSource<unknown>;
  readonly #database: MetricDatabase;
  #zeroMs = FIRST_MS;
  #loads = 0;
  /** Everything that was loaded, to find out what an eval reads. */
  #loaded = new MemorySource();
  /** By labels of a series: why OTLP cannot carry it. */
  readonly #obstacles = new Map<string, string>();

  constructor(database: MetricDatabase) {
    this.#database = database;
    this.source = { read: (selection, context) => this.#read(selection, context) };
  }

  clear(): void {
    this.#zeroMs += AGE_MS;
    this.#loaded = new MemorySource();
    this.#obstacles.clear();
  }

  /** Every second load is committed; the others stay in memory, where queries find them as well. */
  async load(command: LoadCommand): Promise<void> {
    load(this.#loaded, command);
    // That a metric comes to another table is noticed later than scripts ask.
    this.#database.catalogues = new MetricCatalogues();
    const metrics = [];
    for (const series of command.series) {
      const obstacle = obstacleOf(series);
      if (obstacle === undefined) metrics.push(...metricsOf(series, command.stepMs, this.#zeroMs));
      else this.#obstacles.set(series.labels.key, obstacle);
      if (command.withCustomHistograms) this.#obstacles.set(nativeTwin(series.labels).key, BOUNDS_OF_ITS_OWN);
    }
    if (metrics.length > 0) await this.#database.send({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
    if (this.#loads++ % 2 === 0) await this.#database.flush();
  }

  /** An eval is left out if it reads a series that OTLP cannot carry, or expects what no API shows. */
  async whyNot(command: EvalCommand): Promise<string | undefined> {
    const { query, isRange, startMs, endMs, stepMs, expected } = command;
    const values = expected.kind === 'series' ? expected.series.flatMap((series) => series.values) : [];
    if (values.some((value) => typeof value === 'object' && value.hasHint && value.histogram.hint === 'not_reset'))
      return HINT_EXPECTED;
    if (this.#obstacles.size === 0) return undefined;
    const found = new Set<string>();
    const spy: SampleSource<unknown> = {
      read: (selection, context) => watched(this.#loaded.read(selection, context), this.#obstacles, found),
    };
    const request = { query, source: spy, principal: undefined };
    const options = { startTimestamps: true };
    await (isRange
      ? evaluateRange(request, { startMs, endMs, stepMs }, options)
      : evaluateInstant(request, startMs, options)
    ).catch(() => undefined);
    return found.values().next().value;
  }

  async *#read(
    { matchers, startMs, endMs, isShared, hints }: Selection,
    context: ReadContext<unknown>,
  ): AsyncGenerator<readonly SeriesSamples[]> {
    const zeroMs = this.#zeroMs;
    const store = this.#database.store({ translationStrategy: 'NoTranslation' }, { startTimes: 'read' });
    // The package under test and the one that the store imports are two copies of the same.
    const selection: Parameters<typeof store.source.read>[0] = {
      matchers: matchers as unknown as Matchers,
      startMs: Math.max(startMs, 0) + zeroMs,
      endMs: Math.min(endMs, AGE_MS - 1) + zeroMs,
      isShared,
      hints,
    };
    if (selection.endMs < selection.startMs) return;
    const series: SeriesSamples[] = [];
    for await (const batch of store.source.read(selection, context))
      series.push(...(batch as unknown as SeriesSamples[]));
    // Some answers depend on the order of series; scripts mean that of their labels.
    series.sort((left, right) => compareLabels(left.labels, right.labels));
    for (const each of series) yield [movedBack(each, zeroMs)];
  }
}

async function* watched(
  batches: AsyncIterable<readonly SeriesSamples[]>,
  obstacles: ReadonlyMap<string, string>,
  found: Set<string>,
): AsyncGenerator<readonly SeriesSamples[]> {
  for await (const batch of batches) {
    for (const { labels } of batch) {
      const obstacle = obstacles.get(labels.key);
      if (obstacle !== undefined) found.add(obstacle);
    }
    yield batch;
  }
}

/** Times as the script has them, and the zero bucket as it means it. */
function movedBack(series: SeriesSamples, zeroMs: number): SeriesSamples {
  return {
    ...series,
    times: series.times.map((timeMs) => timeMs - zeroMs),
    startTimes: series.startTimes?.map((timeMs) => (timeMs === 0 ? 0 : timeMs - zeroMs)),
    histograms: series.histograms?.map((histogram) => histogram && { ...histogram, zeroThreshold: 0 }),
  };
}

/** The native histogram that `load_with_nhcb` makes of a series of a classic one. */
function nativeTwin(labels: LoadedSeries['labels']): LoadedSeries['labels'] {
  return labels.with([
    ['__name__', labels.metricName.replace(/_(?:bucket|count|sum)$/, '')],
    ['le', ''],
  ]);
}

/** The rule of exclusion: what a data point of OTLP cannot say. */
function obstacleOf({ labels, values }: LoadedSeries): string | undefined {
  if (labels.metricName === '') return 'a series without a name';
  const unwritable = labels.entries.find(([name]) => /^_+$/.test(name));
  if (unwritable !== undefined) return `a label of underscores alone: ${unwritable[0]}`;
  for (const value of values) {
    const obstacle = typeof value === 'object' ? histogramObstacle(value.histogram, value.hasHint) : undefined;
    if (obstacle !== undefined) return obstacle;
  }
  return undefined;
}

function histogramObstacle(histogram: NativeHistogram, hasHint: boolean): string | undefined {
  const { schema, zeroThreshold, count, zeroCount, positive, negative } = histogram;
  if (schema < -4 || schema > 8) return BOUNDS_OF_ITS_OWN;
  if (hasHint) return 'a histogram with a hint about resets';
  if (zeroThreshold !== 0 && zeroThreshold !== ZERO_THRESHOLD) return 'a zero bucket with a width';
  const counts = [count, zeroCount, ...positive.counts, ...negative.counts];
  if (counts.some((each) => !Number.isSafeInteger(each) || each < 0))
    return 'a histogram with fractions or negative counts';
  return undefined;
}

function metricsOf({ labels, values, startOffsets }: LoadedSeries, stepMs: number, zeroMs: number): object[] {
  const attributes = labels.entries
    .filter(([name]) => name !== '__name__')
    .map(([key, value]) => ({ key, value: { stringValue: value } }));
  const numbers: object[] = [];
  const histograms: object[] = [];
  for (const [at, value] of values.entries()) {
    if (value === undefined) continue;
    const timeMs = zeroMs + at * stepMs;
    const offset = startOffsets[at];
    const common = {
      attributes,
      timeUnixNano: nanoseconds(timeMs),
      // A start time of 0 is one that is not known, in scripts and in OTLP.
      ...(offset === undefined || at * stepMs + offset === 0
        ? {}
        : { startTimeUnixNano: nanoseconds(timeMs + offset) }),
    };
    if (typeof value === 'object') histograms.push({ ...common, ...histogramPoint(value.histogram) });
    else numbers.push({ ...common, ...numberPoint(value) });
  }
  const name = labels.metricName;
  return [
    ...(numbers.length === 0 ? [] : [{ name, gauge: { dataPoints: numbers } }]),
    ...(histograms.length === 0
      ? []
      : [{ name, exponentialHistogram: { aggregationTemporality: 2, dataPoints: histograms } }]),
  ];
}

function nanoseconds(timeMs: number): string {
  // Scripts have parts of milliseconds nowhere but where numbers are imprecise.
  return `${BigInt(Math.round(timeMs)) * 1_000_000n}`;
}

function numberPoint(value: Exclude<WrittenValue, object | undefined>): object {
  return value === 'stale' ? { flags: 1 } : { asDouble: Number.isFinite(value) ? value : jsonText(value) };
}

function histogramPoint(histogram: NativeHistogram): object {
  const { schema, count, sum, zeroCount, positive, negative } = histogram;
  return {
    scale: schema,
    count: String(count),
    sum: Number.isFinite(sum) ? sum : jsonText(sum),
    zeroCount: String(zeroCount),
    positive: bucketsOf(positive),
    negative: bucketsOf(negative),
  };
}

function bucketsOf({ indexes, counts }: NativeHistogram['positive']): object {
  const [first] = indexes;
  if (first === undefined) return {};
  const bucketCounts = new Array<string>(indexes.at(-1)! - first + 1).fill('0');
  for (const [at, index] of indexes.entries()) bucketCounts[index - first] = String(counts[at]);
  return { offset: first - 1, bucketCounts };
}

function jsonText(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}
