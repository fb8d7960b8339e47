// What DuckDB does not count as memory, such as texts of expressions and states of some aggregates, is seen in the process alone.

import { Failure } from '../../base/failure.js';

/** DuckDB fills some hundred megabytes meanwhile. */
const LOOK_EVERY_MS = 20;

/** Watches from `begin` to `stop`. */
export class MemoryWatch {
  readonly #maxGrowthBytes: number;
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(maxGrowthBytes: number) {
    this.#maxGrowthBytes = maxGrowthBytes;
  }

  /** Aborts when the process has grown by more bytes than that. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  begin(): void {
    const most = process.memoryUsage.rss() + this.#maxGrowthBytes;
    this.#timer = setInterval(() => {
      if (process.memoryUsage.rss() <= most) return;
      this.stop();
      const limit = `sql_memory_bytes = ${this.#maxGrowthBytes}`;
      this.#abort.abort(new Failure('queryTooLarge', `the process grew by more than ${limit} while the statement ran`));
    }, LOOK_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
