import type { Annotations } from '../data/annotations.js';
import type { Grid } from '../data/grid.js';
import { isLabelName } from '../data/labels.js';
import { executionError } from '../data/query-error.js';
import type { StepSeries } from '../data/step-series.js';
import type { Aggregation } from '../syntax/ast.js';
import { general, quoted } from '../syntax/go-text.js';
import { aggregate } from '../vector/aggregate.js';
import { countValues } from '../vector/count-values.js';
import { selectMembers } from '../vector/select-members.js';
import type { Evaluation } from './evaluation.js';
import { scalarOf, stringOf, type Value } from './value.js';

/** An aggregation of evaluated series, with its evaluated parameter. */
export function evaluateAggregation(
  { annotations, control }: Pick<Evaluation, 'annotations' | 'control'>,
  aggregation: Aggregation,
  series: readonly StepSeries[],
  parameter: Value | undefined,
  grid: Grid,
): StepSeries[] {
  const throwIfEnded = () => control.throwIfEnded();
  const { operator, position } = aggregation;
  const grouping = { labels: aggregation.grouping, without: aggregation.without };
  switch (operator) {
    case 'count_values': {
      const label = stringOf(parameter!);
      if (!isLabelName(label)) throw executionError(`invalid label name ${quoted(label)}`);
      return countValues(series, label, grouping, grid.count, throwIfEnded);
    }
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      return selectMembers(operator, series, grouping, {
        steps: grid.count,
        annotations,
        throwIfEnded,
        position,
        parameterPosition: aggregation.parameter!.position,
        parameter: scalarOf(parameter!),
      });
    default: {
      const quantiles = operator === 'quantile' ? scalarOf(parameter!) : undefined;
      if (quantiles !== undefined) warnOfExtremes(quantiles, annotations, aggregation);
      return aggregate(operator, series, grouping, {
        steps: grid.count,
        annotations,
        throwIfEnded,
        position: aggregation.expression.position,
        parameter: quantiles,
      });
    }
  }
}

/** Tells of the largest and smallest value only, if they are outside of 0 to 1. */
function warnOfExtremes(quantiles: Float64Array, annotations: Annotations, { parameter }: Aggregation): void {
  const numbers = quantiles.filter((value) => !Number.isNaN(value));
  const wrong = [
    ...(numbers.length < quantiles.length ? [NaN] : []),
    ...[numbers.reduce((most, value) => Math.max(most, value), 0)].filter((value) => value > 1),
    ...[numbers.reduce((least, value) => Math.min(least, value), 0)].filter((value) => value < 0),
  ];
  for (const value of wrong) {
    annotations.warn(`quantile value should be between 0 and 1, got ${general(value)}`, parameter!.position);
  }
}
