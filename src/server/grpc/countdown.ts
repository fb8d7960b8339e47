import { LONGEST_TIMER_MS } from '../../base/longest-timer.js';

/** Calls `onEnd` after `ms` milliseconds, not counting time spent in `paused`. */
export class Countdown {
  readonly #onEnd: () => void;
  #leftMs: number;
  #startedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number, onEnd: () => void) {
    this.#leftMs = ms;
    this.#onEnd = onEnd;
    this.#start();
  }

  /** Stops the clock during `wait`, for delays that the client does not cause. Must not be nested. */
  async paused<T>(wait: () => Promise<T>): Promise<T> {
    this.stop();
    this.#leftMs -= performance.now() - this.#startedMs;
    try {
      return await wait();
    } finally {
      this.#start();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #start(): void {
    this.#startedMs = performance.now();
    this.#timer = setTimeout(this.#onEnd, Math.min(Math.max(this.#leftMs, 0), LONGEST_TIMER_MS));
  }
}
