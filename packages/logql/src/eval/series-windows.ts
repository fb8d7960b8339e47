import type { Labels } from '#promql/data/labels';
import { StepSeries } from '#promql/data/step-series';
import { quantileOf } from '#promql/vector/quantile';
import type { RangeAggregation } from '../syntax/ast.js';
import type { WindowCells } from './window-cells.js';
import type { WindowFold } from './window-fold.js';

/** Samples of one series, from which the values of its windows are made. */
export interface SeriesWindows {
  /** A sample in a cell. Returns how many numbers more are held. */
  add(cell: number, relativeNs: number, value: number): number;
  /** A count that a store took. */
  addCount(cell: number, count: number): void;
  finish(steps: number): StepSeries;
}

/** Cells of one series. */
export class FoldedSeries implements SeriesWindows {
  readonly #labels: Labels;
  readonly #cells: WindowCells;
  readonly #fold: WindowFold;
  readonly #state: Float64Array;

  constructor(labels: Labels, cells: WindowCells, fold: WindowFold) {
    this.#labels = labels;
    this.#cells = cells;
    this.#fold = fold;
    this.#state = new Float64Array(cells.count * fold.width);
  }

  /** Numbers that the cells of a series take. */
  static weight(cells: WindowCells, fold: WindowFold): number {
    return cells.count * fold.width;
  }

  add(cell: number, _: number, value: number): number {
    const at = cell * this.#fold.width;
    this.#state[at]! += 1;
    this.#fold.add(this.#state, at, value);
    return 0;
  }

  addCount(cell: number, count: number): void {
    const at = cell * this.#fold.width;
    this.#state[at]! += 1;
    if (this.#fold.width === 1) this.#state[at]! += count - 1;
    else this.#state[at + 1]! += count;
  }

  /**
   * Cells are taken in blocks as long as a window. A window is the end of one block and the beginning of the next, so that
   * folds from every cell to the end of its block, and from its beginning, give all windows with three merges a cell.
   */
  finish(steps: number): StepSeries {
    const { perWindow, count } = this.#cells;
    const series = new StepSeries(this.#labels, steps);
    const { width } = this.#fold;
    const suffix = this.#state.slice();
    const prefix = this.#state.slice();
    for (let cell = 1; cell < count; cell++) {
      if (cell % perWindow !== 0) this.#merge(prefix, cell, prefix, cell - 1, this.#state, cell);
    }
    for (let cell = count - 2; cell >= 0; cell--) {
      if ((cell + 1) % perWindow !== 0) this.#merge(suffix, cell, this.#state, cell, suffix, cell + 1);
    }
    const window = new Float64Array(width);
    for (let step = 0; step < steps; step++) {
      const first = 2 * step;
      if (first % perWindow === 0) this.#copy(window, 0, suffix, first);
      else this.#merge(window, 0, suffix, first, prefix, first + perWindow - 1);
      if (window[0]! > 0) series.setFloat(step, this.#fold.result(window, 0));
    }
    return series;
  }

  #copy(into: Float64Array, cell: number, from: Float64Array, fromCell: number): void {
    const { width } = this.#fold;
    for (let index = 0; index < width; index++) into[cell * width + index] = from[fromCell * width + index]!;
  }

  #merge(
    into: Float64Array,
    cell: number,
    first: Float64Array,
    firstCell: number,
    second: Float64Array,
    secondCell: number,
  ): void {
    const { width } = this.#fold;
    if (first[firstCell * width] === 0) this.#copy(into, cell, second, secondCell);
    else if (second[secondCell * width] === 0) this.#copy(into, cell, first, firstCell);
    else this.#fold.merge(into, cell * width, first, firstCell * width, second, secondCell * width);
  }
}

/** Values of a window, by time, and its ends behind the start of the cells. */
interface HeldWindow {
  readonly times: Float64Array;
  readonly values: Float64Array;
  readonly startNs: number;
  readonly endNs: number;
}

/** All samples of one series, for what needs the samples of a window together. */
export class HeldSeries implements SeriesWindows {
  readonly #labels: Labels;
  readonly #aggregation: RangeAggregation;
  readonly #stepNs: number;
  #times = new Float64Array(16);
  #values = new Float64Array(16);
  #count = 0;

  constructor(labels: Labels, aggregation: RangeAggregation, stepNs: bigint) {
    this.#labels = labels;
    this.#aggregation = aggregation;
    this.#stepNs = Number(stepNs);
  }

  add(_: number, relativeNs: number, value: number): number {
    let grown = 0;
    if (this.#count === this.#times.length) {
      grown = this.#count * 2;
      this.#times = doubled(this.#times);
      this.#values = doubled(this.#values);
    }
    this.#times[this.#count] = relativeNs;
    this.#values[this.#count++] = value;
    return grown;
  }

  addCount(): void {
    throw new Error('BUG: counts say nothing about samples');
  }

  finish(steps: number): StepSeries {
    const series = new StepSeries(this.#labels, steps);
    this.#sort();
    const rangeNs = Number(this.#aggregation.range.rangeNs);
    let from = 0;
    let to = 0;
    for (let step = 0; step < steps; step++) {
      const startNs = step * this.#stepNs;
      const endNs = startNs + rangeNs;
      while (from < this.#count && this.#times[from]! <= startNs) from++;
      while (to < this.#count && this.#times[to]! <= endNs) to++;
      if (to <= from) continue;
      const window = { times: this.#times.subarray(from, to), values: this.#values.subarray(from, to), startNs, endNs };
      series.setFloat(step, this.#valueOf(window));
    }
    return series;
  }

  #valueOf(window: HeldWindow): number {
    const { operator, parameter } = this.#aggregation;
    if (operator === 'quantile_over_time') return quantileOf(parameter!, window.values.slice());
    return counterRate(window);
  }

  /** Sources that need not give an order may give any. */
  #sort(): void {
    const times = this.#times;
    let isSorted = true;
    for (let at = 1; at < this.#count && isSorted; at++) isSorted = times[at - 1]! <= times[at]!;
    if (isSorted) return;
    const order = Array.from({ length: this.#count }, (_, index) => index).sort(
      (left, right) => times[left]! - times[right]!,
    );
    this.#times = Float64Array.from(order, (index) => times[index]!);
    const values = this.#values;
    this.#values = Float64Array.from(order, (index) => values[index]!);
  }
}

function doubled(values: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}

/** Farther from the end of a window than this many times the mean distance, a sample says nothing about it. */
const NEAR = 1.1;

/** How fast a counter rose, with what it lost at resets, as Prometheus continues it to the ends of the window. */
function counterRate({ times, values, startNs, endNs }: HeldWindow): number {
  const last = values.length - 1;
  if (last < 1) return 0;
  let increase = values[last]! - values[0]!;
  for (let at = 1; at <= last; at++) if (values[at]! < values[at - 1]!) increase += values[at - 1]!;
  const sampled = (times[last]! - times[0]!) / 1e9;
  const mean = sampled / last;
  let toStart = (times[0]! - startNs) / 1e9;
  let toEnd = (endNs - times[last]!) / 1e9;
  if (toStart >= mean * NEAR) toStart = mean / 2;
  // It was not below zero before.
  if (increase > 0 && values[0]! >= 0) toStart = Math.min(toStart, sampled * (values[0]! / increase));
  if (toEnd >= mean * NEAR) toEnd = mean / 2;
  return (increase * ((sampled + toStart + toEnd) / sampled)) / ((endNs - startNs) / 1e9);
}
