// `compare`: how often each value of each attribute is there among selected spans and among all others.

import type { Attribute, IntrinsicName } from '../data/attribute.js';
import type { Attributes } from '../data/span.js';
import { Duration, type Value } from '../data/value.js';
import { compileAttribute, compileFilter, type Field } from '../eval/field.js';
import { keyOf } from '../eval/operators.js';
import type { TraceTree } from '../eval/trace-tree.js';
import type { Compare } from '../syntax/ast.js';
import { printAttribute } from '../syntax/print.js';
import { ExemplarChoice } from './exemplars.js';
import { endOf, type MetricsGrid, stepOf } from './grid.js';
import type { Exemplar, MetricsSeries, SeriesLabels } from './series.js';
import type { MetricsLimits } from './span-metrics.js';

const TYPE_LABEL = '__meta_type';

type Side = 'baseline' | 'selection';

/** Fields without a scope that are compared. Ids, times and numbers of the nested set tell nothing. */
const comparedIntrinsics: readonly IntrinsicName[] = [
  'name',
  'status',
  'statusMessage',
  'kind',
  'rootName',
  'rootServiceName',
  'instrumentation:name',
  'instrumentation:version',
];

/** How many values of one attribute are told apart. What comes later, such as the ids of requests, counts in the total alone. */
const MAX_VALUES = 10_000;
/** What a value takes: its text, and counts of a few steps. */
const VALUE_BYTES = 300;

interface ValueCounts {
  readonly value: Value;
  /** By step: most values of most attributes are in few of them. */
  readonly counts: Map<number, number>;
  total: number;
}

/** The counts of one attribute on one side. */
class AttributeCounts {
  readonly #values = new Map<string, ValueCounts>();
  readonly #reserve: (bytes: number) => void;
  readonly totals: Float64Array;
  readonly exemplars: Exemplar[] = [];

  constructor(steps: number, reserve: (bytes: number) => void) {
    reserve(Float64Array.BYTES_PER_ELEMENT * steps);
    this.#reserve = reserve;
    this.totals = new Float64Array(steps);
  }

  add(step: number, value: Value): void {
    this.totals[step]!++;
    const key = keyOf(value);
    let counted = this.#values.get(key);
    if (counted === undefined) {
      if (this.#values.size >= MAX_VALUES) return;
      this.#reserve(VALUE_BYTES);
      counted = { value, counts: new Map(), total: 0 };
      this.#values.set(key, counted);
    }
    counted.counts.set(step, (counted.counts.get(step) ?? 0) + 1);
    counted.total++;
  }

  most(limit: number): ValueCounts[] {
    return [...this.#values.values()].sort((left, right) => right.total - left.total).slice(0, limit);
  }
}

export class CompareMetrics {
  readonly #compare: Compare;
  readonly #grid: MetricsGrid;
  readonly #isSelected: (tree: TraceTree, index: number) => boolean;
  readonly #intrinsics: readonly { readonly name: string; readonly field: Field }[];
  readonly #sides: Readonly<Record<Side, Map<string, AttributeCounts>>> = { baseline: new Map(), selection: new Map() };
  readonly #choice: ExemplarChoice;
  readonly #reserve: (bytes: number) => void;

  constructor(compare: Compare, grid: MetricsGrid, { exemplars, reserve }: MetricsLimits) {
    this.#reserve = reserve ?? (() => {});
    this.#compare = compare;
    this.#grid = grid;
    this.#isSelected = compileFilter(compare.selection.expression);
    this.#intrinsics = comparedIntrinsics.map((name) => {
      const attribute: Attribute = { kind: 'intrinsic', name };
      return { name, field: compileAttribute(attribute) };
    });
    this.#choice = new ExemplarChoice(grid.isInstant ? 0 : exemplars, grid.startUnixNs, endOf(grid));
  }

