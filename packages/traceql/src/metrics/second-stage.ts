// What series go through once they are computed: rankings, comparisons, and arithmetic with numbers and other series.

import { Duration, type Value } from '../data/value.js';
import type { MetricsOperator } from '../syntax/ast.js';
import { valueText } from '../syntax/print-value.js';
import type { RankingFunction, ScalarComparison } from '../syntax/token.js';
import { type MetricsSeries, NAME_LABEL, type SeriesLabels, seriesKey } from './series.js';

const comparisons: Readonly<Record<ScalarComparison, (left: number, right: number) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

const operators: Readonly<Record<MetricsOperator, (left: number, right: number) => number>> = {
  '+': (left, right) => left + right,
  '-': (left, right) => left - right,
  '*': (left, right) => left * right,
  // A division by zero has no value: a ratio of nothing.
  '/': (left, right) => (right === 0 ? Number.NaN : left / right),
};

/** The number that series are compared with: seconds of a duration. */
export function thresholdOf(value: Value): number {
  return value instanceof Duration ? value.ns / 1e9 : Number(value);
}

/** Values of which the comparison holds. Series without any are dropped. */
export function filterSeries(
  series: readonly MetricsSeries[],
  operator: ScalarComparison,
  threshold: number,
): MetricsSeries[] {
  const compare = comparisons[operator];
  return series
    .map(({ labels, values, exemplars }) => ({
      labels,
      values: values.map((value) => (compare(value, threshold) ? value : Number.NaN)),
      exemplars: exemplars.filter(({ value }) => compare(value, threshold)),
    }))
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)));
}

/** At each step the values of the best series. Of equal values, that with the first labels is better. */
export function rankSeries(series: readonly MetricsSeries[], name: RankingFunction, limit: number): MetricsSeries[] {
  if (series.length <= limit) return series.slice();
  const sign = name === 'topk' ? -1 : 1;
  const inOrder = series
    .map((each) => ({ each, text: labelsText(each.labels) }))
    .sort((left, right) => (left.text < right.text ? -1 : left.text > right.text ? 1 : 0))
    .map(({ each }) => ({ ...each, ranked: new Float64Array(each.values.length).fill(Number.NaN) }));
  const steps = inOrder[0]?.values.length ?? 0;
  for (let step = 0; step < steps; step++) {
    const present = inOrder.filter(({ values }) => !Number.isNaN(values[step]));
    present.sort((left, right) => sign * (left.values[step]! - right.values[step]!));
    for (const { values, ranked } of present.slice(0, limit)) ranked[step] = values[step]!;
  }
  return inOrder
    .filter(({ ranked }) => ranked.some((value) => !Number.isNaN(value)))
    .map(({ labels, ranked, exemplars }) => ({ labels, values: ranked, exemplars }));
}

function labelsText(labels: SeriesLabels): string {
  return JSON.stringify(labels.map(([name, value]) => [name, valueText(value)]));
}

export function combineWithScalar(
  series: readonly MetricsSeries[],
  operator: MetricsOperator,
  scalar: number,
  scalarSide: 'left' | 'right',
): MetricsSeries[] {
  const operate = operators[operator];
  const compute = (value: number) => (scalarSide === 'left' ? operate(scalar, value) : operate(value, scalar));
  return series.map(({ labels, values, exemplars }) => ({
    labels,
    values: values.map(compute),
    exemplars: exemplars.map((exemplar) => ({ ...exemplar, value: compute(exemplar.value) })),
  }));
}

/** Series with equal labels. A side with one series that has no labels goes with every series of the other one. */
export function combineSeries(
  left: readonly MetricsSeries[],
  right: readonly MetricsSeries[],
  operator: MetricsOperator,
): MetricsSeries[] {
  const [lefts, rights] = [byKey(left), byKey(right)];
  const keys = rights.has(NO_LABELS) ? lefts.keys() : rights.keys();
  const operate = operators[operator];
  return [...keys].flatMap((key): MetricsSeries[] => {
    const [first, second] = [lefts.get(key) ?? lefts.get(NO_LABELS), rights.get(key) ?? rights.get(NO_LABELS)];
    if (first === undefined || second === undefined) return [];
    const values = first.values.map((value, step) => operate(value, second.values[step]!));
    return [
      { labels: combinedLabels(first.labels, second.labels, operator), values, exemplars: exemplarsOf(first, second) },
    ];
  });
}

const NO_LABELS = seriesKey([]);

function byKey(series: readonly MetricsSeries[]): Map<string, MetricsSeries> {
  return new Map(series.map((each) => [seriesKey(each.labels), each]));
}

/** A series that goes with many would give its exemplars to each of them. */
function exemplarsOf(left: MetricsSeries, right: MetricsSeries): MetricsSeries['exemplars'] {
  const [leftIsBare, rightIsBare] = [left, right].map(({ labels }) => seriesKey(labels) === NO_LABELS);
  if (leftIsBare === rightIsBare) return [...left.exemplars, ...right.exemplars];
  return leftIsBare ? right.exemplars : left.exemplars;
}

/** Labels of both. Two names give one with the operator between, and one name is dropped. */
function combinedLabels(left: SeriesLabels, right: SeriesLabels, operator: MetricsOperator): SeriesLabels {
  const nameOf = (labels: SeriesLabels) => labels.find(([name]) => name === NAME_LABEL)?.[1];
  const others = new Map([...right, ...left].filter(([name]) => name !== NAME_LABEL));
  const [leftName, rightName] = [nameOf(left), nameOf(right)];
  if (leftName === undefined || rightName === undefined) return [...others];
  return [[NAME_LABEL, `(${leftName} ${operator} ${rightName})`], ...others];
}
