// Steps of a metrics query. A step holds spans that start after its left edge, up to its right edge, whose time it has.

import { QueryError } from '#promql';
import type { AggregateGrid } from '../source.js';

/** Prometheus's limit for a range query: what a screen can show. */
const MAX_STEPS = 11_000;

const NS_PER_MS = 1_000_000n;

export interface MetricsGrid extends AggregateGrid {
  /** The whole range is one step, and its first moment belongs to it. */
  readonly isInstant: boolean;
}

/** Edges are multiples of the step, so that a panel that moves on shows the same points. There is one step more in front. */
export function rangeGrid(startUnixNs: bigint, endUnixNs: bigint, stepNs: bigint): MetricsGrid {
  if (stepNs <= 0n) throw new QueryError('execution', `step must be greater than 0, got ${stepNs}ns`);
  if (endUnixNs < startUnixNs) {
    throw new QueryError('execution', `end must not be before start, got ${startUnixNs} to ${endUnixNs}`);
  }
  const first = startUnixNs - (startUnixNs % stepNs);
  const last = endUnixNs + ((stepNs - (endUnixNs % stepNs)) % stepNs);
  const start = first > stepNs ? first - stepNs : first;
  const count = (last - start) / stepNs;
  if (count > MAX_STEPS) {
    throw new QueryError('execution', `step must give at most ${MAX_STEPS} points for each series, got ${count}`);
  }
  return { startUnixNs: start, stepNs, count: Number(count), isInstant: false };
}

export function instantGrid(startUnixNs: bigint, endUnixNs: bigint): MetricsGrid {
  if (endUnixNs <= startUnixNs) {
    throw new QueryError('execution', `end must be after start, got ${startUnixNs} to ${endUnixNs}`);
  }
  return { startUnixNs: startUnixNs - 1n, stepNs: endUnixNs - startUnixNs + 1n, count: 1, isInstant: true };
}

/** The step that holds a time, or -1. */
export function stepOf({ startUnixNs, stepNs, count }: AggregateGrid, unixNs: bigint): number {
  if (unixNs <= startUnixNs) return -1;
  const step = Number((unixNs - startUnixNs - 1n) / stepNs);
  return step < count ? step : -1;
}

export function endOf({ startUnixNs, stepNs, count }: AggregateGrid): bigint {
  return startUnixNs + stepNs * BigInt(count);
}

/** The time of a step in milliseconds: its right edge. */
export function timeMsOf({ startUnixNs, stepNs }: AggregateGrid, step: number): number {
  return Number((startUnixNs + stepNs * BigInt(step + 1)) / NS_PER_MS);
}

/** How long a step is, for rates. */
export function stepSeconds({ stepNs, isInstant }: MetricsGrid): number {
  return Number(isInstant ? stepNs - 1n : stepNs) / 1e9;
}
