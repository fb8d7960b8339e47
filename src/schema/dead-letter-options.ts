import { type OptionValues, positiveInteger, wholeNumber, word } from './option-declaration.js';

/** Options about rows that the target refuses for good. */
export const deadLetterOptions = {
  dead_letter_max_bytes: positiveInteger({
    sqlType: 'UBIGINT',
    default: 1 << 30,
    doc: 'Room for dead letters. Without a journal at most a quarter of `max_decoded_bytes`, in memory.',
  }),
  dead_letter_when_full: word({
    words: ['wait', 'evict'],
    default: 'wait',
    defaultText: '`wait`',
    doc: 'What happens when it is full: rows that the target refuses wait in the queue, and so do those behind them; or the oldest dead letters are deleted for them (`evict`).',
  }),
  dead_letter_replay_interval_ms: wholeNumber({
    sqlType: 'BIGINT',
    max: Number.MAX_SAFE_INTEGER,
    default: 0,
    doc: 'Time between two attempts to commit dead letters, as `otlp_replay` does. 0: only when somebody asks.',
  }),
};
export type DeadLetterOptions = OptionValues<typeof deadLetterOptions>;

/** Room for dead letters, and what happens without any. */
export interface DeadLetterRoom {
  readonly maxBytes: number;
  readonly whenFull: DeadLetterOptions['dead_letter_when_full'];
  /** Called with a dead letter that is deleted to make room. */
  evicted(letter: { readonly bytes: number; readonly error: string }): void;
}
