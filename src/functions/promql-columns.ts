// The rows of functions over PromQL: series that crossed once each, made rows of.

import { BUCKET_NUMBERS, STRING_LABEL } from '../query/promql/sql-shape.js';
import { queryColumn } from '../schema/result-column.js';

/** A row for each sample of the streamed series. Labels are made once for a series. */
export function sampleRowsSql(streamed: string): string {
  return `(SELECT labels, unnest(times) AS sample_time, unnest(floats) AS sample_value, unnest(counts) AS sample_count,
      unnest(sums) AS sample_sum, unnest(buckets) AS bucket_numbers
    FROM (SELECT *, map(label_names, label_values) AS labels FROM ${streamed}))`;
}

const bucketSql = ['lower', 'upper', 'lower_inclusive', 'upper_inclusive', 'count']
  .map((name, i) => `'${name}': bucket_numbers[i + ${i + 1}]${name.endsWith('_inclusive') ? ' = 1' : ''}`)
  .join(', ');

const histogramSql = `CASE WHEN sample_count IS NOT NULL THEN {'count': sample_count, 'sum': sample_sum,
  'buckets': list_transform(range(0, len(bucket_numbers), ${BUCKET_NUMBERS}), lambda i: {${bucketSql}})} END`;

/** Over the rows of sampleRowsSql(). */
export const sampleColumns = [
  queryColumn(
    'labels',
    'MAP(VARCHAR, VARCHAR)',
    `Labels of the series, its name as \`__name__\`. A scalar has none; a string is the one label \`${STRING_LABEL}\`.`,
    'labels',
  ),
  queryColumn(
    'time',
    'TIMESTAMP',
    'When the expression was evaluated; of a range vector, when the sample was taken.',
    'sample_time',
  ),
  queryColumn('value', 'DOUBLE', 'The value; NULL for a native histogram and for a string.', 'sample_value'),
  queryColumn(
    'histogram',
    'STRUCT("count" DOUBLE, "sum" DOUBLE, buckets STRUCT("lower" DOUBLE, "upper" DOUBLE, lower_inclusive BOOLEAN, upper_inclusive BOOLEAN, "count" DOUBLE)[])',
    'The native histogram, with its populated buckets from the lowest to the highest; NULL for a number.',
    histogramSql,
  ),
];
