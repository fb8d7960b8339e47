// Counts the calls that wait in SQL for work of ours. Each holds one thread of libuv's pool, and so does the query
// that the work itself runs: if waiting calls took every thread, they would wait for ever.

import { SqlError } from '../base/sql-error.js';

/** libuv's default, and its cap. */
const DEFAULT_POOL_THREADS = 4;
const MAX_POOL_THREADS = 1024;
/**
 * Below this many threads nothing works: a call that waits holds one, and the query that it waits for needs another. One
 * thread would wait for itself for ever.
 */
export const SMALLEST_POOL_THREADS = 2;
/** Below this many threads a few long queries already delay ingest by seconds. */
export const FEWEST_POOL_THREADS = 16;
/**
 * The part of the pool that waiting calls may take. A quarter is left for statements of queries, and an eighth for what calls wait
 * for: commits, syncs of journals, and statements of ours.
 */
const WAITING_PART = 5 / 8;

/** Runs work that a call waits for, or rejects if as many calls are waiting as may wait. */
export type CountedWork = <T>(work: () => Promise<T>) => Promise<T>;

export class PendingCalls {
  readonly #limit: number;
  readonly #whole: PendingCalls | undefined;
  #waiting = 0;

  private constructor(limit: number, whole?: PendingCalls) {
    this.#limit = Math.max(1, Math.floor(limit));
    this.#whole = whole;
  }

  static ofPool(poolThreads: number): PendingCalls {
    return new PendingCalls(WAITING_PART * poolThreads);
  }

  /** Calls that may take a part of this at most, and count here as well. */
  part(part: number): PendingCalls {
    return new PendingCalls(part * this.#limit, this);
  }

  /** Runs `work`, or rejects if as many calls are waiting as may wait. */
  track<T>(work: () => Promise<T>): Promise<T> {
    return this.ofOneCall()(work);
  }

  /** Like track(), for a call that waits for several pieces of work, even concurrently. It counts once while any runs. */
  ofOneCall(): CountedWork {
    let running = 0;
    return async (work) => {
      if (running === 0) this.#enter();
      running++;
      try {
        return await work();
      } finally {
        running--;
        if (running === 0) this.#leave();
      }
    };
  }

  #enter(): void {
    if (this.#waiting >= this.#limit) {
      throw new SqlError(
        'OTLP_POOL_TOO_SMALL',
        `cannot run: ${this.#waiting} calls of otelduck functions are waiting, and libuv's thread pool has room for ${this.#limit}; set UV_THREADPOOL_SIZE higher`,
      );
    }
    if (this.#whole !== undefined) this.#whole.#enter();
    this.#waiting++;
  }

  #leave(): void {
    this.#waiting--;
    if (this.#whole !== undefined) this.#whole.#leave();
  }
}

/**
 * Threads that libuv's pool has, given the environment that the process was started with. Reads the variable as libuv
 * does: by atoi(), where 0 becomes one thread, into an unsigned number, where a negative one exceeds the cap.
 */
export function libuvPoolThreads(environment: NodeJS.ProcessEnv): number {
  const requested = environment['UV_THREADPOOL_SIZE'];
  if (requested === undefined) return DEFAULT_POOL_THREADS;
  const threads = Number.parseInt(requested, 10) || 1;
  return threads < 0 ? MAX_POOL_THREADS : Math.min(threads, MAX_POOL_THREADS);
}
