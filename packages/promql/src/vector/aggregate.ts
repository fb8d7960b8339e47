import type { Annotations } from '../data/annotations.js';
import { meanOf } from '../data/kahan-sum.js';
import { FLOAT, HISTOGRAM, StepSeries } from '../data/step-series.js';
import type { Position } from '../syntax/position.js';
import { histogramMean, histogramSum } from './aggregate-histograms.js';
import { type Group, type Grouping, groupsOf } from './group.js';
import { quantileOf } from './quantile.js';
import { eachStep } from './step-blocks.js';

/** Aggregations that give one series for each group. */
export type FoldingOperator = 'sum' | 'avg' | 'count' | 'group' | 'min' | 'max' | 'stddev' | 'stdvar' | 'quantile';

export interface AggregationContext {
  readonly steps: number;
  readonly annotations: Annotations;
  /** Called again and again while the work lasts: what it throws ends it. */
  readonly throwIfEnded?: () => void;
  /** Of what is aggregated, for annotations. */
  readonly position: Position;
  /** Of `quantile`, for each step. */
  readonly parameter: Float64Array | undefined;
}

type Fold = (group: Group, result: StepSeries, context: AggregationContext) => void;

const folds: Readonly<Record<FoldingOperator, Fold>> = {
  sum,
  avg,
  count,
  group: (group, result) => {
    count(group, result);
    for (let step = 0; step < result.values.length; step++) result.values[step] = Math.min(1, result.values[step]!);
  },
  min: extreme('min', (value, best) => value < best),
  max: extreme('max', (value, best) => value > best),
  stddev: variance('stddev', Math.sqrt),
  stdvar: variance('stdvar', (value) => value),
  quantile,
};

/** One series for each group of `series` that has values. */
export function aggregate(
  operator: FoldingOperator,
  series: readonly StepSeries[],
  grouping: Grouping,
  context: AggregationContext,
): StepSeries[] {
  const results: StepSeries[] = [];
  for (const group of groupsOf(series, grouping, context.throwIfEnded)) {
    context.throwIfEnded?.();
    const dropsName = group.members.some((member) => member.dropsName);
    const result = new StepSeries(group.labels, context.steps, dropsName);
    folds[operator](group, result, context);
    if (!result.isEmpty) results.push(result);
  }
  return results;
}

function sum({ members }: Group, result: StepSeries, { annotations, position }: AggregationContext): void {
  const compensations = new Float64Array(result.kinds.length);
  const hasHistogram = new Uint8Array(result.kinds.length);
  for (const member of members) addColumn(member, result, compensations, hasHistogram);
  for (let step = 0; step < result.kinds.length; step++) {
    const hasFloat = result.kinds[step] === FLOAT;
    if (hasFloat) result.values[step]! += compensations[step]!;
    if (hasHistogram[step] === 0) continue;
    if (hasFloat) {
      annotations.warn(MIXED, position);
      result.clear(step);
    } else {
      histogramSum(members, step, result, annotations, position);
    }
  }
}

/** Kahan's sum of two columns. Series by series, instead of step by step, the columns stay in the cache. */
function addColumn(
  { kinds, values, histograms }: StepSeries,
  sums: StepSeries,
  compensations: Float64Array,
  hasHistogram: Uint8Array,
): void {
  for (let step = 0; step < kinds.length; step++) {
    if (kinds[step] !== FLOAT) continue;
    const value = values[step]!;
    if (sums.kinds[step] !== FLOAT) {
      sums.setFloat(step, value);
      continue;
    }
    const before = sums.values[step]!;
    const next = before + value;
    if (next === Infinity || next === -Infinity) compensations[step] = 0;
    else if (Math.abs(before) >= Math.abs(value)) compensations[step]! += before - next + value;
    else compensations[step]! += value - next + before;
    sums.values[step] = next;
  }
  if (histograms === undefined) return;
  for (let step = 0; step < kinds.length; step++) if (kinds[step] === HISTOGRAM) hasHistogram[step] = 1;
}

