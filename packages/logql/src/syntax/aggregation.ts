import { parseFloat64 } from '../text/parse-float.js';
import type { Grouping, LogRange, SampleExpression } from './ast.js';
import { type Draft, draft, failed } from './draft.js';
import type { RangeOperator, VectorOperator } from './operators.js';
import { ParseError } from './parse-error.js';

const LARGEST_INTEGER = 2n ** 63n - 1n;

const groupable: ReadonlySet<RangeOperator> = new Set([
  'avg_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
]);
const withUnwrap: ReadonlySet<RangeOperator> = new Set([
  ...groupable,
  'sum_over_time',
  'rate',
  'rate_counter',
  'absent_over_time',
]);
const withoutUnwrap: ReadonlySet<RangeOperator> = new Set([
  'bytes_over_time',
  'bytes_rate',
  'count_over_time',
  'rate',
  'absent_over_time',
]);

/** What stands in and behind the parentheses of an aggregation; numbers as they are written. */
export interface Arguments<Input> {
  readonly input: Input;
  readonly parameter: string | undefined;
  readonly grouping: Grouping | undefined;
}

export function rangeAggregation(operator: RangeOperator, { input, parameter, grouping }: Arguments<LogRange>): Draft {
  let value: number | undefined;
  if (parameter !== undefined) {
    if (operator !== 'quantile_over_time') {
      return failed(new ParseError(`parameter ${parameter} not supported for operation ${operator}`));
    }
    try {
      value = parseFloat64(parameter);
    } catch (error) {
      return failed(new ParseError(`invalid parameter for operation ${operator}: ${(error as Error).message}`));
    }
  } else if (operator === 'quantile_over_time') {
    return failed(new ParseError(`parameter required for operation ${operator}`));
  }
  if (grouping !== undefined && !groupable.has(operator)) {
    return failed(new ParseError(`grouping not allowed for ${operator} aggregation`));
  }
  const isUnwrapped = input.unwrap !== undefined;
  if (!(isUnwrapped ? withUnwrap : withoutUnwrap).has(operator)) {
    return failed(new ParseError(`invalid aggregation ${operator} ${isUnwrapped ? 'with' : 'without'} unwrap`));
  }
  return draft({ kind: 'range-aggregation', operator, range: input, parameter: value, grouping });
}

const selecting: ReadonlySet<VectorOperator> = new Set(['bottomk', 'topk', 'approx_topk']);

export function vectorAggregation(
  operator: VectorOperator,
  { input, parameter, grouping }: Arguments<Draft<SampleExpression>>,
): Draft {
  if (!selecting.has(operator)) {
    if (parameter !== undefined) {
      return failed(new ParseError(`unsupported parameter for operation ${operator}(${parameter},`));
    }
    return draft(
      { kind: 'vector-aggregation', operator, expression: input.expression, parameter: undefined, grouping },
      [input],
    );
  }
  if (parameter === undefined) return failed(new ParseError(`parameter required for operation ${operator}`));
  if (!/^\d+$/.test(parameter) || BigInt(parameter) > LARGEST_INTEGER) {
    return failed(new ParseError(`invalid parameter ${operator}(${parameter},`));
  }
  if (Number(parameter) <= 0) {
    return failed(new ParseError(`invalid parameter (must be greater than 0) ${operator}(${parameter}`));
  }
  if (operator === 'approx_topk' && grouping !== undefined) {
    return failed(new ParseError(`grouping not allowed for ${operator} aggregation`));
  }
  return draft(
    { kind: 'vector-aggregation', operator, expression: input.expression, parameter: Number(parameter), grouping },
    [input],
  );
}
