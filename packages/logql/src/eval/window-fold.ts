import type { RangeAggregation } from '../syntax/ast.js';

/**
 * What is kept of the samples of a cell: `width` numbers, the first of which counts them. Cells are merged in the order of
 * time, so that the fold of a window is that of its cells.
 */
export interface WindowFold {
  readonly width: number;
  /** Adds a sample to what is at `at`, where the count already includes it. */
  add(state: Float64Array, at: number, value: number): void;
  /** Makes `state[at…]` that of two which follow each other; neither is empty. The target may be either. */
  merge(
    state: Float64Array,
    at: number,
    first: Float64Array,
    firstAt: number,
    second: Float64Array,
    secondAt: number,
  ): void;
  result(state: Float64Array, at: number): number;
}

/** Counts alone. */
function counting(result: (count: number) => number): WindowFold {
  return {
    width: 1,
    add: () => {},
    merge: (state, at, first, firstAt, second, secondAt) => {
      state[at] = first[firstAt]! + second[secondAt]!;
    },
    result: (state, at) => result(state[at]!),
  };
}

/** Counts, and one more number. */
function folding(
  add: (before: number, value: number, count: number) => number,
  merge: (first: number, second: number, firstCount: number, secondCount: number) => number,
  result: (value: number) => number = (value) => value,
): WindowFold {
  return {
    width: 2,
    add: (state, at, value) => {
      state[at + 1] = add(state[at + 1]!, value, state[at]!);
    },
    merge: (state, at, first, firstAt, second, secondAt) => {
      const firstCount = first[firstAt]!;
      const secondCount = second[secondAt]!;
      const value = merge(first[firstAt + 1]!, second[secondAt + 1]!, firstCount, secondCount);
      state[at] = firstCount + secondCount;
      state[at + 1] = value;
    },
    result: (state, at) => result(state[at + 1]!),
  };
}

function summing(result: (sum: number) => number): WindowFold {
  return folding(
    (sum, value) => sum + value,
    (first, second) => first + second,
    result,
  );
}

/** NaN loses against every number. */
function extreme(isBetter: (value: number, best: number) => boolean): WindowFold {
  const better = (best: number, value: number) => (isBetter(value, best) || Number.isNaN(best) ? value : best);
  return folding((best, value, count) => (count === 1 ? value : better(best, value)), better);
}

/** A mean that is infinite stays so, whatever finite values follow. */
function meanWith(mean: number, value: number, weight: number): number {
  if (mean === Infinity || mean === -Infinity) {
    if (value === mean || Number.isFinite(value)) return mean;
  }
  return mean + (value - mean) * weight;
}

/** After Welford, and Chan for two parts. */
function variance(result: (variance: number) => number): WindowFold {
  return {
    width: 3,
    add: (state, at, value) => {
      const delta = value - state[at + 1]!;
      state[at + 1]! += delta / state[at]!;
      state[at + 2]! += delta * (value - state[at + 1]!);
    },
    merge: (state, at, first, firstAt, second, secondAt) => {
      const [firstCount, secondCount] = [first[firstAt]!, second[secondAt]!];
      const count = firstCount + secondCount;
      const delta = second[secondAt + 1]! - first[firstAt + 1]!;
      const mean = first[firstAt + 1]! + (delta * secondCount) / count;
      const squares = first[firstAt + 2]! + second[secondAt + 2]! + (delta * delta * firstCount * secondCount) / count;
      state[at] = count;
      state[at + 1] = mean;
      state[at + 2] = squares;
    },
    result: (state, at) => result(state[at + 2]! / state[at]!),
  };
}

/** The fold of an aggregation; undefined for one that needs all samples of a window. */
export function foldOf({ operator, range }: RangeAggregation): WindowFold | undefined {
  const seconds = Number(range.rangeNs) / 1e9;
  switch (operator) {
    case 'count_over_time':
      return counting((count) => count);
    case 'absent_over_time':
      return counting(() => 1);
    case 'rate':
      return range.unwrap === undefined ? counting((count) => count / seconds) : summing((sum) => sum / seconds);
    case 'bytes_rate':
      return summing((sum) => sum / seconds);
    case 'bytes_over_time':
    case 'sum_over_time':
      return summing((sum) => sum);
    case 'avg_over_time':
      return folding(
        (mean, value, count) => meanWith(mean, value, 1 / count),
        (first, second, firstCount, secondCount) => meanWith(first, second, secondCount / (firstCount + secondCount)),
      );
    case 'min_over_time':
      return extreme((value, best) => value < best);
    case 'max_over_time':
      return extreme((value, best) => value > best);
    case 'stdvar_over_time':
      return variance((value) => value);
    case 'stddev_over_time':
      return variance(Math.sqrt);
    case 'first_over_time':
      return folding(
        (first, value, count) => (count === 1 ? value : first),
        (first) => first,
      );
    case 'last_over_time':
      return folding(
        (_, value) => value,
        (_, second) => second,
      );
    case 'quantile_over_time':
    case 'rate_counter':
      return undefined;
  }
}

/** Whether samples must come in the order of their times. */
export function needsOrder({ operator }: RangeAggregation): boolean {
  return operator === 'first_over_time' || operator === 'last_over_time' || operator === 'rate_counter';
}
