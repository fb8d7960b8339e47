// The series of Prometheus that ours are, as long as there is room to remember them. A classic histogram is a dozen of them.

import { outputsOf, type Series, type SeriesOutput } from './series-output.js';

/** Label sets that a thread remembers. Half of them are enough for as many series as it remembers, with one label set each. */
const MAX_LABEL_SETS = 400_000;

/** What was asked for last is kept, and all that was not asked for again since half of the room was filled is forgotten. */
export class OutputCache {
  readonly #maxOfGeneration: number;
  #recent = new Map<Series, readonly SeriesOutput[]>();
  #older: ReadonlyMap<Series, readonly SeriesOutput[]> = new Map();
  #recentSize = 0;
  #olderSize = 0;

  constructor(maxLabelSets = MAX_LABEL_SETS) {
    this.#maxOfGeneration = maxLabelSets / 2;
  }

  /** Label sets that are remembered. One that has been asked for again may count twice. */
  get size(): number {
    return this.#recentSize + this.#olderSize;
  }

  of(series: Series): readonly SeriesOutput[] {
    const recent = this.#recent.get(series);
    if (recent !== undefined) return recent;
    const outputs = this.#older.get(series) ?? outputsOf(series);
    // One without label sets takes room as well.
    const size = Math.max(1, outputs.length);
    // What has more buckets than there is room for is made anew each time.
    if (size > this.#maxOfGeneration) return outputs;
    if (this.#recentSize + size > this.#maxOfGeneration) {
      this.#older = this.#recent;
      this.#olderSize = this.#recentSize;
      this.#recent = new Map();
      this.#recentSize = 0;
    }
    this.#recent.set(series, outputs);
    this.#recentSize += size;
    return outputs;
  }
}
