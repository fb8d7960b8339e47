// How fast admitted bytes are committed, from which follows when a client that found no room may come again.

import type { Clock } from '../base/clock.js';

/** Time after which an older commit counts half. */
const HALF_LIFE_MS = 30_000;
/** Longest pause that a client is asked for: whoever waits longer than this is better off knocking. */
const MAX_PAUSE_SECONDS = 30;

export class CommitRate {
  readonly #clock: Clock;
  #bytesPerSecond: number | undefined;
  #lastMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#lastMs = clock.nowMs();
  }

  /** Counts bytes that have just been committed. */
  committed(bytes: number): void {
    const nowMs = this.#clock.nowMs();
    const elapsedMs = Math.max(1, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
    const rate = (1000 * bytes) / elapsedMs;
    const weight = 0.5 ** (elapsedMs / HALF_LIFE_MS);
    this.#bytesPerSecond =
      this.#bytesPerSecond === undefined ? rate : weight * this.#bytesPerSecond + (1 - weight) * rate;
  }

  /** Whole seconds until so many bytes will have been committed, as far as can be told. */
  secondsFor(bytes: number): number {
    if (!this.#bytesPerSecond) return 1;
    return Math.min(MAX_PAUSE_SECONDS, Math.max(1, Math.ceil(bytes / this.#bytesPerSecond)));
  }
}
