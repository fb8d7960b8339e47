// How often, and how much, one client may send: what it may not is its own affair, and is answered 429. What the server has no
// room for is answered 503.

import type { Clock } from '../base/clock.js';
import { Failure } from '../base/failure.js';
import { networkOf } from '../base/network-of.js';
import { TokenBuckets } from '../base/token-buckets.js';
import type { ServeOptions } from '../schema/serve-options.js';
import type { Principal } from '../server/identity/principal.js';

/** Who sends a request. */
export interface Sender {
  readonly principal: Principal;
  /** Without a port; undefined once the client has gone. */
  readonly address: string | undefined;
}

export type RateOptions = Pick<
  ServeOptions,
  'max_requests_per_second' | 'max_bytes_per_second' | 'max_requests_per_second_per_tenant' | 'rate_limit_by'
>;

/** One of the limits. */
interface Limit {
  readonly option: keyof RateOptions;
  readonly perSecond: number;
  readonly buckets: TokenBuckets;
  readonly by: RateOptions['rate_limit_by'];
}

export class RateLimits {
  readonly #requests: readonly Limit[];
  readonly #bytes: readonly Limit[];

  private constructor(requests: readonly Limit[], bytes: readonly Limit[]) {
    this.#requests = requests;
    this.#bytes = bytes;
  }

  /** Undefined where nothing is limited. */
  static of(options: RateOptions, clock: Clock): RateLimits | undefined {
    const limit = (option: Exclude<keyof RateOptions, 'rate_limit_by'>, by: Limit['by']): Limit[] => {
      const perSecond = options[option];
      return perSecond === 0 ? [] : [{ option, perSecond, by, buckets: new TokenBuckets(perSecond, clock) }];
    };
    const requests = [
      ...limit('max_requests_per_second', options.rate_limit_by),
      ...limit('max_requests_per_second_per_tenant', 'tenant'),
    ];
    const bytes = limit('max_bytes_per_second', options.rate_limit_by);
    return requests.length + bytes.length === 0 ? undefined : new RateLimits(requests, bytes);
  }

  /** Counts a request. Throws `throttled`, without counting it, where its sender has sent too much. */
  request(sender: Sender): void {
    for (const limit of [...this.#requests, ...this.#bytes]) check(limit, sender);
    for (const { buckets, by } of this.#requests) buckets.use(keyOf(sender, by), 1);
  }

  /** Counts bytes that have come. A body that has begun to come is taken whole, and what it was too large by counts later. */
  arrived(sender: Sender, bytes: number): void {
    for (const { buckets, by } of this.#bytes) buckets.use(keyOf(sender, by), bytes);
  }
}

function check({ option, perSecond, buckets, by }: Limit, sender: Sender): void {
  const seconds = buckets.secondsUntilUsable(keyOf(sender, by));
  if (seconds === 0) return;
  throw new Failure('throttled', `this ${by} may send ${perSecond} a second by ${option}, and has sent more`, {
    retryAfterSeconds: Math.ceil(seconds),
  });
}

function keyOf({ principal, address }: Sender, by: Limit['by']): string {
  switch (by) {
    case 'tenant':
      return principal.tenant ?? '';
    case 'token':
      return principal.token ?? '';
    case 'address':
      return networkOf(address ?? '');
  }
}
