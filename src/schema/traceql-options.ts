import { type OptionValues, positiveInteger } from './option-declaration.js';

/** Options of a TraceQL query, in SQL and over HTTP. */
export const traceqlOptions = {
  // A batch of traces is in memory at a time. A search that reads more takes longer than anybody waits.
  max_samples: positiveInteger({
    sqlType: 'UBIGINT',
    default: 50_000_000,
    doc: 'Maximum number of spans that one query reads.',
  }),
  max_series: positiveInteger({
    sqlType: 'UBIGINT',
    default: 10_000,
    doc: 'Maximum number of series that each metrics function of a query gives.',
  }),
  // As PromQL's.
  query_timeout_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 120_000,
    doc: 'How long one query may take, waiting included.',
  }),
};
export type TraceqlOptions = OptionValues<typeof traceqlOptions>;
