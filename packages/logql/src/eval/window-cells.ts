import { gridEnd, type TimeGrid } from './time-grid.js';

/**
 * Time cut where a window begins or ends, so that each window `(t - range, t]` is a run of whole cells, and each sample is
 * added to one cell however many windows it is in. Windows of neighbouring steps begin two cells apart.
 */
export class WindowCells {
  /** The earliest time that no window holds; windows begin behind it. */
  readonly startNs: bigint;
  /** The last time of the last window. */
  readonly endNs: bigint;
  /** How many there are, and how many make a window. */
  readonly count: number;
  readonly perWindow: number;
  readonly #step: number;
  readonly #rest: number;
  readonly #steps: number;
  readonly #stepsPerRange: number;
  readonly #span: number;
  readonly #startHigh: number;
  readonly #startLow: number;

  constructor(grid: TimeGrid, rangeNs: bigint, offsetNs: bigint) {
    this.endNs = gridEnd(grid) - offsetNs;
    this.startNs = grid.startNs - offsetNs - rangeNs;
    // One window needs no cut but its ends.
    const stepNs = grid.count === 1 ? rangeNs : grid.stepNs;
    this.#step = Number(stepNs);
    this.#rest = Number(rangeNs % stepNs);
    this.#steps = grid.count;
    this.#stepsPerRange = Number(rangeNs / stepNs);
    this.#span = Number(this.endNs - this.startNs);
    this.#startHigh = Number(this.startNs >> 32n);
    this.#startLow = Number(this.startNs & 0xffff_ffffn);
    // What all windows hold is one cell, which bounds the cells when windows are much longer than steps.
    const stepsPerRange = Math.min(this.#stepsPerRange, this.#steps);
    this.perWindow = 2 * stepsPerRange + 1;
    this.count = 2 * (this.#steps - 1) + this.perWindow;
  }

  /** Nanoseconds behind the start of each time. Doubles hold them exactly for 104 days, and to the nanosecond or two beyond. */
  relative(times: BigInt64Array, rows: number, into: Float64Array): void {
    const halves = new Int32Array(times.buffer, times.byteOffset, rows * 2);
    for (let row = 0; row < rows; row++) {
      const low = halves[row * 2]! >>> 0;
      into[row] = (halves[row * 2 + 1]! - this.#startHigh) * 4_294_967_296 + (low - this.#startLow);
    }
  }

  /** The cell of a time; -1 for one in no window. Between windows there are cells that no window has. */
  cellAt(relativeNs: number): number {
    if (relativeNs <= 0 || relativeNs > this.#span) return -1;
    let round = Math.floor(relativeNs / this.#step);
    let rest = relativeNs - round * this.#step;
    if (rest <= 0) {
      round--;
      rest += this.#step;
    }
    const half = rest > this.#rest ? 1 : 0;
    if (this.#stepsPerRange <= this.#steps || round < this.#steps) return 2 * round + half;
    if (round < this.#stepsPerRange) return 2 * this.#steps - 1;
    return 2 * (round - this.#stepsPerRange + this.#steps) + half;
  }
}
