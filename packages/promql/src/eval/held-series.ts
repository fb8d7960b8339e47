import type { StepSeries } from '../data/step-series.js';
import type { QueryControl } from './limits.js';

/** Results that come one by one while samples stream past. They count as held from the moment they are there. */
export class HeldSeries {
  readonly #control: QueryControl;
  readonly #series: StepSeries[] = [];
  #weight = 0;

  constructor(control: QueryControl) {
    this.#control = control;
  }

  /** A series without values is no result. */
  add(series: StepSeries): void {
    const { weight } = series;
    if (weight === 0) return;
    this.#control.hold(weight);
    this.#weight += weight;
    this.#series.push(series);
  }

  /** The results, which their new owner counts. */
  handOver(): StepSeries[] {
    this.#control.release(this.#weight);
    this.#weight = 0;
    return this.#series;
  }
}
