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

/** Sum of a part of a column. The loop keeps its two numbers in registers, which an object does not. See bench/evaluate.ts. */
export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let compensation = 0;
  for (let at = from; at < to; at++) {
    const value = values[at]!;
    const next = sum + value;
    if (next === Infinity || next === -Infinity) compensation = 0;
    else if (Math.abs(sum) >= Math.abs(value)) compensation += sum - next + value;
    else compensation += value - next + sum;
    sum = next;
  }
  return sum === Infinity || sum === -Infinity ? sum : sum + compensation;
}

/** Mean of a part of a column, which must not be empty. A sum that overflows starts again with a running mean. */
export function meanOf(values: Float64Array, from: number, to: number): number {
  let sum = values[from]!;
  let compensation = 0;
  for (let at = from + 1; at < to; at++) {
    const value = values[at]!;
    const next = sum + value;
    if (next === Infinity || next === -Infinity) return runningMeanOf(values, from, to);
    if (Math.abs(sum) >= Math.abs(value)) compensation += sum - next + value;
    else compensation += value - next + sum;
    sum = next;
  }
  return sum / (to - from) + compensation / (to - from);
}

function runningMeanOf(values: Float64Array, from: number, to: number): number {
  const mean = new KahanMean(values[from]!);
  for (let at = from + 1; at < to; at++) mean.add(values[at]!);
  return mean.value;
}
