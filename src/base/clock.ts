import { setTimeout as elapsed } from 'node:timers/promises';

/** Time, for what does something when some of it has passed. Tests move a clock of their own. */
export interface Clock {
  /** Unix time. */
  nowMs(): number;
  /** Does `work` after so long, unless the process ends before. Returns what calls it off. */
  after(ms: number, work: () => void): () => void;
  /** Resolves after so long. The process waits for it. */
  pause(ms: number): Promise<unknown>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms).unref();
    return () => clearTimeout(timer);
  },
  pause: elapsed,
};
