import { type OptionValues, positiveInteger } from './option-declaration.js';

const MiB = 1 << 20;

/** Options of Tempo's API. */
export const tempoOptions = {
  // Forty thousand spans, which no page shows; while one is answered it takes ten times as much memory.
  max_trace_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 16 * MiB,
    doc: 'Maximum size of a trace that is asked for by its id. Of a larger one the first spans are answered, with the status PARTIAL; `/api/traces` refuses it.',
  }),
};
export type TempoOptions = OptionValues<typeof tempoOptions>;
