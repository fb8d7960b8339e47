import type { Annotations } from '../data/annotations.js';
import type { NativeHistogram } from '../histogram/native-histogram.js';
import { quoted } from '../syntax/go-text.js';
import type { Position } from '../syntax/position.js';
import type { Window } from './window.js';

/** What a function over ranges needs beside its window; the same for all series and steps of a call. */
export interface RangeCall {
  readonly annotations: Annotations;
  /** Of the range vector, and of the first and of all arguments. */
  readonly position: Position;
  readonly firstPosition: Position;
  readonly argumentsPosition: Position;
  readonly rangeMs: number;
  readonly extension: 'anchored' | 'smoothed' | undefined;
  /** The other arguments, a value for each step. */
  readonly scalars: readonly Float64Array[];
}

export type RangeResult = number | NativeHistogram | undefined;

/** The value of a function over the samples of a window, which has at least one; undefined for none. */
export type RangeFunction = (window: Window, call: RangeCall) => RangeResult;

export function warnMixedKinds({ labels }: Window, { annotations, firstPosition }: RangeCall): undefined {
  const metric = quoted(labels.metricName);
  annotations.warn(`encountered a mix of histograms and floats for metric name ${metric}`, firstPosition);
}

export function noteIgnoredHistograms({ labels }: Window, { annotations, firstPosition }: RangeCall): void {
  const ranges = 'ignored histograms in a range containing both floats and histograms';
  annotations.info(`${ranges} for metric name ${quoted(labels.metricName)}`, firstPosition);
}