  observe(tree: TraceTree, index: number): void {
    const { startUnixNs } = tree.spans[index]!;
    const step = stepOf(this.#grid, startUnixNs);
    if (step === -1) return;
    const isSelected = this.#isInSelectedTime(startUnixNs) && this.#isSelected(tree, index);
    const side = this.#sides[isSelected ? 'selection' : 'baseline'];
    const attributes = this.#attributesOf(tree, index);
    const exemplar = this.#choice.choose(startUnixNs) ? exemplarOf(tree, index, attributes) : undefined;
    for (const [name, value] of attributes) {
      let counts = side.get(name);
      if (counts === undefined) {
        counts = new AttributeCounts(this.#grid.count, this.#reserve);
        side.set(name, counts);
      }
      counts.add(step, value);
      if (exemplar !== undefined) counts.exemplars.push(exemplar);
    }
  }

  series(): MetricsSeries[] {
    const { baseline, selection } = this.#sides;
    return [
      ...this.#valueSeries('baseline', baseline),
      ...this.#valueSeries('selection', selection),
      ...totalSeries('baseline_total', baseline),
      ...totalSeries('selection_total', selection),
    ];
  }

  #isInSelectedTime(unixNs: bigint): boolean {
    const { startUnixNs, endUnixNs } = this.#compare;
    return endUnixNs === 0n || (unixNs > startUnixNs && unixNs <= endUnixNs);
  }

  /** Everything that a span is, under the names that a query would have for it. */
  #attributesOf(tree: TraceTree, index: number): [name: string, value: Value][] {
    const span = tree.spans[index]!;
    const { resource, instrumentation } = span;
    const found: [string, Value][] = [];
    const addAll = (scope: 'resource' | 'span' | 'instrumentation' | 'event' | 'link', attributes: Attributes) => {
      for (const [name, value] of attributes) {
        if (scope === 'resource' && name === SERVICE_NAME) continue;
        found.push([printAttribute({ kind: 'attribute', scope, name, ofParent: false }), value]);
      }
    };
    for (const { name, field } of this.#intrinsics) {
      const value = field(tree, index);
      if (value !== '') found.push([name, value]);
    }
    if (resource.serviceName !== '') found.push([`resource.${SERVICE_NAME}`, resource.serviceName]);
    addAll('resource', resource.attributes);
    addAll('span', span.attributes);
    addAll('instrumentation', instrumentation.attributes);
    for (const event of span.events) {
      found.push(['event:name', event.name]);
      addAll('event', event.attributes);
    }
    for (const link of span.links) addAll('link', link.attributes);
    return found.filter(([, value]) => value !== undefined && !(value instanceof Duration));
  }

  #valueSeries(side: Side, attributes: ReadonlyMap<string, AttributeCounts>): MetricsSeries[] {
    return [...attributes].flatMap(([name, counts]) =>
      counts.most(this.#compare.topN).map(({ value, counts: perStep }) => {
        const values = new Float64Array(this.#grid.count);
        for (const [step, count] of perStep) values[step] = count;
        const labels: SeriesLabels = [
          [TYPE_LABEL, side],
          [name, value],
        ];
        return { labels, values, exemplars: [] };
      }),
    );
  }
}

const SERVICE_NAME = 'service.name';

/** A nil in place of the value stands for all of them. */
function totalSeries(type: string, attributes: ReadonlyMap<string, AttributeCounts>): MetricsSeries[] {
  return [...attributes].map(([name, { totals, exemplars }]) => {
    const labels: SeriesLabels = [
      [TYPE_LABEL, type],
      [name, undefined],
    ];
    return { labels, values: totals, exemplars: exemplars.map((each) => ({ ...each })) };
  });
}

function exemplarOf(tree: TraceTree, index: number, attributes: SeriesLabels): Exemplar {
  const { spanId, startUnixNs } = tree.spans[index]!;
  const labels: SeriesLabels = [['trace:id', tree.traceId], ['span:id', spanId], ...attributes];
  return { labels, value: Number.NaN, unixNs: startUnixNs };
}
