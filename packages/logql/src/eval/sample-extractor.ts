import { type Label, Labels } from '#promql/data/labels';
import { compileLabelFilter, type LabelPredicate } from '../pipeline/label-filter.js';
import { ERROR_LABEL, PRESERVE_ERROR_LABEL } from '../pipeline/label-names.js';
import type { LabelsBuilder } from '../pipeline/labels-builder.js';
import { ParserHints } from '../pipeline/parser-hints.js';
import { compilePipeline, earlyFilters, type Pipeline, reordered, requiredLabels } from '../pipeline/pipeline.js';
import type { LogNeeds } from '../source.js';
import type { Grouping, RangeAggregation, Unwrap } from '../syntax/ast.js';
import { parseByteSize } from '../text/byte-size.js';
import { parseGoDuration } from '../text/go-duration.js';
import { parseFloat64 } from '../text/parse-float.js';

/** Which labels of a line its series has. */
export type SeriesLabels =
  | { readonly kind: 'none' }
  | { readonly kind: 'all' }
  | { readonly kind: 'by' | 'without'; readonly labels: readonly string[] };

/** Line → sample and labels of its series. Used for one line after the other. */
export class SampleExtractor {
  readonly needs: LogNeeds;
  readonly #pipeline: Pipeline;
  readonly #unwrap: ((labels: LabelsBuilder) => number | undefined) | undefined;
  readonly #measuresBytes: boolean;
  readonly #series: SeriesLabels;
  /** Labels of series by those that a line came with, for lines that no stage gave any. */
  readonly #known = new WeakMap<Labels, WeakMap<Labels, Labels>>();
  /** Labels of series by their values, so that equal ones are the same. */
  readonly #interned = new Map<string, Labels>();
  /** Of the last sample. */
  value = 0;
  labels: Labels = Labels.none;

  constructor({ operator, range, grouping }: RangeAggregation, outer: Grouping | undefined) {
    const { stages } = range.query;
    const { unwrap } = range;
    this.#series = seriesLabels(operator, unwrap, outer ?? grouping);
    this.#measuresBytes = operator === 'bytes_over_time' || operator === 'bytes_rate';
    const required = requiredLabels(stages, unwrap?.filters);
    const groups = 'labels' in this.#series ? this.#series.labels : [];
    const wanted = [...required, ...groups, ...(unwrap === undefined ? [] : [unwrap.label])];
    const isLimited = this.#series.kind === 'none' || (this.#series.kind === 'by' && groups.length > 0);
    const needsNone = this.#series.kind === 'none' && wanted.length === 0;
    const hints = new ParserHints({
      required: isLimited ? wanted : [],
      needsNone,
      filters: this.#series.kind === 'by' ? [] : earlyFilters(reordered(stages)),
    });
    this.#pipeline = compilePipeline(stages, hints);
    this.#unwrap = unwrap === undefined ? undefined : compileUnwrap(unwrap);
    this.needs = {
      line: this.#measuresBytes || stages.some(({ kind }) => !['label-filter', 'drop', 'keep'].includes(kind)),
      metadata: isLimited ? storedNames(wanted) : 'all',
    };
  }

  /** Labels that a store may group by itself; undefined for all. */
  get storeLabels(): readonly string[] | undefined {
    if (this.#series.kind === 'none') return [];
    return this.#series.kind === 'by' ? this.#series.labels : undefined;
  }

  /** Sets `value` and `labels`. False for a line that gives no sample. */
  extract(line: string, stream: Labels, metadata: Labels, timeNs: bigint): boolean {
    const processed = this.#pipeline.process(line, stream, metadata, timeNs);
    if (processed === undefined) return false;
    const { labels } = this.#pipeline;
    if (this.#unwrap !== undefined) {
      const value = this.#unwrap(labels);
      if (value === undefined) return false;
      this.value = value;
    } else {
      this.value = this.#measuresBytes ? Buffer.byteLength(processed) : 1;
    }
    this.labels = this.#seriesOf(labels, stream, metadata);
    return true;
  }

  #seriesOf(labels: LabelsBuilder, stream: Labels, metadata: Labels): Labels {
    if (labels.hasError) return this.#intern([...labels.values()]);
    if (this.#series.kind === 'none') return Labels.none;
    // Of the labels of a group there are few: they are found as fast as what was kept about a line's.
    if (this.#series.kind !== 'by' && labels.isUnchanged) {
      let known = this.#known.get(stream);
      if (known === undefined) {
        known = new WeakMap();
        this.#known.set(stream, known);
      }
      let series = known.get(metadata);
      if (series === undefined) {
        series = this.#grouped(labels);
        known.set(metadata, series);
      }
      return series;
    }
    return this.#grouped(labels);
  }

  #grouped(labels: LabelsBuilder): Labels {
    const series = this.#series;
    if (series.kind === 'by') {
      return this.#intern(series.labels.map((name): Label => [name, labels.get(name) ?? '']));
    }
    const values = [...labels.values()];
    if (series.kind !== 'without') return this.#intern(values);
    return this.#intern(values.filter(([name]) => !series.labels.includes(name)));
  }

  #intern(entries: readonly Label[]): Labels {
    let key = '';
    for (const [name, value] of entries) key += `${name}\0${value.length}\0${value}`;
    let labels = this.#interned.get(key);
    if (labels === undefined) {
      labels = Labels.of(entries);
      this.#interned.set(key, labels);
    }
    return labels;
  }
}

/** Whether a series holds an error that the query did not ask for, which no metric query answers. */
export function isFailed(labels: Labels): boolean {
  return labels.has(ERROR_LABEL) && labels.get(PRESERVE_ERROR_LABEL) !== 'true';
}

/** Without grouping, what is unwrapped is no label of the series any more. */
function seriesLabels(
  operator: RangeAggregation['operator'],
  unwrap: Unwrap | undefined,
  grouping: Grouping | undefined,
): SeriesLabels {
  if (operator === 'absent_over_time') return { kind: 'none' };
  if (grouping !== undefined && !grouping.without && grouping.labels.length === 0) return { kind: 'none' };
  const labels = grouping?.labels ?? [];
  if (grouping !== undefined && !grouping.without) return { kind: 'by', labels };
  if (unwrap !== undefined) return { kind: 'without', labels: [...labels, unwrap.label] };
  return labels.length === 0 ? { kind: 'all' } : { kind: 'without', labels };
}

/** The value of the label; undefined for a line without it, and for one that a filter behind `unwrap` drops. */
function compileUnwrap({ label, conversion, filters }: Unwrap): (labels: LabelsBuilder) => number | undefined {
  const convert = conversions[conversion ?? 'float'];
  const predicates: readonly LabelPredicate[] = filters.map(compileLabelFilter);
  return (labels) => {
    const text = labels.get(label) ?? '';
    if (text === '') return undefined;
    let value = 0;
    try {
      value = convert(text);
    } catch (error) {
      labels.error = 'SampleExtractionErr';
      labels.errorDetails = (error as Error).message;
    }
    return predicates.every((passes) => passes(labels)) ? value : undefined;
  };
}

const conversions = {
  float: parseFloat64,
  bytes: (text: string) => Number(parseByteSize(text)),
  duration: (text: string) => Number(parseGoDuration(text)) / 1e9,
  duration_seconds: (text: string) => Number(parseGoDuration(text)) / 1e9,
} as const;

/** Names as a store has them: a label with the suffix may be one without it. */
function storedNames(names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => [name, name.replace(/_extracted$/, '')]))];
}
