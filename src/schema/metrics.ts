import { nullable, repeated, type TelemetryColumn, type TelemetryTable, zeroed } from './column-declaration.js';
import { resourceAttributes, schemaUrls, scopeColumns, serviceColumns } from './shared-columns.js';

const time = nullable('time_unix_nano', 'TIMESTAMP', 'Time of the data point.');
const startTime = nullable('start_time_unix_nano', 'TIMESTAMP', 'Start of the interval that the value covers.');
const identity: readonly TelemetryColumn[] = [
  repeated(zeroed('name', 'VARCHAR', 'Name of the metric.')),
  repeated(nullable('description', 'VARCHAR', 'Description of the metric.')),
  repeated(nullable('unit', 'VARCHAR', 'Unit of the value, in UCUM notation.')),
];
const origin: readonly TelemetryColumn[] = [...serviceColumns, resourceAttributes, ...scopeColumns];
const attributesAndFlags: readonly TelemetryColumn[] = [
  repeated(nullable('metric_attributes', 'VARCHAR', 'Attributes of the data point, JSON.')),
  zeroed('flags', 'INTEGER', 'DataPointFlags; bit 0 says that no value was recorded.'),
];
const exemplars = nullable('exemplars_json', 'VARCHAR', 'Exemplars of the data point, a JSON array.');
const temporality = zeroed('aggregation_temporality', 'INTEGER', 'AggregationTemporality: 1 delta, 2 cumulative.');

const numberPointColumns: readonly TelemetryColumn[] = [
  time,
  startTime,
  ...identity,
  nullable('int_value', 'BIGINT', 'The value, when it is an integer.'),
  nullable('double_value', 'DOUBLE', 'The value, when it is a double.'),
  ...origin,
  ...attributesAndFlags,
  exemplars,
];

const distribution: readonly TelemetryColumn[] = [
  zeroed('count', 'BIGINT', 'How many values were measured.'),
  nullable('sum', 'DOUBLE', 'Sum of the values.'),
  nullable('min', 'DOUBLE', 'Smallest value.'),
  nullable('max', 'DOUBLE', 'Largest value.'),
];

export const gaugeTable: TelemetryTable = {
  name: 'otlp_metrics_gauge',
  signal: 'metrics',
  doc: 'One row per data point of a Gauge.',
  columns: numberPointColumns,
  exactColumns: schemaUrls,
};

export const sumTable: TelemetryTable = {
  name: 'otlp_metrics_sum',
  signal: 'metrics',
  doc: 'One row per data point of a Sum.',
  columns: [...numberPointColumns, temporality, zeroed('is_monotonic', 'BOOLEAN', 'Whether the sum only ever grows.')],
  exactColumns: schemaUrls,
};

export const histogramTable: TelemetryTable = {
  name: 'otlp_metrics_histogram',
  signal: 'metrics',
  doc: 'One row per data point of a Histogram.',
  columns: [
    time,
    startTime,
    ...identity,
    ...distribution,
    zeroed('bucket_counts', 'BIGINT[]', 'How many values fell into each bucket.'),
    zeroed('explicit_bounds', 'DOUBLE[]', 'Upper bounds of the buckets; the last bucket has none.'),
    ...origin,
    ...attributesAndFlags,
    exemplars,
    temporality,
  ],
  exactColumns: schemaUrls,
};

export const expHistogramTable: TelemetryTable = {
  name: 'otlp_metrics_exp_histogram',
  signal: 'metrics',
  doc: 'One row per data point of an ExponentialHistogram.',
  columns: [
    time,
    startTime,
    ...identity,
    ...distribution,
    zeroed('scale', 'INTEGER', 'Resolution: bucket bounds are powers of 2^(2^-scale).'),
    zeroed('zero_count', 'BIGINT', 'How many values counted as zero.'),
    zeroed('zero_threshold', 'DOUBLE', 'Largest magnitude that counts as zero.'),
    zeroed('positive_offset', 'INTEGER', 'Index of the first bucket of positive values.'),
    zeroed('positive_bucket_counts', 'BIGINT[]', 'How many values fell into each positive bucket.'),
    zeroed('negative_offset', 'INTEGER', 'Index of the first bucket of negative values.'),
    zeroed('negative_bucket_counts', 'BIGINT[]', 'How many values fell into each negative bucket.'),
    ...origin,
    ...attributesAndFlags,
    exemplars,
    temporality,
  ],
  exactColumns: schemaUrls,
};

export const summaryTable: TelemetryTable = {
  name: 'otlp_metrics_summary',
  signal: 'metrics',
  doc: 'One row per data point of a Summary.',
  columns: [
    time,
    startTime,
    ...identity,
    zeroed('count', 'BIGINT', 'How many values were measured.'),
    zeroed('sum', 'DOUBLE', 'Sum of the values.'),
    zeroed('quantiles', 'DOUBLE[]', 'Quantiles that the sender computed, 0 to 1.'),
    zeroed('quantile_values', 'DOUBLE[]', 'The value at each quantile.'),
    ...origin,
    ...attributesAndFlags,
  ],
  exactColumns: schemaUrls,
};
