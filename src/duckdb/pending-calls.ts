// Counts the calls that wait in SQL for work of ours. Each holds one thread of libuv's pool, and so does the query
// that the work itself runs: if waiting calls took every thread, they would wait for ever.

/** libuv's default, and its cap. */
const DEFAULT_POOL_THREADS = 4;
const MAX_POOL_THREADS = 1024;
/** Below this many threads a few long queries already delay ingest by seconds. */
export const FEWEST_POOL_THREADS = 16;
/** Threads that waiting calls must leave: one for the query that a call waits for, one for everybody else. */
const SPARE_THREADS = 2;

export class PendingCalls {
  readonly #limit: number;
  #waiting = 0;

  constructor(poolThreads: number) {
    this.#limit = Math.max(1, poolThreads - SPARE_THREADS);
  }

  /** Runs `work`, or rejects if as many calls are waiting as may wait. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.#limit) {
      throw new Error(
        `cannot run: ${this.#waiting} calls of otelduck functions are waiting, and libuv's thread pool has room for ${this.#limit}; set UV_THREADPOOL_SIZE higher`,
      );
    }
    this.#waiting++;
    try {
      return await work();
    } finally {
      this.#waiting--;
    }
  }
}

/** Threads that libuv's pool has, given the environment that the process was started with. */
export function libuvPoolThreads(environment: NodeJS.ProcessEnv): number {
  const requested = Number.parseInt(environment['UV_THREADPOOL_SIZE'] ?? '', 10);
  return Number.isNaN(requested) ? DEFAULT_POOL_THREADS : Math.min(Math.max(1, requested), MAX_POOL_THREADS);
}
