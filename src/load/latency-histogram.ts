// Durations → counts in buckets whose width grows with them, so that any percentile is exact to 1 % in 20 kB, however
// many there were.

/** Buckets per power of two. Their width is at most 1/64 of what they hold. */
const BUCKETS_PER_DOUBLING = 64;
const LINEAR_BITS = 7;
/** Up to 2^36 µs, 19 hours. Longer ones count as that. */
const LARGEST_BITS = 36;

export class LatencyHistogram {
  readonly #counts = new Float64Array((LARGEST_BITS - LINEAR_BITS + 2) * BUCKETS_PER_DOUBLING);
  #count = 0;
  #maxMs = 0;
  #sumMs = 0;

  get count(): number {
    return this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  add(ms: number): void {
    const atLeastZero = Math.max(0, ms);
    this.#counts[bucketOf(Math.min(Math.round(atLeastZero * 1000), 2 ** LARGEST_BITS - 1))]! += 1;
    this.#count++;
    this.#sumMs += atLeastZero;
    if (atLeastZero > this.#maxMs) this.#maxMs = atLeastZero;
  }

  /** The duration that this share of all does not exceed, `percent` of 100. 0 when there are none. */
  percentileMs(percent: number): number {
    const rank = Math.ceil((percent / 100) * this.#count);
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length && rank > 0; bucket++) {
      seen += this.#counts[bucket]!;
      if (seen >= rank) return Math.min(this.#maxMs, largestOf(bucket) / 1000);
    }
    return this.#maxMs;
  }
}

/** Values below 128 have a bucket each; then 64 buckets for each power of two. */
function bucketOf(us: number): number {
  if (us < 2 * BUCKETS_PER_DOUBLING) return us;
  const bits = Math.floor(Math.log2(us)) + 1;
  const shift = bits - LINEAR_BITS;
  return shift * BUCKETS_PER_DOUBLING + Math.floor(us / 2 ** shift);
}

function largestOf(bucket: number): number {
  if (bucket < 2 * BUCKETS_PER_DOUBLING) return bucket;
  const shift = Math.floor(bucket / BUCKETS_PER_DOUBLING) - 1;
  return (bucket - shift * BUCKETS_PER_DOUBLING + 1) * 2 ** shift - 1;
}
