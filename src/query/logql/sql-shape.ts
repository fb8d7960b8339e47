// What LogQL's engine gives SQL: columns of blocks. Apart from the engine, which only threads load.

/** A row for each line. Labels are those of its stream and those that stages gave it. */
export const lineColumns = [
  { name: 'time', type: 'TIMESTAMP' },
  { name: 'label_names', type: 'VARCHAR[]' },
  { name: 'label_values', type: 'VARCHAR[]' },
  { name: 'line', type: 'VARCHAR' },
  { name: 'metadata_names', type: 'VARCHAR[]' },
  { name: 'metadata_values', type: 'VARCHAR[]' },
  { name: 'time_rest', type: 'BIGINT' },
] as const;

/** A row for each series. */
export const sampleSeriesColumns = [
  { name: 'label_names', type: 'VARCHAR[]' },
  { name: 'label_values', type: 'VARCHAR[]' },
  { name: 'times', type: 'TIMESTAMP[]' },
  { name: 'samples', type: 'DOUBLE[]' },
] as const;

/** A row for each selector that would be read. */
export const logPlanColumns = [
  { name: 'selector', type: 'VARCHAR' },
  { name: 'first_time', type: 'TIMESTAMP' },
  { name: 'last_time', type: 'TIMESTAMP' },
  { name: 'reads', type: 'VARCHAR' },
  { name: 'pushed', type: 'VARCHAR[]' },
  { name: 'stages', type: 'VARCHAR[]' },
] as const;
