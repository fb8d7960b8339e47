import type { StepSeries } from '../data/step-series.js';

/** What an expression gives for the steps of a grid. Range vectors are not among them: functions read them. */
export type Value =
  | { readonly type: 'scalar'; readonly values: Float64Array }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'vector'; readonly series: readonly StepSeries[] };

export function vector(series: readonly StepSeries[]): Value {
  return { type: 'vector', series };
}

export function seriesOf(value: Value): readonly StepSeries[] {
  if (value.type !== 'vector') throw new Error(`BUG: expected a vector, got a ${value.type}`);
  return value.series;
}

export function scalarOf(value: Value): Float64Array {
  if (value.type !== 'scalar') throw new Error(`BUG: expected a scalar, got a ${value.type}`);
  return value.values;
}

export function stringOf(value: Value): string {
  if (value.type !== 'string') throw new Error(`BUG: expected a string, got a ${value.type}`);
  return value.value;
}
