// Values → counts in fixed buckets, as Prometheus and OpenTelemetry export histograms.

/** How often values fell into buckets, since the start. Adding one allocates nothing. */
export class BucketHistogram {
  /** Upper bounds, rising. A value equal to a bound is below it. The last bucket has none. */
  readonly bounds: readonly number[];
  /** One for each bound, and one for what is above them all. */
  readonly counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  get sum(): number {
    return this.#sum;
  }

  add(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > bounds[bucket]!) bucket++;
    counts[bucket]!++;
    this.#sum += value;
  }
}
