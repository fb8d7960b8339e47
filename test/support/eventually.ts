// The real clock, where a test moves that of what it tests.
import { setTimeout as pause } from 'node:timers/promises';

const DEADLINE_MS = 10_000;
const PAUSE_MS = 10;

/**
 * Asks again until `ask` resolves without throwing, and resolves with what it gave. Rejects with the last error once
 * the deadline has passed. For states that come about by themselves and announce themselves by no event.
 */
export async function eventually<T>(ask: () => T | Promise<T>, deadlineMs = DEADLINE_MS): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() >= endMs) throw error;
    }
    await pause(PAUSE_MS);
  }
}
