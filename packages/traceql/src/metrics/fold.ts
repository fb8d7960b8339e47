// What is kept of the spans of one group: a value for each step.

import type { Measure } from '../source.js';

export interface Fold {
  /** Counts a span. `value` is what is measured of it; folds that only count take no notice. */
  add(step: number, value: number): void;
  /** Takes what a store folded: a value, and of how many spans it is the sum. */
  addFolded(step: number, value: number, count: number): void;
  /** A value for each step, NaN where there is none. */
  values(): Float64Array;
}

export function createFold(kind: Exclude<Measure['kind'], 'histogram'>, steps: number): Fold {
  switch (kind) {
    case 'count':
      return new CountFold(steps);
    case 'min':
      return new ExtremeFold(steps, Math.min);
    case 'max':
      return new ExtremeFold(steps, Math.max);
    case 'sum':
      return new SumFold(steps, 'sum');
    case 'avg':
      return new SumFold(steps, 'average');
  }
}

class CountFold implements Fold {
  readonly #counts: Float64Array;

  constructor(steps: number) {
    this.#counts = new Float64Array(steps);
  }

  add(step: number): void {
    this.#counts[step]!++;
  }

  addFolded(step: number, value: number): void {
    this.#counts[step]! += value;
  }

  values(): Float64Array {
    return this.#counts;
  }
}

class ExtremeFold implements Fold {
  readonly #values: Float64Array;
  readonly #choose: (first: number, second: number) => number;

  constructor(steps: number, choose: (first: number, second: number) => number) {
    this.#values = new Float64Array(steps).fill(Number.NaN);
    this.#choose = choose;
  }

  add(step: number, value: number): void {
    const before = this.#values[step]!;
    this.#values[step] = Number.isNaN(before) ? value : this.#choose(before, value);
  }

  addFolded(step: number, value: number): void {
    this.add(step, value);
  }

  values(): Float64Array {
    return this.#values;
  }
}

/** Neumaier's sum: what each addition loses is kept beside it. */
class SumFold implements Fold {
  readonly #sums: Float64Array;
  readonly #lost: Float64Array;
  readonly #counts: Float64Array;
  readonly #result: 'sum' | 'average';

  constructor(steps: number, result: 'sum' | 'average') {
    this.#sums = new Float64Array(steps);
    this.#lost = new Float64Array(steps);
    this.#counts = new Float64Array(steps);
    this.#result = result;
  }

  add(step: number, value: number): void {
    this.addFolded(step, value, 1);
  }

  addFolded(step: number, value: number, count: number): void {
    const before = this.#sums[step]!;
    const sum = before + value;
    this.#lost[step]! += Math.abs(before) >= Math.abs(value) ? before - sum + value : value - sum + before;
    this.#sums[step] = sum;
    this.#counts[step]! += count;
  }

  values(): Float64Array {
    return this.#sums.map((sum, step) => {
      const count = this.#counts[step]!;
      if (count === 0) return Number.NaN;
      const lost = this.#lost[step]!;
      const exact = Number.isFinite(lost) ? sum + lost : sum;
      return this.#result === 'sum' ? exact : exact / count;
    });
  }
}
