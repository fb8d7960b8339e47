import type { Value } from '../data/value.js';
import { keyOf } from '../eval/operators.js';

/** Labels have the types of the attributes that they were taken from, and stand in the order of `by`. */
export type SeriesLabels = readonly (readonly [name: string, value: Value])[];

/** A span behind a value. */
export interface Exemplar {
  readonly labels: SeriesLabels;
  readonly value: number;
  readonly unixNs: bigint;
}

export interface MetricsSeries {
  readonly labels: SeriesLabels;
  /** One for each step of the grid; NaN where there is none. */
  readonly values: Float64Array;
  readonly exemplars: readonly Exemplar[];
}

/** The label of a series that has no others: the name of the function. */
export const NAME_LABEL = '__name__';

/** Text that only series with the same labels share, whatever function made them. */
export function seriesKey(labels: SeriesLabels): string {
  const parts = labels.filter(([name]) => name !== NAME_LABEL).map(([name, value]) => [name, keyOf(value)]);
  return JSON.stringify(parts);
}
