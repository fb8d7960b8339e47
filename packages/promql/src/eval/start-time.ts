/**
 * Whether a counter began anew between two samples, as their start times tell. A start time of 0, one behind its
 * sample, or one equal to it says nothing. One at the previous sample means a delta, unless the previous start time is
 * unknown too.
 */
export function isResetByStartTime(
  previousStartMs: number,
  previousMs: number,
  startMs: number,
  timeMs: number,
): boolean {
  if (startMs === 0 || startMs >= timeMs || startMs < previousMs) return false;
  if (startMs > previousMs) return true;
  return previousStartMs < previousMs && previousStartMs !== 0;
}

/** Whether a sample began before the previous one ended, though both did not begin together. */
export function overlapsPrevious(previousStartMs: number, previousMs: number, startMs: number): boolean {
  return startMs !== 0 && startMs < previousMs && startMs !== previousStartMs;
}
