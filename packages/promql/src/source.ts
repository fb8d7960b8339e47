import type { Labels } from './data/labels.js';
import type { NativeHistogram } from './histogram/native-histogram.js';
import type { Matcher } from './syntax/matcher.js';

/**
 * Samples of one series, by rising time. The arrays belong to the source: they are read, never changed, and may be
 * reused once the next batch is asked for, unless the selection says that it is shared.
 */
export interface SeriesSamples {
  readonly labels: Labels;
  /** Milliseconds since 1970. */
  readonly times: Float64Array;
  /** Meaningless where there is a histogram. */
  readonly values: Float64Array;
  /** 1 for each sample that ends the series, whatever its value. Absent when none does. */
  readonly stale: Uint8Array | undefined;
  /** Absent when all samples are floats. */
  readonly histograms: readonly (NativeHistogram | undefined)[] | undefined;
  /** When counting began, in milliseconds; 0 where it is not known. Absent when it is known nowhere. */
  readonly startTimes: Float64Array | undefined;
  /**
   * Each sample is what was counted since the sample before it, as OTLP's delta temporality has it. `increase` is then their sum over
   * the window and `rate` that sum by the second. Nothing is extrapolated, and there are no resets.
   */
  readonly isDelta?: boolean;
}

/** What a query reads: series that match, and their samples from `startMs` to `endMs`, both included. */
export interface Selection {
  readonly matchers: readonly Matcher[];
  readonly startMs: number;
  readonly endMs: number;
  /** Several parts of the query use what is read, so that it is kept. */
  readonly isShared: boolean;
  /** What is done with the samples, for sources that can do it themselves or read less for it. */
  readonly hints: SelectionHints;
}

export interface SelectionHints {
  /** Time between steps, and the window at each step; 0 for the latest sample. */
  readonly stepMs: number;
  readonly rangeMs: number;
  /** The function or aggregation around the selector, or empty. */
  readonly function: string;
  readonly grouping: readonly string[];
  readonly by: boolean;
}

export interface ReadContext<Principal> {
  /** Who asks, as the caller of the evaluation named it. The evaluation does not look into it. */
  readonly principal: Principal;
  /** Aborted when the query is cancelled or takes too long: reading must then end. */
  readonly signal: AbortSignal;
  /** Says something about the answer, such as that a part of the data could not be read. */
  warn(text: string): void;
}

/** Where samples come from. Series come in any order, in batches of any size, each series once. */
export interface SampleSource<Principal> {
  read(selection: Selection, context: ReadContext<Principal>): AsyncIterable<readonly SeriesSamples[]>;
}
