/** The times for which a query is evaluated, in nanoseconds since 1970: `count` of them, `stepNs` apart. */
export interface TimeGrid {
  readonly startNs: bigint;
  readonly stepNs: bigint;
  readonly count: number;
}

export function gridBetween(startNs: bigint, endNs: bigint, stepNs: bigint): TimeGrid {
  return { startNs, stepNs, count: endNs < startNs ? 0 : Number((endNs - startNs) / stepNs) + 1 };
}

/** A grid of one time. */
export function instantGrid(timeNs: bigint): TimeGrid {
  return { startNs: timeNs, stepNs: 1n, count: 1 };
}

export function gridTime({ startNs, stepNs }: TimeGrid, step: number): bigint {
  return startNs + BigInt(step) * stepNs;
}

export function gridEnd(grid: TimeGrid): bigint {
  return gridTime(grid, grid.count - 1);
}
