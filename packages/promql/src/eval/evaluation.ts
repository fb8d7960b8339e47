import type { Annotations } from '../data/annotations.js';
import { type Grid, gridBetween, instant } from '../data/grid.js';
import { withoutName } from '../data/names.js';
import { executionError } from '../data/query-error.js';
import { type Holding, NOTHING, SAMPLE_BYTES, StepSeries } from '../data/step-series.js';
import { multiplied } from '../histogram/native-histogram.js';
import type { Selection, SeriesSamples } from '../source.js';
import type {
  Aggregation,
  BinaryOperation,
  Call,
  Expression,
  MatrixSelector,
  Subquery,
  UnaryOperation,
  VectorSelector,
} from '../syntax/ast.js';
import { quoted } from '../syntax/go-text.js';
import { isSetOperator } from '../syntax/token.js';
import { mergedByLabels } from '../vector/collect.js';
import { combineScalars, combineWithScalar } from '../vector/scalar-operation.js';
import { combineSets } from '../vector/set-operation.js';
import { combineVectors, type Matching } from '../vector/vector-operation.js';
import { evaluateAggregation } from './aggregation.js';
import { callFunction } from './call.js';
import { HeldSeries } from './held-series.js';
import { findStatisticsOnly, withoutBuckets } from './histogram-stats.js';
import { isStepInvariant } from './invariance.js';
import type { QueryControl } from './limits.js';
import { asSamples, type RangeSeries, windowEnd } from './range-series.js';
import type { Reader } from './reader.js';
import { type InstantTimes, selectInstants } from './select-instant.js';
import { selectSmoothed } from './select-smoothed.js';
import { scalarOf, seriesOf, type Value, vector } from './value.js';

export interface EvaluationOptions {
  readonly lookbackMs: number;
  readonly defaultSubqueryStepMs: (rangeMs: number) => number;
  /** Names that no longer fit are dropped from the answer, not where they cease to fit. */
  readonly delaysNameRemoval: boolean;
  readonly usesStartTimes: boolean;
  readonly hasTypeLabels: boolean;
}

const NONE: Holding = { samples: 0, bytes: 0 };

/** One evaluation of a resolved query. Parts are evaluated one after the other, each once. */
export class Evaluation {
  readonly annotations: Annotations;
  readonly control: QueryControl;
  readonly options: EvaluationOptions;
  readonly reader: Reader<unknown>;
  readonly #selections: ReadonlyMap<VectorSelector, Selection>;
  readonly #statisticsOnly: ReadonlySet<VectorSelector>;
  /** What the values hold that the part being evaluated has asked for. */
  #heldByParts = NONE;

  /** For a resolved expression, and what it reads. */
  constructor(
    expression: Expression,
    reader: Reader<unknown>,
    selections: ReadonlyMap<VectorSelector, Selection>,
    control: QueryControl,
    annotations: Annotations,
    options: EvaluationOptions,
  ) {
    this.reader = reader;
    this.#selections = selections;
    this.#statisticsOnly = findStatisticsOnly(expression);
    this.control = control;
    this.annotations = annotations;
    this.options = options;
  }

  async evaluate(expression: Expression, grid: Grid): Promise<Value> {
    await this.control.checkpoint();
    const heldBefore = this.#heldByParts;
    this.#heldByParts = NONE;
    const value =
      grid.isRange && isStepInvariant(expression) && expression.kind !== 'string'
        ? broadcast(await this.#dispatch(expression, instant(grid.startMs)), grid)
        : await this.#dispatch(expression, grid);
    this.control.release(this.#heldByParts.samples, this.#heldByParts.bytes);
    const holding = holdingOf(value);
    this.control.hold(holding.samples, holding.bytes);
    this.#heldByParts = together([heldBefore, holding]);
    return value;
  }

  #dispatch(expression: Expression, grid: Grid): Promise<Value> {
    switch (expression.kind) {
      case 'aggregation':
        return this.#aggregation(expression, grid);
      case 'binary':
        return this.#binary(expression, grid);
      case 'call':
        return this.#call(expression, grid);
      case 'number':
        return Promise.resolve({ type: 'scalar', values: new Float64Array(grid.count).fill(expression.value) });
      case 'string':
        return Promise.resolve({ type: 'string', value: expression.value });
      case 'parentheses':
        return this.#dispatch(expression.expression, grid);
      case 'unary':
        return this.#unary(expression, grid);
      case 'vector-selector':
        return this.#vectorSelector(expression, grid);
      case 'matrix-selector':
      case 'subquery':
        throw new Error(`BUG: a ${expression.kind} was evaluated as an instant vector`);
    }
  }

  /** Series whose names were dropped, if that is done at once: then two of them may have become one. */
  named(series: readonly StepSeries[]): readonly StepSeries[] {
    if (this.options.delaysNameRemoval || !series.some(({ dropsName }) => dropsName)) return series;
    return mergedByLabels(series.map((each) => (each.dropsName ? withoutName(each) : each)));
  }

  /** Batches of the samples that a selector reads. */
  async *read(selector: VectorSelector): AsyncGenerator<readonly SeriesSamples[]> {
    const isStatistic = this.#statisticsOnly.has(selector);
    for await (const batch of this.reader.read(this.#selections.get(selector)!)) {
      yield isStatistic ? batch.map(withoutBuckets) : batch;
    }
  }

  instantTimes({ at, offsetMs }: VectorSelector, grid: Grid): InstantTimes {
    return { grid, atMs: at as number | undefined, offsetMs, lookbackMs: this.options.lookbackMs };
  }

  async #aggregation(aggregation: Aggregation, grid: Grid): Promise<Value> {
    const { parameter } = aggregation;
    const parameterValue = parameter && (await this.evaluate(parameter, grid));
    const input = seriesOf(await this.evaluate(aggregation.expression, grid));
    return vector(evaluateAggregation(this, aggregation, input, parameterValue, grid));
  }

  async #call(call: Call, grid: Grid): Promise<Value> {
    return callFunction(this, call, grid);
  }