const MIXED = 'encountered a mix of histograms and floats for aggregation';

function avg({ members }: Group, result: StepSeries, { annotations, position }: AggregationContext): void {
  const steps = result.kinds.length;
  const compensations = new Float64Array(steps);
  const hasHistogram = new Uint8Array(steps);
  const counts = new Float64Array(steps);
  for (const member of members) {
    addColumn(member, result, compensations, hasHistogram);
    for (let step = 0; step < steps; step++) if (member.kinds[step] === FLOAT) counts[step]! += 1;
  }
  for (let step = 0; step < steps; step++) {
    const hasFloat = result.kinds[step] === FLOAT;
    if (hasFloat && hasHistogram[step] === 1) {
      annotations.warn(MIXED, position);
      result.clear(step);
    } else if (hasFloat) {
      const sum = result.values[step]!;
      const isOverflown = sum === Infinity || sum === -Infinity;
      const mean = sum / counts[step]! + compensations[step]! / counts[step]!;
      result.setFloat(step, isOverflown ? runningMean(members, step) : mean);
    } else if (hasHistogram[step] === 1) {
      histogramMean(members, step, result, annotations, position);
    }
  }
}

function runningMean(members: readonly StepSeries[], step: number): number {
  const values = members.filter(({ kinds }) => kinds[step] === FLOAT).map((member) => member.values[step]!);
  return meanOf(Float64Array.from(values), 0, values.length);
}

function count({ members }: Group, result: StepSeries): void {
  for (const { kinds } of members) {
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] !== 0) result.setFloat(step, result.values[step]! + 1);
    }
  }
}

/** NaN loses against every number. */
function extreme(name: string, isBetter: (value: number, best: number) => boolean): Fold {
  return ({ members }, result, context) => {
    for (const member of members) {
      for (let step = 0; step < result.kinds.length; step++) {
        const kind = member.kinds[step];
        if (kind === HISTOGRAM) ignoreHistogram(name, context);
        if (kind !== FLOAT) continue;
        const value = member.values[step]!;
        const best = result.values[step]!;
        if (result.kinds[step] !== FLOAT || isBetter(value, best) || Number.isNaN(best)) result.setFloat(step, value);
      }
    }
  };
}

/** After Welford, for all steps at once. */
function variance(name: string, resultOf: (variance: number) => number): Fold {
  return ({ members }, result, context) => {
    const steps = result.kinds.length;
    const counts = new Float64Array(steps);
    const means = new Float64Array(steps);
    const squares = new Float64Array(steps);
    for (const { kinds, values } of members) {
      for (let step = 0; step < steps; step++) {
        if (kinds[step] === HISTOGRAM) ignoreHistogram(name, context);
        if (kinds[step] !== FLOAT) continue;
        const value = values[step]!;
        counts[step]! += 1;
        if (counts[step] === 1) {
          means[step] = value;
          squares[step] = Number.isFinite(value) ? 0 : NaN;
        } else {
          const delta = value - means[step]!;
          means[step]! += delta / counts[step]!;
          squares[step]! += delta * (value - means[step]!);
        }
      }
    }
    for (let step = 0; step < steps; step++) {
      if (counts[step]! > 0) result.setFloat(step, resultOf(squares[step]! / counts[step]!));
    }
  };
}

function quantile({ members }: Group, result: StepSeries, context: AggregationContext): void {
  eachStep(members, context.steps, (step, { values, hasHistogram }) => {
    context.throwIfEnded?.();
    if (hasHistogram) ignoreHistogram('quantile', context);
    if (values.length > 0) result.setFloat(step, quantileOf(context.parameter![step]!, values));
  });
}

function ignoreHistogram(name: string, { annotations, position }: AggregationContext): void {
  annotations.info(`ignored histogram in ${name} aggregation`, position);
}
