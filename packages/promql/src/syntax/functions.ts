import type { ValueType } from './ast.js';

/** Name and types of a function, as the checker needs them. */
export interface PromqlFunction {
  readonly name: FunctionName;
  readonly arguments: readonly ValueType[];
  /** How often the last argument may be left out or repeated: 0 not at all, -1 without limit. */
  readonly variadic: number;
  readonly returns: ValueType;
  /** Prometheus has it only with `--enable-feature=promql-experimental-functions`. */
  readonly experimental: boolean;
}

interface Signature {
  readonly arguments: readonly ValueType[];
  readonly variadic?: number;
  readonly returns: ValueType;
  readonly experimental?: true;
}

const ofVector = { arguments: ['vector'], returns: 'vector' } as const satisfies Signature;
const ofMatrix = { arguments: ['matrix'], returns: 'vector' } as const satisfies Signature;
/** The argument is the time of the step when it is left out. */
const ofTime = { arguments: ['vector'], variadic: 1, returns: 'vector' } as const satisfies Signature;
const ofQuery = { arguments: [], returns: 'scalar', experimental: true } as const satisfies Signature;
const experimental = { experimental: true } as const;

const signatures = {
  abs: ofVector,
  absent: ofVector,
  absent_over_time: ofMatrix,
  acos: ofVector,
  acosh: ofVector,
  asin: ofVector,
  asinh: ofVector,
  atan: ofVector,
  atanh: ofVector,
  avg_over_time: ofMatrix,
  ceil: ofVector,
  changes: ofMatrix,
  clamp: { arguments: ['vector', 'scalar', 'scalar'], returns: 'vector' },
  clamp_max: { arguments: ['vector', 'scalar'], returns: 'vector' },
  clamp_min: { arguments: ['vector', 'scalar'], returns: 'vector' },
  cos: ofVector,
  cosh: ofVector,
  count_over_time: ofMatrix,
  day_of_month: ofTime,
  day_of_week: ofTime,
  day_of_year: ofTime,
  days_in_month: ofTime,
  deg: ofVector,
  delta: ofMatrix,
  deriv: ofMatrix,
  double_exponential_smoothing: { arguments: ['matrix', 'scalar', 'scalar'], returns: 'vector', ...experimental },
  end: ofQuery,
  exp: ofVector,
  first_over_time: ofMatrix,
  floor: ofVector,
  histogram_avg: ofVector,
  histogram_count: ofVector,
  histogram_fraction: { arguments: ['scalar', 'scalar', 'vector'], returns: 'vector' },
  histogram_quantile: { arguments: ['scalar', 'vector'], returns: 'vector' },
  histogram_quantiles: {
    arguments: ['vector', 'string', 'scalar', 'scalar'],
    variadic: 9,
    returns: 'vector',
    ...experimental,
  },
  histogram_stddev: ofVector,
  histogram_stdvar: ofVector,
  histogram_sum: ofVector,
  hour: ofTime,
  idelta: ofMatrix,
  increase: ofMatrix,
  info: { arguments: ['vector', 'vector'], variadic: 1, returns: 'vector', ...experimental },
  irate: ofMatrix,
  label_join: { arguments: ['vector', 'string', 'string', 'string'], variadic: -1, returns: 'vector' },
  label_replace: { arguments: ['vector', 'string', 'string', 'string', 'string'], returns: 'vector' },
  last_over_time: ofMatrix,
  ln: ofVector,
  log10: ofVector,
  log2: ofVector,
  mad_over_time: { ...ofMatrix, ...experimental },
  max_of: { arguments: ['scalar', 'scalar'], returns: 'scalar', ...experimental },
  max_over_time: ofMatrix,
  min_of: { arguments: ['scalar', 'scalar'], returns: 'scalar', ...experimental },
  min_over_time: ofMatrix,
  minute: ofTime,
  month: ofTime,
  pi: { arguments: [], returns: 'scalar' },
  predict_linear: { arguments: ['matrix', 'scalar'], returns: 'vector' },
  present_over_time: ofMatrix,
  quantile_over_time: { arguments: ['scalar', 'matrix'], returns: 'vector' },
  rad: ofVector,
  range: ofQuery,
  rate: ofMatrix,
  resets: ofMatrix,
  round: { arguments: ['vector', 'scalar'], variadic: 1, returns: 'vector' },
  scalar: { arguments: ['vector'], returns: 'scalar' },
  sgn: ofVector,
  sin: ofVector,
  sinh: ofVector,
  sort: ofVector,
  sort_by_label: { arguments: ['vector', 'string'], variadic: -1, returns: 'vector', ...experimental },
  sort_by_label_desc: { arguments: ['vector', 'string'], variadic: -1, returns: 'vector', ...experimental },
  sort_desc: ofVector,
  sqrt: ofVector,
  start: ofQuery,
  start_timestamp: { ...ofVector, ...experimental },
  stddev_over_time: ofMatrix,
  stdvar_over_time: ofMatrix,
  step: ofQuery,
  sum_over_time: ofMatrix,
  tan: ofVector,
  tanh: ofVector,
  time: { arguments: [], returns: 'scalar' },
  timestamp: ofVector,
  ts_of_first_over_time: { ...ofMatrix, ...experimental },
  ts_of_last_over_time: { ...ofMatrix, ...experimental },
  ts_of_max_over_time: { ...ofMatrix, ...experimental },
  ts_of_min_over_time: { ...ofMatrix, ...experimental },
  vector: { arguments: ['scalar'], returns: 'vector' },
  year: ofTime,
} as const satisfies Record<string, Signature>;

export type FunctionName = keyof typeof signatures;

/** Every function of the language. What each one does is in `../eval/functions`. */
export const functions: ReadonlyMap<string, PromqlFunction> = new Map(
  Object.entries<Signature>(signatures).map(([name, signature]) => [
    name,
    {
      name: name as FunctionName,
      arguments: signature.arguments,
      variadic: signature.variadic ?? 0,
      returns: signature.returns,
      experimental: signature.experimental ?? false,
    },
  ]),
);
