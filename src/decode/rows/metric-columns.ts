// The columns of the five metrics tables that differ from point to point, looked up once for all rows. Those that
// several tables have come from one function each, so that code for them meets objects of one shape.

import type { SignalRows } from '../../buffer/signal-rows.js';
import type { TableRows } from '../../buffer/table-rows.js';
import { expHistogramTable, gaugeTable, histogramTable, summaryTable, sumTable } from '../../schema/metrics.js';
import { SharedTexts } from './origin.js';

export type PointColumns = ReturnType<typeof pointColumns>;
export type NumberColumns = ReturnType<typeof numberColumns>;
export type DistributionColumns = ReturnType<typeof distributionColumns>;
export type MetricColumns = ReturnType<typeof metricColumns>;

/** What every data point has. */
function pointColumns(table: TableRows) {
  return {
    table,
    time: table.int64('time_unix_nano'),
    startTime: table.int64('start_time_unix_nano'),
    attributes: table.text('metric_attributes'),
    flags: table.int32('flags'),
  };
}

/** What the points of gauges and sums have. */
function numberColumns(table: TableRows) {
  return {
    intValue: table.int64('int_value'),
    doubleValue: table.double('double_value'),
    exemplars: table.text('exemplars_json'),
  };
}

/** What the points of both kinds of histogram have. */
function distributionColumns(table: TableRows) {
  return {
    count: table.int64('count'),
    sum: table.double('sum'),
    min: table.double('min'),
    max: table.double('max'),
    exemplars: table.text('exemplars_json'),
  };
}

/** Name, description and unit, which the points of a metric share. */
export function metricTexts(rows: SignalRows) {
  return new SharedTexts(rows, ['name', 'description', 'unit']);
}

export function metricColumns(rows: SignalRows) {
  const gauge = rows.table(gaugeTable.name);
  const sum = rows.table(sumTable.name);
  const histogram = rows.table(histogramTable.name);
  const expHistogram = rows.table(expHistogramTable.name);
  const summary = rows.table(summaryTable.name);
  return {
    gauge: { point: pointColumns(gauge), number: numberColumns(gauge) },
    sum: {
      point: pointColumns(sum),
      number: numberColumns(sum),
      temporality: sum.int32('aggregation_temporality'),
      isMonotonic: sum.boolean('is_monotonic'),
    },
    histogram: {
      point: pointColumns(histogram),
      distribution: distributionColumns(histogram),
      bucketCounts: histogram.list('bucket_counts'),
      explicitBounds: histogram.list('explicit_bounds'),
      temporality: histogram.int32('aggregation_temporality'),
    },
    expHistogram: {
      point: pointColumns(expHistogram),
      distribution: distributionColumns(expHistogram),
      scale: expHistogram.int32('scale'),
      zeroCount: expHistogram.int64('zero_count'),
      zeroThreshold: expHistogram.double('zero_threshold'),
      positiveOffset: expHistogram.int32('positive_offset'),
      positiveBucketCounts: expHistogram.list('positive_bucket_counts'),
      negativeOffset: expHistogram.int32('negative_offset'),
      negativeBucketCounts: expHistogram.list('negative_bucket_counts'),
      temporality: expHistogram.int32('aggregation_temporality'),
    },
    summary: {
      point: pointColumns(summary),
      count: summary.int64('count'),
      sum: summary.double('sum'),
      quantiles: summary.list('quantiles'),
      quantileValues: summary.list('quantile_values'),
    },
  };
}
