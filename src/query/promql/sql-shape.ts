// What PromQL's engine gives SQL: columns of blocks. Apart from the engine, which only threads load.

/** Numbers that a bucket is told by: its bounds, 1 for each that it includes, and its count. */
export const BUCKET_NUMBERS = 5;

/** The name of the one label of a string's row, whose value is the text. */
export const STRING_LABEL = 'string';

/** A row for each series. */
export const seriesColumns = [
  { name: 'label_names', type: 'VARCHAR[]' },
  { name: 'label_values', type: 'VARCHAR[]' },
  { name: 'times', type: 'TIMESTAMP[]' },
  // NULL for histograms.
  { name: 'floats', type: 'DOUBLE[]' },
  // NULL for series without histograms.
  { name: 'counts', type: 'DOUBLE[]' },
  { name: 'sums', type: 'DOUBLE[]' },
  { name: 'buckets', type: 'DOUBLE[][]' },
] as const;

/** A row for each statement that a query would run. */
export const planColumns = [
  { name: 'selector', type: 'VARCHAR' },
  { name: 'first_time', type: 'TIMESTAMP' },
  { name: 'last_time', type: 'TIMESTAMP' },
  { name: 'table_name', type: 'VARCHAR' },
  { name: 'metrics', type: 'VARCHAR[]' },
  { name: 'series', type: 'BIGINT' },
  { name: 'pushed', type: 'VARCHAR[]' },
  { name: 'sql', type: 'VARCHAR' },
] as const;
