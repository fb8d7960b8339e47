import type { Annotations } from '../data/annotations.js';
import type { Grid } from '../data/grid.js';
import type { StepSeries } from '../data/step-series.js';
import type { Expression } from '../syntax/ast.js';
import type { Position } from '../syntax/position.js';
import type { HistogramContext } from './functions/histogram-quantile.js';
import type { Value } from './value.js';

/** What a function over values sees: its arguments, evaluated, as they were written, and where. */
export interface VectorCall {
  readonly values: readonly Value[];
  readonly expressions: readonly Expression[];
  readonly positions: readonly Position[];
  /** Of the whole call. */
  readonly position: Position;
  readonly grid: Grid;
  readonly annotations: Annotations;
  /** The series with names dropped, if that is done at once. */
  named(series: readonly StepSeries[]): readonly StepSeries[];
  /** One series of those with the same labels. */
  merged(series: readonly StepSeries[]): readonly StepSeries[];
  /** For functions of histograms that are the argument with that index. */
  histogramContext(argument: number): HistogramContext;
}
