import { type NativeHistogram, sampleWeight } from '../histogram/native-histogram.js';
import type { Labels } from './labels.js';

/** What a series holds at a step. */
export const NOTHING = 0;
export const FLOAT = 1;
export const HISTOGRAM = 2;

/** What a series of a result takes beside its values: its arrays, and labels that may be its own. Measured. */
export const SERIES_BYTES = 1024;
/** What a sample takes: its value, and its time or its kind. */
export const SAMPLE_BYTES = 16;

/** What results hold: samples, as limits count them, and memory. */
export interface Holding {
  readonly samples: number;
  readonly bytes: number;
}

/**
 * A series with a value for each step of a grid, or none. `kinds` says which; where it is not `FLOAT`, `values` holds
 * no meaning, and where it is `HISTOGRAM`, `histograms` holds the value.
 */
export class StepSeries {
  labels: Labels;
  /** The name no longer fits the values, and is dropped when the query ends. */
  dropsName: boolean;
  readonly kinds: Uint8Array;
  readonly values: Float64Array;
  histograms: (NativeHistogram | undefined)[] | undefined;

  constructor(labels: Labels, steps: number, dropsName = false) {
    this.labels = labels;
    this.dropsName = dropsName;
    this.kinds = new Uint8Array(steps);
    this.values = new Float64Array(steps);
    this.histograms = undefined;
  }

  setFloat(step: number, value: number): void {
    this.kinds[step] = FLOAT;
    this.values[step] = value;
  }

  setHistogram(step: number, histogram: NativeHistogram): void {
    this.kinds[step] = HISTOGRAM;
    this.histograms ??= new Array(this.kinds.length);
    this.histograms[step] = histogram;
  }

  histogramAt(step: number): NativeHistogram | undefined {
    return this.kinds[step] === HISTOGRAM ? this.histograms![step] : undefined;
  }

  /** Takes the value of another series at a step, if it has one. */
  copyStep(step: number, from: StepSeries, fromStep = step): void {
    const kind = from.kinds[fromStep];
    if (kind === FLOAT) this.setFloat(step, from.values[fromStep]!);
    else if (kind === HISTOGRAM) this.setHistogram(step, from.histograms![fromStep]!);
  }

  clear(step: number): void {
    this.kinds[step] = NOTHING;
  }

  get isEmpty(): boolean {
    return this.kinds.every((kind) => kind === NOTHING);
  }

  /** Samples that the series counts as, where samples are limited. */
  get weight(): number {
    const { kinds, histograms } = this;
    let weight = 0;
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] === FLOAT) weight++;
      else if (kinds[step] === HISTOGRAM) weight += sampleWeight(histograms![step]!);
    }
    return weight;
  }

  /** What the series holds. Steps without a value take room as well. */
  get holding(): Holding {
    const { weight, values, kinds, histograms } = this;
    const ofHistograms = histograms === undefined ? 0 : SAMPLE_BYTES * weight;
    return { samples: weight, bytes: SERIES_BYTES + values.byteLength + kinds.byteLength + ofHistograms };
  }

  /** A series with the same values and other labels, which shares them. */
  relabelled(labels: Labels, dropsName: boolean): StepSeries {
    const copy: StepSeries = Object.create(StepSeries.prototype);
    return Object.assign(copy, this, { labels, dropsName });
  }
}
