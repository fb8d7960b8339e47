// What DuckDB does not count as memory, such as texts of expressions and states of some aggregates, is seen in the process alone.

import { Failure } from '../../base/failure.js';

/** DuckDB fills some hundred megabytes meanwhile. */
const LOOK_EVERY_MS = 20;

/** Aborts its signal when the process has grown by more bytes than this. Until `stop` is called. */
export function watchMemory(maxGrowthBytes: number): { readonly signal: AbortSignal; stop(): void } {
  const abort = new AbortController();
  const most = process.memoryUsage.rss() + maxGrowthBytes;
  const timer = setInterval(() => {
    if (process.memoryUsage.rss() <= most) return;
    clearInterval(timer);
    const limit = `sql_memory_bytes = ${maxGrowthBytes}`;
    abort.abort(new Failure('queryTooLarge', `the process grew by more than ${limit} while the statement ran`));
  }, LOOK_EVERY_MS);
  return { signal: abort.signal, stop: () => clearInterval(timer) };
}
