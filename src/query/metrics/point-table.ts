// The tables of data points, and the SQL that tells their series apart and reads their samples.

import type { MetricOptions } from './metric-options.js';

export type PointKind = 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary' | 'target';

/** A number, or the list of numbers, that points have. */
export interface PointValue {
  readonly field: PointField;
  readonly sql: string;
  /** What names of series end with that need it. */
  readonly suffixes: readonly string[];
}

export type PointField =
  | 'value'
  | 'count'
  | 'sum'
  | 'buckets'
  | 'quantiles'
  | 'scale'
  | 'zeroCount'
  | 'positiveOffset'
  | 'positive'
  | 'negativeOffset'
  | 'negative';

export interface PointTable {
  readonly kind: PointKind;
  readonly name: string;
  /** SQL of its rows. */
  readonly from: string;
  /** What tells series apart beside name, unit and attributes. */
  readonly identity: readonly string[];
  readonly values: readonly PointValue[];
}

const value = (field: PointField, sql: string, ...suffixes: readonly string[]): PointValue => ({
  field,
  sql,
  suffixes: suffixes.length === 0 ? [''] : suffixes,
});
const number = value('value', 'coalesce(double_value, int_value::DOUBLE, 0)');
const IS_DELTA = 'aggregation_temporality = 1';

const rowsOf = (name: string) => ({ name, from: `{{${name}}}` });

const tablesOfPoints: readonly PointTable[] = [
  { kind: 'gauge', ...rowsOf('otlp_metrics_gauge'), identity: [], values: [number] },
  { kind: 'sum', ...rowsOf('otlp_metrics_sum'), identity: [IS_DELTA, 'is_monotonic'], values: [number] },
  {
    kind: 'histogram',
    ...rowsOf('otlp_metrics_histogram'),
    // Senders that change bounds begin new series, as the label `le` says.
    identity: [IS_DELTA, 'explicit_bounds', 'len(bucket_counts)', 'sum IS NULL'],
    values: [
      value('count', 'count::DOUBLE', '_bucket', '_count'),
      value('sum', 'coalesce(sum, 0)', '_sum'),
      value('buckets', 'bucket_counts::DOUBLE[]', '_bucket'),
    ],
  },
  {
    kind: 'exponential',
    ...rowsOf('otlp_metrics_exp_histogram'),
    identity: [IS_DELTA],
    values: [
      value('count', 'count::DOUBLE'),
      value('sum', 'coalesce(sum, 0)'),
      value('scale', 'scale::DOUBLE'),
      value('zeroCount', 'zero_count::DOUBLE'),
      value('positiveOffset', 'positive_offset::DOUBLE'),
      value('positive', 'positive_bucket_counts::DOUBLE[]'),
      value('negativeOffset', 'negative_offset::DOUBLE'),
      value('negative', 'negative_bucket_counts::DOUBLE[]'),
    ],
  },
  {
    kind: 'summary',
    ...rowsOf('otlp_metrics_summary'),
    identity: ['quantiles'],
    values: [
      value('count', 'count::DOUBLE', '_count'),
      value('sum', 'coalesce(sum, 0)', '_sum'),
      value('quantiles', 'quantile_values'),
    ],
  },
];

export const TARGET_INFO = 'target_info';
const noTexts = ['unit', 'metric_attributes', 'scope_name', 'scope_version', 'scope_attributes', 'scope_schema_url'];

/**
 * `target_info` says what is known of each resource that sends metrics. Prometheus makes a sample of it for each request; here it has
 * one for each time at which the resource has points.
 */
const targets: PointTable = {
  kind: 'target',
  name: TARGET_INFO,
  from: `(${tablesOfPoints
    .map(
      ({ from }) => `SELECT DISTINCT date_trunc('millisecond', time_unix_nano) AS time_unix_nano, resource_attributes,
        NULL::TIMESTAMP AS start_time_unix_nano, 0 AS flags, '${TARGET_INFO}' AS name, 'Target metadata' AS description,
        ${noTexts.map((column) => `NULL::VARCHAR AS ${column}`).join(', ')}
      FROM ${from}`,
    )
    .join(' UNION ALL ')})`,
  identity: [],
  values: [value('value', '1::DOUBLE')],
};

export const pointTables: readonly PointTable[] = [...tablesOfPoints, targets];

/**
 * A number for the series of a row: 64 bits of a hash, computed once for each text of a dictionary. Of a million series, two share
 * a number once in 37 million stores.
 */
export function seriesIdSql({ identity }: PointTable, { scopeLabels }: MetricOptions): string {
  const scope = scopeLabels ? ['scope_name', 'scope_version', 'scope_attributes', 'scope_schema_url'] : [];
  return `hash(${['name', 'unit', 'resource_attributes', 'metric_attributes', ...scope, ...identity].join(', ')})`;
}

/**
 * Times are milliseconds, as Prometheus has them: what is behind them is cut off. Half a millisecond more marks a point without a value,
 * which ends its series.
 */
export const MARKED_TIME_SQL =
  // A plain 0.5 is a DECIMAL, and so would be the whole sum: four times as slow.
  '(epoch_ms(time_unix_nano)::DOUBLE + (flags & 1)::DOUBLE * 0.5::DOUBLE)';
export const START_MS_SQL = 'coalesce(epoch_ms(start_time_unix_nano)::DOUBLE, 0)';

/** Times that JavaScript has dates for. DuckDB's timestamps reach farther. */
const MAX_TIME_MS = 8.64e15;

/** Whether the time of a point lies between two milliseconds, both included. */
export function timeSql(startMs: number, endMs: number): string {
  const limited = (timeMs: number) => Math.min(Math.max(timeMs, -MAX_TIME_MS), MAX_TIME_MS);
  const from = BigInt(Math.ceil(limited(startMs))) * 1000n;
  const before = (BigInt(Math.floor(limited(endMs))) + 1n) * 1000n;
  return `time_unix_nano >= make_timestamp(${from}) AND time_unix_nano < make_timestamp(${before})`;
}
