// One way to try again what others got in the way of.

import { setTimeout as elapsed } from 'node:timers/promises';

export interface RetryPolicy {
  readonly attempts: number;
  /** Upper bound of the pause before the next attempt. The pause is random, so that two rivals do not meet again. */
  longestPauseMs(attempt: number): number;
  /** Whether another attempt may succeed where one failed with this. Left out: always. */
  isWorthwhile?(error: unknown): boolean;
  /** How a pause is waited for. Tests pass their own. */
  pause?(ms: number): Promise<unknown>;
}

/** Runs `work` until it resolves. Rejects with its last error when it is out of attempts or another is not worthwhile. */
export async function retried<T>(
  { attempts, longestPauseMs, isWorthwhile = () => true, pause = elapsed }: RetryPolicy,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isWorthwhile(error)) throw error;
    }
    await pause(Math.random() * longestPauseMs(attempt));
  }
}
