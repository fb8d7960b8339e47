// How often one client may ask.

import { type Clock, systemClock } from '../../base/clock.js';
import { Failure } from '../../base/failure.js';
import { networkOf } from '../../base/network-of.js';
import { TokenBuckets } from '../../base/token-buckets.js';

export class RequestRate {
  readonly #perSecond: number;
  readonly #buckets: TokenBuckets;

  constructor(perSecond: number, clock: Clock = systemClock) {
    this.#perSecond = perSecond;
    this.#buckets = new TokenBuckets(perSecond, clock);
  }

  /** Counts a request. Throws `throttled`, without counting it, where there were too many. */
  take(address: string | undefined): void {
    const client = networkOf(address ?? '');
    const seconds = this.#buckets.secondsUntilUsable(client);
    if (seconds > 0) {
      throw new Failure(
        'throttled',
        `this address may ask ${this.#perSecond} times a second by api_rate_limit_rps, and has asked more often`,
        { retryAfterSeconds: Math.ceil(seconds) },
      );
    }
    this.#buckets.use(client, 1);
  }
}
