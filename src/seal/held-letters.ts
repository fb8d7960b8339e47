// Dead letters of a server without a journal: generations that the target rejected for good. They stay in memory, out of the
// way of other rows, until they are replayed or the server stops.

import { messageOf } from '../base/failure.js';
import { SqlError } from '../base/sql-error.js';
import type { Generation } from '../buffer/generation.js';
import type { DeadLetterRoom } from '../schema/dead-letter-options.js';
import type { ListedLetter, ReplayResult } from './dead-letter.js';

interface HeldLetter extends ListedLetter {
  readonly generation: Generation;
}

/** Memory for dead letters, as a fraction of `max_decoded_bytes` and in addition to it. */
const SHARE_OF_DECODED_BYTES = 1 / 4;

export class HeldLetters {
  readonly #room: DeadLetterRoom;
  readonly #letters: HeldLetter[] = [];
  #rowsTotal = 0;
  #replayedRowsTotal = 0;
  #evicted = 0;
  /** The one that is being committed. It stays. */
  #replaying: HeldLetter | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(maxDecodedBytes: number, room: DeadLetterRoom) {
    this.#room = { ...room, maxBytes: Math.min(room.maxBytes, maxDecodedBytes * SHARE_OF_DECODED_BYTES) };
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

  /** Dead letters that were deleted to make room, since the server started. */
  get evictedTotal(): number {
    return this.#evicted;
  }

  /** Throws if there is no room. */
  add(generation: Generation, error: string): void {
    this.#makeRoom(generation.byteLength);
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

  #makeRoom(wantedBytes: number): void {
    const { maxBytes, whenFull, evicted } = this.#room;
    for (;;) {
      const bytes = this.#letters.reduce((sum, letter) => sum + letter.bytes, wantedBytes);
      if (bytes <= maxBytes) return;
      const oldest = this.#letters.findIndex((letter) => letter !== this.#replaying);
      if (whenFull === 'wait' || oldest === -1 || wantedBytes > maxBytes) {
        throw new SqlError(
          'OTLP_DEAD_LETTERS_FULL',
          `dead letters would take ${bytes} bytes of memory, more than ${maxBytes}`,
        );
      }
      const [letter] = this.#letters.splice(oldest, 1);
      this.#evicted++;
      evicted(letter!);
    }
  }

  /**
   * Commits dead letters, oldest first, and stops at the first that is rejected again, or between two when `stopping` is
   * aborted. Calls wait for each other.
   */
  replay(commit: (generation: Generation) => Promise<void>, stopping?: AbortSignal): Promise<ReplayResult> {
    const result = this.#turn.then(() => this.#replay(commit, stopping));
    this.#turn = result;
    return result;
  }

  async #replay(
    commit: (generation: Generation) => Promise<void>,
    stopping: AbortSignal | undefined,
  ): Promise<ReplayResult> {
    let replayedRows = 0;
    try {
      for (let oldest = this.#letters[0]; oldest !== undefined; oldest = this.#letters[0]) {
        stopping?.throwIfAborted();
        this.#replaying = oldest;
        await commit(oldest.generation);
        this.#letters.shift();
        replayedRows += oldest.generation.rows;
      }
      return { replayedRows, error: undefined };
    } catch (error) {
      return { replayedRows, error: messageOf(error) };
    } finally {
      this.#replaying = undefined;
      this.#replayedRowsTotal += replayedRows;
    }
  }
}
