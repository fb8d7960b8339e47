/** The times for which a query is evaluated: `count` of them, `stepMs` apart. */
export interface Grid {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
  /** Whether the times are those from one time to a later one, though there may be but one of them. */
  readonly isRange: boolean;
}

export function gridBetween(startMs: number, endMs: number, stepMs: number): Grid {
  const count = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1;
  return { startMs, stepMs, count, isRange: endMs !== startMs };
}

/** A grid of one time. */
export function instant(timeMs: number): Grid {
  return { startMs: timeMs, stepMs: 1, count: 1, isRange: false };
}

export function timeAt(grid: Grid, step: number): number {
  return grid.startMs + step * grid.stepMs;
}

export function lastTime(grid: Grid): number {
  return timeAt(grid, grid.count - 1);
}
