// Spans → series of one metrics function.

import { QueryError } from '#promql';
import type { Attribute } from '../data/attribute.js';
import type { Value } from '../data/value.js';
import { compileAttribute, type Field } from '../eval/field.js';
import { keyOf, numberOf } from '../eval/operators.js';
import type { TraceTree } from '../eval/trace-tree.js';
import type { Aggregates, Measure } from '../source.js';
import type { MetricsAggregate } from '../syntax/ast.js';
import { printAttribute } from '../syntax/print.js';
import { typeOfAttribute } from '../syntax/value-type.js';
import { atHeightOf, ExemplarChoice } from './exemplars.js';
import { createFold, type Fold } from './fold.js';
import { endOf, type MetricsGrid, stepOf, stepSeconds } from './grid.js';
import { bucketOf, quantileOf } from './log2-buckets.js';
import { type Exemplar, type MetricsSeries, NAME_LABEL, type SeriesLabels } from './series.js';

const BUCKET_LABEL = '__bucket';
const QUANTILE_LABEL = 'p';

const measureKinds = {
  rate: 'count',
  count_over_time: 'count',
  min_over_time: 'min',
  max_over_time: 'max',
  sum_over_time: 'sum',
  avg_over_time: 'avg',
  quantile_over_time: 'histogram',
  histogram_over_time: 'histogram',
} as const satisfies Record<MetricsAggregate['function'], Measure['kind']>;

/** What a store would have to compute for the function. */
export function measureOf({ function: name, attribute }: MetricsAggregate): Measure {
  const kind = measureKinds[name];
  if (kind === 'count') return { kind };
  if (attribute === undefined) throw new Error(`BUG: ${name} without an attribute`);
  return { kind, attribute: attribute.attribute };
}

export interface MetricsLimits {
  /** How many series a function may give. */
  readonly series: number;
  readonly exemplars: number;
  /** Told of bytes before they are taken, which it may refuse by a throw. They are held until the query ends. */
  readonly reserve?: (bytes: number) => void;
}

/** What each step of a series takes: a sum with what it lost, and a count. */
const STEP_BYTES = 24;

interface Group {
  readonly labels: SeriesLabels;
  /** By bucket; a function without a histogram has one, under 0. */
  readonly folds: Map<number, Fold>;
  readonly exemplars: { readonly step: number; readonly bucket: number; readonly exemplar: Exemplar }[];
}

export class SpanMetrics {
  readonly #aggregate: MetricsAggregate;
  readonly #grid: MetricsGrid;
  readonly #limits: MetricsLimits;
  readonly #measure: Measure;
  readonly #by: readonly Field[];
  readonly #measured: Field | undefined;
  /** Durations are measured in nanoseconds and shown in seconds. */
  readonly #unit: number;
  readonly #shown: readonly { readonly name: string; readonly field: Field }[];
  readonly #groups = new Map<string, Group>();
  readonly #choice: ExemplarChoice;
  #foldCount = 0;