  async #unary({ operator, expression }: UnaryOperation, grid: Grid): Promise<Value> {
    const value = await this.evaluate(expression, grid);
    if (operator === '+') return value;
    if (value.type === 'scalar') return { type: 'scalar', values: value.values.map((each) => -each) };
    return vector(this.named(seriesOf(value).map((series) => negated(series))));
  }

  async #vectorSelector(selector: VectorSelector, grid: Grid): Promise<Value> {
    const times = this.instantTimes(selector, grid);
    const held = new HeldSeries(this.control);
    for await (const batch of this.read(selector)) {
      for (const samples of batch) {
        const selected =
          selector.extension === 'smoothed'
            ? selectSmoothed(samples, times, this.annotations, selector.position)
            : selectInstants(samples, times);
        held.add(selected);
      }
      await this.control.checkpoint();
    }
    return vector(held.handOver());
  }

  async #binary(operation: BinaryOperation, grid: Grid): Promise<Value> {
    const { operator, returnsBool, position } = operation;
    const left = await this.evaluate(operation.left, grid);
    const right = await this.evaluate(operation.right, grid);
    const throwIfEnded = () => this.control.throwIfEnded();
    const context = { annotations: this.annotations, position, returnsBool, throwIfEnded };
    const steps = grid.count;
    if (left.type === 'vector' && right.type === 'vector') {
      const { matching } = operation;
      if (isSetOperator(operator)) {
        return vector(combineSets(operator, left.series, right.series, matching!, steps, throwIfEnded));
      }
      const { delaysNameRemoval } = this.options;
      const vectorContext = { ...context, steps, delaysNameRemoval };
      return vector(combineVectors(operator, left.series, right.series, matching as Matching, vectorContext));
    }
    if (isSetOperator(operator)) throw new Error(`BUG: ${operator} between scalars`);
    if (left.type === 'vector') {
      return vector(this.named(combineWithScalar(operator, left.series, scalarOf(right), 'right', context)));
    }
    if (right.type === 'vector') {
      return vector(this.named(combineWithScalar(operator, right.series, scalarOf(left), 'left', context)));
    }
    if (operator === '</' || operator === '>/') {
      throw executionError(`operator ${quoted(operator)} not allowed for Scalar operations`);
    }
    return { type: 'scalar', values: combineScalars(operator, scalarOf(left), scalarOf(right)) };
  }

  /** The samples of a range vector, in batches. Its windows at the steps of the grid end at `windowEnd`. */
  async *rangeSeries(range: MatrixSelector | Subquery, grid: Grid): AsyncGenerator<readonly RangeSeries[]> {
    if (range.kind === 'subquery') {
      yield await this.#subquerySeries(range, grid);
      return;
    }
    for await (const batch of this.read(range.selector)) {
      yield batch.map((samples) => ({ samples, dropsName: false }));
    }
  }

  async #subquerySeries(subquery: Subquery, grid: Grid): Promise<RangeSeries[]> {
    const { grid: inner, series } = await this.evaluateSubquery(subquery, grid);
    return series.map((each) => ({ samples: asSamples(each, inner), dropsName: each.dropsName }));
  }

  /** The expression of a subquery on the subquery's own grid, whose times are multiples of its step. */
  async evaluateSubquery(subquery: Subquery, grid: Grid): Promise<{ grid: Grid; series: readonly StepSeries[] }> {
    const stepMs = subquery.stepMs || this.options.defaultSubqueryStepMs(subquery.rangeMs);
    const firstEnd = windowEnd(subquery, grid, 0);
    const lastEnd = windowEnd(subquery, grid, grid.count - 1);
    const startMs = (Math.floor((firstEnd - subquery.rangeMs) / stepMs) + 1) * stepMs;
    const inner = gridBetween(startMs, lastEnd, stepMs);
    this.control.checkSubquerySteps(inner.count);
    const series = inner.count === 0 ? [] : seriesOf(await this.evaluate(subquery.expression, inner));
    return { grid: inner, series };
  }
}

function holdingOf(value: Value): Holding {
  if (value.type === 'scalar') return { samples: value.values.length, bytes: SAMPLE_BYTES * value.values.length };
  return value.type === 'vector' ? together(value.series.map(({ holding }) => holding)) : NONE;
}

function together(holdings: readonly Holding[]): Holding {
  return holdings.reduce(
    (sum, { samples, bytes }) => ({ samples: sum.samples + samples, bytes: sum.bytes + bytes }),
    NONE,
  );
}

/** The value of one step at all steps. */
function broadcast(value: Value, { count }: Grid): Value {
  if (value.type === 'scalar') return { type: 'scalar', values: new Float64Array(count).fill(value.values[0]!) };
  const series = seriesOf(value).map((each) => {
    const spread = new StepSeries(each.labels, count, each.dropsName);
    for (let step = 0; step < count; step++) spread.copyStep(step, each, 0);
    return spread;
  });
  return vector(series);
}

function negated(series: StepSeries): StepSeries {
  const result = new StepSeries(series.labels, series.kinds.length, true);
  for (let step = 0; step < series.kinds.length; step++) {
    const histogram = series.histogramAt(step);
    if (histogram !== undefined) result.setHistogram(step, multiplied(histogram, -1));
    else if (series.kinds[step] !== NOTHING) result.setFloat(step, -series.values[step]!);
  }
  return result;
}
