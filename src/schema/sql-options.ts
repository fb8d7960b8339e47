import { type OptionValues, positiveInteger } from './option-declaration.js';

const MiB = 1 << 20;

/** Options of what answers SQL of clients. */
export const sqlOptions = {
  // More than anybody reads, and as many as a chart has use for.
  sql_max_rows: positiveInteger({
    sqlType: 'UBIGINT',
    default: 10_000,
    doc: 'Maximum number of rows in the answer to one SQL statement over HTTP. Further ones are left out, and the answer says so.',
  }),
  sql_max_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 16 * MiB,
    doc: 'Size from which on rows are left out of such an answer.',
  }),
  // DuckDB does not count everything that a statement takes, and its own limit is most of the machine.
  sql_memory_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 1024 * MiB,
    doc: 'How much the process may grow by while such a statement runs, before the statement is ended.',
  }),
};
export type SqlOptions = OptionValues<typeof sqlOptions>;
