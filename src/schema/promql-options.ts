import { metricLabelOptions } from './metric-label-options.js';
import { type OptionValues, positiveInteger } from './option-declaration.js';

/** Options of a PromQL query, in SQL and over HTTP. */
export const promqlOptions = {
  // Prometheus's default.
  max_samples: positiveInteger({
    sqlType: 'UBIGINT',
    default: 50_000_000,
    doc: 'Maximum number of samples that a PromQL query holds at once, as in Prometheus. Of other queries: of samples, log records or spans that one reads.',
  }),
  // The labels of a series take about a kilobyte, and a thread has a gigabyte for them.
  max_series: positiveInteger({
    sqlType: 'UBIGINT',
    default: 500_000,
    doc: 'Maximum number of series that one query reads.',
  }),
  // Prometheus's default.
  query_timeout_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 120_000,
    doc: 'How long one query may take, waiting included.',
  }),
  ...metricLabelOptions,
};
export type PromqlOptions = OptionValues<typeof promqlOptions>;
