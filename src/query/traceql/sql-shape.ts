// What TraceQL's engine gives SQL: columns of blocks. Apart from the engine, which only threads load.

/** A row for each matched span. Names and values stand in lists of the same length. */
export const spanColumns = [
  { name: 'trace_id', type: 'VARCHAR' },
  { name: 'spanset', type: 'BIGINT' },
  { name: 'span_id', type: 'VARCHAR' },
  { name: 'parent_span_id', type: 'VARCHAR' },
  { name: 'service', type: 'VARCHAR' },
  { name: 'name', type: 'VARCHAR' },
  { name: 'kind', type: 'VARCHAR' },
  { name: 'status', type: 'VARCHAR' },
  { name: 'start_time', type: 'TIMESTAMP' },
  { name: 'duration_ns', type: 'DOUBLE' },
  { name: 'attribute_names', type: 'VARCHAR[]' },
  { name: 'attribute_values', type: 'VARCHAR[]' },
  { name: 'spanset_names', type: 'VARCHAR[]' },
  { name: 'spanset_values', type: 'VARCHAR[]' },
  { name: 'root_service', type: 'VARCHAR' },
  { name: 'root_name', type: 'VARCHAR' },
  { name: 'trace_start', type: 'TIMESTAMP' },
  { name: 'trace_duration_ns', type: 'DOUBLE' },
] as const;

/** A row for each series. */
export const seriesColumns = [
  { name: 'label_names', type: 'VARCHAR[]' },
  { name: 'label_values', type: 'VARCHAR[]' },
  { name: 'times', type: 'TIMESTAMP[]' },
  { name: 'series_values', type: 'DOUBLE[]' },
] as const;

/** A row for each search, or function of metrics, in a query. */
export const planColumns = [
  { name: 'pipeline', type: 'VARCHAR' },
  { name: 'first_time', type: 'TIMESTAMP' },
  { name: 'last_time', type: 'TIMESTAMP' },
  { name: 'answered_by', type: 'VARCHAR' },
  { name: 'condition', type: 'VARCHAR' },
  { name: 'attributes', type: 'VARCHAR[]' },
  { name: 'sql', type: 'VARCHAR' },
] as const;