  /** `shown` are the attributes that exemplars tell of. */
  constructor(aggregate: MetricsAggregate, grid: MetricsGrid, limits: MetricsLimits, shown: readonly Attribute[]) {
    this.#aggregate = aggregate;
    this.#grid = grid;
    this.#limits = limits;
    this.#measure = measureOf(aggregate);
    this.#by = aggregate.by.map(({ attribute }) => compileAttribute(attribute));
    const measured = aggregate.attribute?.attribute;
    this.#measured = measured && compileAttribute(measured);
    this.#unit = measured !== undefined && typeOfAttribute(measured) === 'duration' ? 1e9 : 1;
    this.#shown = shown.map((attribute) => ({ name: printAttribute(attribute), field: compileAttribute(attribute) }));
    this.#choice = new ExemplarChoice(grid.isInstant ? 0 : limits.exemplars, grid.startUnixNs, endOf(grid));
    // A query without groups counts nothing as 0, and has a series for it.
    if (aggregate.by.length === 0 && this.#measure.kind === 'count') this.#fold(this.#group([]), 0);
  }

  get wantsExemplars(): boolean {
    return !this.#choice.isFull;
  }

  /** Counts a span, if it is in the range and has what is measured. */
  observe(tree: TraceTree, index: number): void {
    const span = tree.spans[index]!;
    const step = stepOf(this.#grid, span.startUnixNs);
    if (step === -1) return;
    const place = this.#placeOf(tree, index);
    if (place === undefined) return;
    const { group, bucket, value } = place;
    this.#fold(group, bucket).add(step, value);
    if (this.#choice.choose(span.startUnixNs)) this.#addExemplar(tree, index, step);
  }

  /** Takes a span as an exemplar that a store has counted before. */
  observeExemplar(tree: TraceTree, index: number): void {
    const step = stepOf(this.#grid, tree.spans[index]!.startUnixNs);
    if (step !== -1 && this.#choice.choose(tree.spans[index]!.startUnixNs)) this.#addExemplar(tree, index, step);
  }

  /** Takes what a store folded. */
  observeFolded({ groups, rowGroups, steps, values, counts, buckets }: Aggregates): void {
    const taken = groups.map((each) => this.#group(each));
    for (let row = 0; row < rowGroups.length; row++) {
      const bucket = buckets === undefined ? 0 : buckets[row]!;
      const fold = this.#fold(taken[rowGroups[row]!]!, bucket);
      fold.addFolded(steps[row]!, values[row]!, counts === undefined ? 1 : counts[row]!);
    }
  }

  series(): MetricsSeries[] {
    return [...this.#groups.values()].flatMap((group) => this.#seriesOf(group));
  }

  #placeOf(tree: TraceTree, index: number): { group: Group; bucket: number; value: number } | undefined {
    const value = this.#measured === undefined ? 0 : numberOf(this.#measured(tree, index));
    if (value === undefined || Number.isNaN(value)) return undefined;
    const bucket = this.#measure.kind === 'histogram' ? bucketOf(value) : 0;
    if (bucket === undefined) return undefined;
    return { group: this.#group(this.#by.map((field) => field(tree, index))), bucket, value };
  }

  #group(values: readonly Value[]): Group {
    const key = values.length === 1 ? keyOf(values[0]) : JSON.stringify(values.map(keyOf));
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { labels: this.#labelsOf(values), folds: new Map(), exemplars: [] };
      this.#groups.set(key, group);
    }
    return group;
  }

  #fold({ folds }: Group, bucket: number): Fold {
    let fold = folds.get(bucket);
    if (fold === undefined) {
      if (++this.#foldCount > this.#limits.series) {
        throw new QueryError('limit', `the query gives more than ${this.#limits.series} series`);
      }
      this.#limits.reserve?.(STEP_BYTES * this.#grid.count);
      const { kind } = this.#measure;
      fold = createFold(kind === 'histogram' ? 'count' : kind, this.#grid.count);
      folds.set(bucket, fold);
    }
    return fold;
  }

  /** Absent values give no label; where all are absent and there is no bucket, the first says so. */
  #labelsOf(values: readonly Value[]): SeriesLabels {
    const { by, function: name } = this.#aggregate;
    const hasBucket = this.#measure.kind === 'histogram';
    if (by.length === 0) return hasBucket ? [] : [[NAME_LABEL, name]];
    const labels = by.map(({ attribute }, index) => [printAttribute(attribute), values[index]] as const);
    const present = labels.filter(([, value]) => value !== undefined);
    return present.length === 0 && !hasBucket ? labels.slice(0, 1) : present;
  }

  #addExemplar(tree: TraceTree, index: number, step: number): void {
    const place = this.#placeOf(tree, index);
    if (place === undefined) return;
    const { group, bucket, value } = place;
    const span = tree.spans[index]!;
    const attributes = this.#shown
      .map(({ name, field }) => [name, field(tree, index)] as const)
      .filter(([, shown]) => shown !== undefined);
    const labels: SeriesLabels = [['trace:id', tree.traceId], ['span:id', span.spanId], ...attributes];
    const isValued = this.#measure.kind !== 'count' && this.#aggregate.function !== 'histogram_over_time';
    const exemplar = { labels, value: isValued ? value / this.#unit : Number.NaN, unixNs: span.startUnixNs };
    group.exemplars.push({ step, bucket, exemplar });
  }

  #seriesOf(group: Group): MetricsSeries[] {
    const { function: name, quantiles } = this.#aggregate;
    switch (name) {
      case 'quantile_over_time':
        return this.#quantiles(group, quantiles);
      case 'histogram_over_time':
        return [...group.folds]
          .sort(([left], [right]) => left - right)
          .map(([bucket, fold]) => {
            const labels: SeriesLabels = [...group.labels, [BUCKET_LABEL, bucket / this.#unit]];
            return withExemplars(
              labels,
              fold.values(),
              group.exemplars.filter((each) => each.bucket === bucket),
            );
          });
      default: {
        const divisor = name === 'rate' ? stepSeconds(this.#grid) : this.#unit;
        return [...group.folds.values()].map((fold) => {
          const values = fold.values().map((value) => value / divisor);
          return withExemplars(group.labels, values, group.exemplars);
        });
      }
    }
  }

  #quantiles({ labels, folds, exemplars }: Group, quantiles: readonly number[]): MetricsSeries[] {
    const counts = [...folds].map(([bucket, fold]) => [bucket, fold.values()] as const);
    const total = new Map(counts.map(([bucket, values]) => [bucket, values.reduce((sum, count) => sum + count, 0)]));
    const overall = quantiles.map((quantile) => quantileOf(quantile, total) / this.#unit);
    return quantiles.map((quantile, position) => {
      const values = new Float64Array(this.#grid.count);
      for (let step = 0; step < values.length; step++) {
        const buckets = new Map(counts.map(([bucket, perStep]) => [bucket, perStep[step]!]));
        values[step] = quantileOf(quantile, buckets) / this.#unit;
      }
      const near = exemplars.filter(({ exemplar }) => nearest(overall, exemplar.value) === position);
      return withExemplars([...labels, [QUANTILE_LABEL, quantile]], values, near);
    });
  }
}

function nearest(candidates: readonly number[], value: number): number {
  const distances = candidates.map((candidate) => Math.abs(candidate - value));
  return distances.indexOf(Math.min(...distances));
}

function withExemplars(labels: SeriesLabels, values: Float64Array, exemplars: Group['exemplars']): MetricsSeries {
  return { labels, values, exemplars: exemplars.map(({ step, exemplar }) => atHeightOf(values, step, exemplar)) };
}
