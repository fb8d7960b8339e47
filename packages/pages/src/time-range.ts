// `range=1h`, or `from` and `to` → the times that a page asks for.

import { useEffect, useMemo, useState } from 'preact/hooks';
import { clockTime, dayAndTime } from './format.js';
import { setParams, usePlace } from './location.js';

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
export const presets = ['5m', '15m', '1h', '6h', '24h', '7d', '30d'] as const;
export const DEFAULT_RANGE = '1h';
/** How often pages ask again, by the words in the address. */
export const refreshes = { off: 0, '5s': 5000, '15s': 15_000, '1m': 60_000 } as const;
export type Refresh = keyof typeof refreshes;

export interface TimeRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly label: string;
  /** Whether it ends with the present. */
  readonly isLive: boolean;
  /** Changes whenever what is shown must be asked for again. */
  readonly key: string;
}

const listeners = new Set<() => void>();

/** Asks for everything again. */
export function refreshNow(): void {
  for (const listener of listeners) listener();
}

export function useTimeRange(): TimeRange {
  const { params } = usePlace();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const range = params.get('range') ?? '';
  const from = params.get('from') ?? '';
  const to = params.get('to') ?? '';
  const everyMs = refreshes[(params.get('refresh') ?? 'off') as Refresh] ?? 0;
  useEffect(() => {
    const again = () => setNowMs(Date.now());
    listeners.add(again);
    // What nobody looks at is not asked for.
    const timer = everyMs === 0 ? undefined : setInterval(() => document.hidden || refreshNow(), everyMs);
    return () => {
      listeners.delete(again);
      clearInterval(timer);
    };
  }, [everyMs]);
  // A range that was just chosen ends now, not when the page was opened.
  const chosenMs = useMemo(() => Math.max(nowMs, Date.now()), [nowMs, range, from, to]);
  return useMemo(() => timeRange({ range, from, to }, chosenMs), [range, from, to, chosenMs]);
}

export function timeRange(given: { range: string; from: string; to: string }, nowMs: number): TimeRange {
  const startMs = Number(given.from);
  const endMs = Number(given.to);
  if (given.from !== '' && given.to !== '' && startMs >= 0 && endMs > startMs) {
    return { startMs, endMs, isLive: false, label: spanText(startMs, endMs), key: `${startMs}-${endMs}-${nowMs}` };
  }
  const range = lengthMs(given.range) === undefined ? DEFAULT_RANGE : given.range;
  return {
    startMs: nowMs - lengthMs(range)!,
    endMs: nowMs,
    isLive: true,
    label: `Last ${range}`,
    key: `${range}-${nowMs}`,
  };
}

/** Milliseconds of a text such as `15m`. */
export function lengthMs(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,5})([smhd])$/.exec(text) ?? [];
  return count === undefined || Number(count) === 0 ? undefined : Number(count) * unitMs[unit!]!;
}

/** Zooms to a part of a chart. */
export function zoomTo(startMs: number, endMs: number): void {
  if (endMs - startMs < 1) return;
  setParams({ range: undefined, from: String(Math.floor(startMs)), to: String(Math.ceil(endMs)) });
}

/** A step of whole, round seconds for about so many points. */
export function stepSeconds({ startMs, endMs }: Pick<TimeRange, 'startMs' | 'endMs'>, points: number): number {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];
  const exact = (endMs - startMs) / 1000 / points;
  return steps.find((step) => step >= exact) ?? Math.ceil(exact / 86_400) * 86_400;
}

function spanText(startMs: number, endMs: number): string {
  const sameDay = new Date(startMs).toDateString() === new Date(endMs).toDateString();
  return `${dayAndTime(startMs)} – ${sameDay ? clockTime(endMs) : dayAndTime(endMs)}`;
}
