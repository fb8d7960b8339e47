import type { Annotations } from '../data/annotations.js';
import { added, subtracted } from '../histogram/combine.js';
import { multiplied, type NativeHistogram } from '../histogram/native-histogram.js';
import { isReset } from '../histogram/reset.js';
import type { Position } from '../syntax/position.js';
import { reconciled } from '../vector/aggregate-histograms.js';

/** The value at a time between two samples, on a line. A counter that was reset between them rises from 0. */
export function interpolatedFloat(
  beforeMs: number,
  before: number,
  afterMs: number,
  after: number,
  timeMs: number,
  kind: 'counter' | 'gauge',
): number {
  const start = kind === 'counter' && after < before ? 0 : before;
  return start + ((after - start) * (timeMs - beforeMs)) / (afterMs - beforeMs);
}

/** The histogram at a time between two. Throws `IncompatibleHistograms`. */
export function interpolatedHistogram(
  beforeMs: number,
  before: NativeHistogram,
  afterMs: number,
  after: NativeHistogram,
  timeMs: number,
  kind: 'counter' | 'gauge',
  annotations: Annotations,
  position: Position,
): NativeHistogram {
  if (timeMs === beforeMs) return before;
  if (timeMs === afterMs) return after;
  const fraction = (timeMs - beforeMs) / (afterMs - beforeMs);
  if (kind === 'counter' && isReset(after, before)) return multiplied(after, fraction);
  const difference = subtracted(after, before);
  if (difference.boundsReconciled) annotations.info(reconciled('subtraction'), position);
  const sum = added(multiplied(difference.histogram, fraction), before);
  if (sum.boundsReconciled) annotations.info(reconciled('addition'), position);
  return sum.histogram;
}
