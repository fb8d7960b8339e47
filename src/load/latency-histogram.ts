// Durations → any percentile, exact to 0.1 %, in a fixed size, however many there were.

import { createHistogram } from 'node:perf_hooks';

const SIGNIFICANT_FIGURES = 3;

export class LatencyHistogram {
  /** In µs and one more, since a histogram of Node's takes no zero. */
  readonly #us = createHistogram({ figures: SIGNIFICANT_FIGURES });
  #maxMs = 0;
  #sumMs = 0;

  get count(): number {
    return this.#us.count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#sumMs / this.count;
  }

  add(ms: number): void {
    const atLeastZero = Math.max(0, ms);
    this.#us.record(Math.min(Math.round(atLeastZero * 1000) + 1, Number.MAX_SAFE_INTEGER));
    this.#sumMs += atLeastZero;
    if (atLeastZero > this.#maxMs) this.#maxMs = atLeastZero;
  }

  /** The duration that this share of all does not exceed, `percent` of 100. 0 when there are none. */
  percentileMs(percent: number): number {
    if (this.count === 0 || percent >= 100) return this.#maxMs;
    return Math.min(this.#maxMs, (this.#us.percentile(percent) - 1) / 1000);
  }
}
