// Which of the series of a table some matchers mean. A dashboard asks for the same ones again and again, and of ten thousand series each
// has to be asked every matcher.

import type { Matcher } from '#promql/syntax/matcher';
import type { SeriesOutput } from './series-output.js';

/** In what is remembered of a place: nothing yet, or whether a series of Prometheus there matches. */
const UNKNOWN = 0;
const MATCHES = 1;
const DIFFERS = 2;

/** Labels that the series of Prometheus at one place differ by. */
const partLabels = new Set(['__name__', 'le', 'quantile']);

/** What is known of the series of a table. */
export interface KnownSeries {
  /** Places in the order in which their series became known. */
  readonly learned: readonly number[];
  /** Whether any of the series of Prometheus at a place matches. */
  matches(place: number, matchers: readonly Matcher[]): boolean;
  outputsAt(place: number): readonly SeriesOutput[];
  /** Order of two places, the same for every query and on every thread. */
  compare(left: number, right: number): number;
}

export class SelectedSeries {
  readonly #series: KnownSeries;
  readonly #matchers: readonly Matcher[];
  readonly #partMatchers: readonly Matcher[];
  #answers = new Uint8Array(0);
  #places: number[] = [];
  /** How many of the series that are known have been looked at, and of those in order. */
  #seen = 0;
  #isInOrder = true;
  /** Undefined where it has to be found out. */
  #areDistinct: boolean | undefined;

  constructor(series: KnownSeries, matchers: readonly Matcher[]) {
    this.#series = series;
    this.#matchers = matchers;
    this.#partMatchers = matchers.filter(({ name }) => partLabels.has(name));
  }

  /** What it takes to remember this, in bytes. */
  get byteLength(): number {
    return this.#answers.length + 8 * this.#places.length;
  }

  /** Places of the series that match, by their ids. */
  get places(): readonly number[] {
    this.#lookAtNew();
    if (!this.#isInOrder) this.#places.sort((left, right) => this.#series.compare(left, right));
    this.#isInOrder = true;
    return this.#places;
  }

  /** Whether no two of the series of Prometheus that match have the same labels. */
  get areDistinct(): boolean {
    const { places } = this;
    this.#areDistinct ??= this.#findWhetherDistinct(places);
    return this.#areDistinct;
  }

  /** The series of Prometheus that match, at a place of such. */
  outputsAt(place: number): readonly SeriesOutput[] {
    const outputs = this.#series.outputsAt(place);
    if (outputs.length === 1) return outputs;
    return outputs.filter(({ labels }) => this.#partMatchers.every((each) => each.matches(labels.get(each.name))));
  }

  /** Undefined for a series that is not known. */
  has(place: number): boolean | undefined {
    if ((this.#answers[place] ?? UNKNOWN) === UNKNOWN) this.#lookAtNew();
    const answer = this.#answers[place] ?? UNKNOWN;
    return answer === UNKNOWN ? undefined : answer === MATCHES;
  }

  #findWhetherDistinct(places: readonly number[]): boolean {
    const keys = new Set<string>();
    let outputs = 0;
    for (const place of places) {
      for (const { labels } of this.outputsAt(place)) {
        outputs++;
        keys.add(labels.key);
      }
    }
    return keys.size === outputs;
  }

  #lookAtNew(): void {
    const { learned } = this.#series;
    for (; this.#seen < learned.length; this.#seen++) {
      const place = learned[this.#seen]!;
      if (place >= this.#answers.length) {
        const larger = new Uint8Array(2 * (place + 1));
        larger.set(this.#answers);
        this.#answers = larger;
      }
      const matches = this.#series.matches(place, this.#matchers);
      this.#answers[place] = matches ? MATCHES : DIFFERS;
      if (!matches) continue;
      this.#places.push(place);
      this.#isInOrder = false;
      this.#areDistinct = undefined;
    }
  }
}
