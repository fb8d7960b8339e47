/** Sum of floats with what rounding lost, after Kahan and Neumaier. Add `compensation` to `sum` at the end. */
export class KahanSum {
  sum: number;
  compensation: number;

  constructor(sum = 0, compensation = 0) {
    this.sum = sum;
    this.compensation = compensation;
  }

  add(value: number): void {
    const { sum } = this;
    const next = sum + value;
    if (next === Infinity || next === -Infinity) this.compensation = 0;
    else if (Math.abs(sum) >= Math.abs(value)) this.compensation += sum - next + value;
    else this.compensation += value - next + sum;
    this.sum = next;
  }

  get total(): number {
    return this.sum + this.compensation;
  }

  /** The sum, which stays infinite once it is. */
  get finalTotal(): number {
    return Number.isFinite(this.sum) ? this.total : this.sum;
  }
}

/** Mean of floats as they come. It divides at the end, and changes to a running mean when the sum would overflow. */
export class KahanMean {
  count = 1;
  #sum: KahanSum;
  #mean: KahanSum | undefined;

  constructor(first: number) {
    this.#sum = new KahanSum(first);
  }

  add(value: number): void {
    this.count++;
    const { count } = this;
    if (this.#mean === undefined) {
      const { sum, compensation } = this.#sum;
      this.#sum.add(value);
      if (this.#sum.sum !== Infinity && this.#sum.sum !== -Infinity) return;
      this.#mean = new KahanSum(sum / (count - 1), compensation / (count - 1));
    }
    const weight = (count - 1) / count;
    this.#mean = new KahanSum(weight * this.#mean.sum, weight * this.#mean.compensation);
    this.#mean.add(value / count);
  }

  get value(): number {
    if (this.#mean !== undefined) return this.#mean.total;
    return this.#sum.sum / this.count + this.#sum.compensation / this.count;
  }
}
