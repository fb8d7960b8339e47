import { type Signal, signals } from './column-declaration.js';
import { type OptionValues, positiveInteger, wholeNumber } from './option-declaration.js';

/** A hundred years. */
const MAX_DAYS = 36_500;

const days = (signal: Signal) =>
  wholeNumber({
    sqlType: 'UBIGINT',
    max: MAX_DAYS,
    default: null,
    defaultText: '`retention_days`',
    doc: `The same for ${signal} alone.`,
  });

/** Options about how long rows are kept. */
export const retentionOptions = {
  retention_days: wholeNumber({
    sqlType: 'UBIGINT',
    max: MAX_DAYS,
    default: 0,
    doc: 'Days, in UTC, that rows are kept before the current one. Older rows are removed. 0 keeps them for good.',
  }),
  retention_days_logs: days('logs'),
  retention_days_traces: days('traces'),
  retention_days_metrics: days('metrics'),
  retention_interval_ms: positiveInteger({
    sqlType: 'BIGINT',
    default: 3_600_000,
    doc: 'Time between two removals of old rows. The first follows within a minute of the start.',
  }),
  retention_batch_rows: positiveInteger({
    sqlType: 'UBIGINT',
    default: 50_000,
    doc: 'Database files: rows that one transaction of a removal looks at.',
  }),
  retention_batch_sleep_ms: wholeNumber({
    sqlType: 'BIGINT',
    max: 60_000,
    default: 1,
    doc: 'Database files: shortest pause between two of them. It is at least as long as the last one took.',
  }),
};
export type RetentionOptions = OptionValues<typeof retentionOptions>;

/** Days that rows of a signal are kept; 0 for good. */
export function retentionDays(options: RetentionOptions, signal: Signal): number {
  return options[`retention_days_${signal}`] ?? options.retention_days;
}

export function retainsForSomeTime(options: RetentionOptions): boolean {
  return signals.some((signal) => retentionDays(options, signal) > 0);
}
