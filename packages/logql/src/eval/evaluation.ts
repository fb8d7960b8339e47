import { Annotations } from '#promql/data/annotations';
import { Labels } from '#promql/data/labels';
import { executionError, QueryError } from '#promql/data/query-error';
import { FLOAT, NOTHING, StepSeries } from '#promql/data/step-series';
import { replaceLabel } from '#promql/eval/functions/label-functions';
import { aggregate } from '#promql/vector/aggregate';
import { combineWithScalar } from '#promql/vector/scalar-operation';
import { selectMembers } from '#promql/vector/select-members';
import { combineSets } from '#promql/vector/set-operation';
import { combineVectors } from '#promql/vector/vector-operation';
import type {
  BinaryOperation,
  Grouping,
  RangeAggregation,
  SampleExpression,
  VectorAggregation,
} from '../syntax/ast.js';
import { isSetOperator } from '../syntax/operators.js';
import { evaluateRangeAggregation, type Reading } from './range-aggregation.js';
import type { TimeGrid } from './time-grid.js';

/** Positions of expressions are not told in LogQL's answers. */
const nowhere = { start: 0, end: 0 };

/** Aggregations whose sum is that of fewer series, when a sum is all that is made of them. */
const summable: ReadonlySet<RangeAggregation['operator']> = new Set([
  'bytes_over_time',
  'bytes_rate',
  'sum_over_time',
  'rate',
  'count_over_time',
]);

/** Evaluates an expression for all steps at once. Parts are evaluated one after the other. */
export class Evaluation<Principal> {
  readonly #grid: TimeGrid;
  readonly #reading: Reading<Principal>;
  readonly #annotations = new Annotations();

  constructor(grid: TimeGrid, reading: Reading<Principal>) {
    this.#grid = grid;
    this.#reading = reading;
  }

  async evaluate(expression: SampleExpression): Promise<readonly StepSeries[]> {
    await this.#reading.control.checkpoint();
    switch (expression.kind) {
      case 'range-aggregation':
        return evaluateRangeAggregation(expression, undefined, this.#grid, this.#reading);
      case 'vector-aggregation':
        return this.#vectorAggregation(expression);
      case 'binary':
        return this.#binary(expression);
      case 'number':
      case 'vector':
        return [this.#constant(expression.value)];
      case 'label-replace': {
        const { to, replacement, from, pattern } = expression;
        return replaceLabel(await this.evaluate(expression.expression), [to, replacement, from, pattern]);
      }
    }
  }

  #constant(value: number): StepSeries {
    const series = new StepSeries(Labels.none, this.#grid.count);
    series.kinds.fill(FLOAT);
    series.values.fill(value);
    return series;
  }

  async #vectorAggregation({ operator, expression, parameter, grouping }: VectorAggregation): Promise<StepSeries[]> {
    const groups: Grouping = grouping ?? { labels: [], without: false };
    const input = await this.#input(operator, expression, groups);
    const steps = this.#grid.count;
    switch (operator) {
      case 'topk':
      case 'approx_topk':
      case 'bottomk':
        return selectMembers(operator === 'bottomk' ? 'bottomk' : 'topk', input, groups, {
          steps,
          annotations: this.#annotations,
          position: nowhere,
          parameterPosition: nowhere,
          parameter: new Float64Array(steps).fill(parameter!),
        });
      case 'sort':
      case 'sort_desc':
        return sorted(input, operator);
      default:
        return aggregate(operator, input, groups, {
          steps,
          annotations: this.#annotations,
          position: nowhere,
          parameter: undefined,
        });
    }
  }

  /** What is aggregated. A sum tells the aggregation inside it which labels are wanted. */
  #input(
    operator: VectorAggregation['operator'],
    expression: SampleExpression,
    grouping: Grouping,
  ): Promise<readonly StepSeries[]> {
    const isInner = expression.kind === 'range-aggregation' && summable.has(expression.operator);
    if (operator !== 'sum' || !isInner || expression.grouping !== undefined) return this.evaluate(expression);
    return evaluateRangeAggregation(expression, grouping, this.#grid, this.#reading);
  }

  async #binary(operation: BinaryOperation): Promise<readonly StepSeries[]> {
    const { operator, left, right, returnsBool } = operation;
    const steps = this.#grid.count;
    const context = { annotations: this.#annotations, position: nowhere, returnsBool };
    if (left.kind === 'number' && !isSetOperator(operator)) {
      const values = await this.evaluate(right);
      const divisors = operator === '/' ? values.map(withoutZeros) : values;
      return combineWithScalar(operator, divisors, new Float64Array(steps).fill(left.value), 'left', context);
    }
    if (right.kind === 'number' && !isSetOperator(operator)) {
      const values = await this.evaluate(left);
      const scalar = operator === '/' && right.value === 0 ? NaN : right.value;
      return combineWithScalar(operator, values, new Float64Array(steps).fill(scalar), 'right', context);
    }
    const leftSeries = await this.evaluate(left);
    const rightSeries = await this.evaluate(right);
    const { cardinality, on, labels = [], include = [] } = operation.matching;
    if (isSetOperator(operator)) return combineSets(operator, leftSeries, rightSeries, { labels, on }, steps);
    const divisors = operator === '/' ? rightSeries.map(withoutZeros) : rightSeries;
    const matching = { cardinality, on, labels, include, fillLeft: undefined, fillRight: undefined };
    return withLokisText(() =>
      combineVectors(operator, leftSeries, divisors, matching, { ...context, steps, delaysNameRemoval: false }),
    );
  }
}

/** Dividing by zero gives no number in LogQL, unlike in PromQL. */
function withoutZeros(series: StepSeries): StepSeries {
  if (!series.values.includes(0)) return series;
  const copy = new StepSeries(series.labels, series.kinds.length, series.dropsName);
  for (let step = 0; step < series.kinds.length; step++) {
    if (series.kinds[step] === FLOAT) copy.setFloat(step, series.values[step] === 0 ? NaN : series.values[step]!);
  }
  return copy;
}

/** Loki's error for matches that are not unique does not name the series. */
function withLokisText(combine: () => StepSeries[]): StepSeries[] {
  try {
    return combine();
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const [, side] = /^found duplicate series .* on the (left|right) hand-side/s.exec(error.message) ?? [];
    if (side === undefined) throw error;
    throw executionError(
      `found duplicate series on the ${side} hand-side` +
        ';many-to-many matching not allowed: matching labels must be unique on one side',
    );
  }
}

/** In the order of values at the first step, the only one of an instant query. NaN comes last. */
function sorted(series: readonly StepSeries[], operator: 'sort' | 'sort_desc'): StepSeries[] {
  const firstValue = ({ kinds, values }: StepSeries) => (kinds[0] === NOTHING ? NaN : values[0]!);
  const sign = operator === 'sort' ? 1 : -1;
  return [...series].sort((left, right) => {
    const [first, second] = [firstValue(left), firstValue(right)];
    if (Number.isNaN(first) || Number.isNaN(second)) return Number(Number.isNaN(first)) - Number(Number.isNaN(second));
    return sign * (first - second);
  });
}
