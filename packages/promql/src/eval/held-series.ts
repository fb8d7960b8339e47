import type { Holding, StepSeries } from '../data/step-series.js';
import type { QueryControl } from './limits.js';

/** Results that come one by one while samples stream past. They count as held from the moment they are there. */
export class HeldSeries {
  readonly #control: QueryControl;
  readonly #series: StepSeries[] = [];
  #holding: Holding = { samples: 0, bytes: 0 };

  constructor(control: QueryControl) {
    this.#control = control;
  }

  /** A series without values is no result. */
  add(series: StepSeries): void {
    const { holding } = series;
    const { samples, bytes } = this.#holding;
    if (holding.samples === 0) return;
    this.#control.hold(holding.samples, holding.bytes);
    this.#holding = { samples: samples + holding.samples, bytes: bytes + holding.bytes };
    this.#series.push(series);
  }

  /** The results, which their new owner counts. */
  handOver(): StepSeries[] {
    this.#control.release(this.#holding.samples, this.#holding.bytes);
    this.#holding = { samples: 0, bytes: 0 };
    return this.#series;
  }
}
