import type { Annotations } from '../data/annotations.js';
import { QueryError } from '../data/query-error.js';
import { type Holding, SAMPLE_BYTES, SERIES_BYTES } from '../data/step-series.js';
import { sampleWeight } from '../histogram/native-histogram.js';
import type { SampleSource, Selection, SeriesSamples } from '../source.js';
import type { QueryControl } from './limits.js';

/** Reads selections from the source, the shared ones once, and counts what is held. */
export class Reader<Principal> {
  readonly #source: SampleSource<Principal>;
  readonly #principal: Principal;
  readonly #control: QueryControl;
  readonly #annotations: Annotations;
  readonly #shared = new Map<Selection, Promise<readonly SeriesSamples[]>>();

  constructor(source: SampleSource<Principal>, principal: Principal, control: QueryControl, annotations: Annotations) {
    this.#source = source;
    this.#principal = principal;
    this.#control = control;
    this.#annotations = annotations;
  }

  /** Batches of series. The samples of a batch are counted until the next one is asked for. */
  async *read(selection: Selection): AsyncGenerator<readonly SeriesSamples[]> {
    if (selection.isShared) {
      yield await this.#readShared(selection);
      return;
    }
    for await (const batch of this.#batches(selection)) {
      const { samples, bytes } = holdingOf(batch);
      this.#control.hold(samples, bytes);
      yield batch;
      this.#control.release(samples, bytes);
    }
  }

  /** What is shared stays until the query ends. */
  #readShared(selection: Selection): Promise<readonly SeriesSamples[]> {
    let series = this.#shared.get(selection);
    if (series === undefined) {
      series = this.#collect(selection);
      this.#shared.set(selection, series);
    }
    return series;
  }

  async #collect(selection: Selection): Promise<SeriesSamples[]> {
    const series: SeriesSamples[] = [];
    for await (const batch of this.#batches(selection)) {
      const { samples, bytes } = holdingOf(batch);
      this.#control.hold(samples, bytes);
      series.push(...batch);
    }
    return series;
  }

  async *#batches(selection: Selection): AsyncGenerator<readonly SeriesSamples[]> {
    const context = {
      principal: this.#principal,
      signal: this.#control.signal,
      warn: (text: string) => this.#annotations.warnOfSource(text),
    };
    try {
      for await (const batch of this.#source.read(selection, context)) {
        await this.#control.checkpoint();
        this.#control.countRead(batch.length, weightOf(batch));
        yield batch;
      }
    } catch (error) {
      if (error instanceof QueryError) throw error;
      this.#control.signal.throwIfAborted();
      throw new QueryError('source', `expanding series: ${(error as Error).message}`, { cause: error });
    }
  }
}

function holdingOf(batch: readonly SeriesSamples[]): Holding {
  const samples = weightOf(batch);
  return { samples, bytes: SAMPLE_BYTES * samples + SERIES_BYTES * batch.length };
}

function weightOf(batch: readonly SeriesSamples[]): number {
  let weight = 0;
  for (const { times, histograms } of batch) {
    weight += times.length;
    if (histograms === undefined) continue;
    for (const histogram of histograms) if (histogram !== undefined) weight += sampleWeight(histogram) - 1;
  }
  return weight;
}
