import type { Labels } from '../data/labels.js';
import { executionError, SAME_LABELS } from '../data/query-error.js';
import { NOTHING, StepSeries } from '../data/step-series.js';

/** Series by their labels, filled step by step. */
export class SeriesCollector {
  readonly #steps: number;
  readonly #series = new Map<string, StepSeries>();

  constructor(steps: number) {
    this.#steps = steps;
  }

  /** The series with these labels. Whoever sets a value in it claims the step first. */
  seriesFor(labels: Labels, dropsName: boolean): StepSeries {
    let series = this.#series.get(labels.key);
    if (series === undefined) {
      series = new StepSeries(labels, this.#steps, dropsName);
      this.#series.set(labels.key, series);
    }
    return series;
  }

  /** The series with these labels, in which the step is claimed. */
  at(step: number, labels: Labels, dropsName: boolean): StepSeries {
    const series = this.seriesFor(labels, dropsName);
    claim(series, step);
    return series;
  }

  get series(): StepSeries[] {
    return [...this.#series.values()];
  }
}

/** Two values for the same labels and step are an error. */
export function claim({ kinds }: StepSeries, step: number): void {
  if (kinds[step] !== NOTHING) throw executionError(SAME_LABELS);
}

/** Makes one series of those with the same labels, which must not have values at the same steps. */
export function mergedByLabels(series: readonly StepSeries[]): StepSeries[] {
  const merged = new Map<string, StepSeries>();
  for (const each of series) {
    const first = merged.get(each.labels.key);
    if (first === undefined) {
      merged.set(each.labels.key, each);
      continue;
    }
    const both = new StepSeries(first.labels, first.kinds.length, first.dropsName);
    for (let step = 0; step < both.kinds.length; step++) {
      if (first.kinds[step] !== NOTHING && each.kinds[step] !== NOTHING) throw executionError(SAME_LABELS);
      both.copyStep(step, first.kinds[step] === NOTHING ? each : first);
    }
    merged.set(each.labels.key, both);
  }
  return [...merged.values()];
}

export function haveSharedLabels(series: readonly StepSeries[]): boolean {
  return new Set(series.map(({ labels }) => labels.key)).size < series.length;
}
