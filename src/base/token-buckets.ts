// A rate for each of many keys: so many units a second, and what was not used in the last seconds besides.

import type { Clock } from './clock.js';

/** Seconds whose units may be used at once. */
const BURST_SECONDS = 2;
/** Keys that are remembered, each with some hundred bytes. The one that was seen longest ago is forgotten, and begins anew. */
export const MAX_BUCKETS = 10_000;

interface Bucket {
  /** May be negative: a message is taken whole, and what it was too large by is paid back by what comes later. */
  units: number;
  atMs: number;
}

export class TokenBuckets {
  readonly #perSecond: number;
  readonly #clock: Clock;
  /** The one that was used longest ago is first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(perSecond: number, clock: Clock) {
    this.#perSecond = perSecond;
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Seconds until a key has units again; 0 while it has some. */
  secondsUntilUsable(key: string): number {
    const { units } = this.#bucketOf(key);
    return units > 0 ? 0 : -units / this.#perSecond + 1 / this.#perSecond;
  }

  use(key: string, units: number): void {
    this.#bucketOf(key).units -= units;
  }

  #bucketOf(key: string): Bucket {
    const nowMs = this.#clock.nowMs();
    const known = this.#buckets.get(key);
    const full = BURST_SECONDS * this.#perSecond;
    const bucket = known ?? { units: full, atMs: nowMs };
    const elapsedMs = Math.max(0, nowMs - bucket.atMs);
    bucket.units = Math.min(full, bucket.units + (elapsedMs / 1000) * this.#perSecond);
    bucket.atMs = nowMs;
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_BUCKETS) this.#buckets.delete(this.#buckets.keys().next().value!);
    return bucket;
  }
}
