// The words and signs that name operations, in the order in which the pages list them.

export const lineOperators = ['|=', '!=', '|~', '!~', '|>', '!>'] as const;
export type LineOperator = (typeof lineOperators)[number];

export const comparisonOperators = ['==', '!=', '>', '>=', '<', '<='] as const;
export type ComparisonOperator = (typeof comparisonOperators)[number];

export const arithmeticOperators = ['+', '-', '*', '/', '%', '^'] as const;
export const setOperators = ['or', 'and', 'unless'] as const;
export type SetOperator = (typeof setOperators)[number];
export type BinaryOperator = (typeof arithmeticOperators)[number] | ComparisonOperator | SetOperator;

export const rangeOperators = [
  'count_over_time',
  'rate',
  'rate_counter',
  'bytes_over_time',
  'bytes_rate',
  'avg_over_time',
  'sum_over_time',
  'min_over_time',
  'max_over_time',
  'stdvar_over_time',
  'stddev_over_time',
  'quantile_over_time',
  'first_over_time',
  'last_over_time',
  'absent_over_time',
] as const;
export type RangeOperator = (typeof rangeOperators)[number];

export const vectorOperators = [
  'sum',
  'avg',
  'max',
  'min',
  'count',
  'stddev',
  'stdvar',
  'bottomk',
  'topk',
  'sort',
  'sort_desc',
  'approx_topk',
] as const;
export type VectorOperator = (typeof vectorOperators)[number];

export const unwrapConversions = ['bytes', 'duration', 'duration_seconds'] as const;
export type UnwrapConversion = (typeof unwrapConversions)[number];

export function isComparison(operator: string): operator is ComparisonOperator {
  return (comparisonOperators as readonly string[]).includes(operator);
}

export function isSetOperator(operator: string): operator is SetOperator {
  return (setOperators as readonly string[]).includes(operator);
}
