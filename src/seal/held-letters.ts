// Dead letters of a server without a journal: generations that the target rejected for good. They stay in memory, out of the
// way of other rows, until they are replayed or the server stops.

import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import type { Generation } from '../buffer/generation.js';
import type { ListedLetter, ReplayResult } from './dead-letter.js';

interface HeldLetter extends ListedLetter {
  readonly generation: Generation;
}

/** Memory for dead letters, as a fraction of `max_decoded_bytes` and in addition to it. */
const SHARE_OF_DECODED_BYTES = 1 / 4;

export class HeldLetters {
  readonly #maxBytes: number;
  readonly #letters: HeldLetter[] = [];
  #rowsTotal = 0;
  #replayedRowsTotal = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(maxDecodedBytes: number) {
    this.#maxBytes = maxDecodedBytes * SHARE_OF_DECODED_BYTES;
  }

  /** Oldest first. */
  get waiting(): readonly ListedLetter[] {
    return this.#letters;
  }

  /** Rows set aside since the server started. */
  get rowsTotal(): number {
    return this.#rowsTotal;
  }

  get replayedRowsTotal(): number {
    return this.#replayedRowsTotal;
  }

  /** Rows currently held, which are lost with the process. */
  get rows(): number {
    return this.#letters.reduce((rows, { generation }) => rows + generation.rows, 0);
  }

  /** Throws if there is no room. */
  add(generation: Generation, error: string): void {
    const bytes = this.#letters.reduce((sum, letter) => sum + letter.bytes, generation.byteLength);
    if (bytes > this.#maxBytes) {
      throw new SqlError(
        'OTLP_DEAD_LETTERS_FULL',
        `dead letters would take ${bytes} bytes of memory, more than ${this.#maxBytes}`,
      );
    }
    this.#letters.push({
      path: undefined,
      bytes: generation.byteLength,
      first: undefined,
      last: undefined,
      setAsideUnixMs: Date.now(),
      error,
      generation,
    });
    this.#rowsTotal += generation.rows;
  }

  /** Commits dead letters, oldest first, and stops at the first that is rejected again. Calls wait for each other. */
  replay(commit: (generation: Generation) => Promise<void>): Promise<ReplayResult> {
    const result = this.#turn.then(() => this.#replay(commit));
    this.#turn = result;
    return result;
  }

  async #replay(commit: (generation: Generation) => Promise<void>): Promise<ReplayResult> {
    let replayedRows = 0;
    try {
      for (let oldest = this.#letters[0]; oldest !== undefined; oldest = this.#letters[0]) {
        await commit(oldest.generation);
        this.#letters.shift();
        replayedRows += oldest.generation.rows;
      }
      return { replayedRows, error: undefined };
    } catch (error) {
      return { replayedRows, error: messageOf(error) };
    } finally {
      this.#replayedRowsTotal += replayedRows;
    }
  }
}
