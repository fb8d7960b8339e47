import { quoted } from './go-text.js';

/** Units from the largest to the smallest, the order in which a duration names them. */
const unitMs = new Map([
  ['y', 365 * 24 * 3_600_000],
  ['w', 7 * 24 * 3_600_000],
  ['d', 24 * 3_600_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]);
const unitOrder = [...unitMs.keys()];

/** Years and weeks are printed only when nothing is left over: 90d is easier to read than 12w6d. */
const exactUnits = new Set(['y', 'w']);

/** Go counts nanoseconds in 64 bits, so that no duration reaches 293 years. */
const LARGEST_MS = Number(2n ** 63n - 1n) / 1e6;

/** Milliseconds of a duration such as `1h30m`. Throws an error with Prometheus's text. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (text === '') throw new Error('empty duration string');
  let totalMs = 0;
  let lastUnit = -1;
  for (const { groups, index, 0: part } of text.matchAll(/(?<count>\d+)(?<unit>\D+)|(?<rest>.+)/gs)) {
    const { count, unit } = groups as { count?: string; unit?: string };
    if (count === undefined || unit === undefined || part === '' || index < 0) throw notDuration(text);
    const order = unitOrder.indexOf(unit);
    if (order === -1) throw new Error(`unknown unit ${quoted(unit)} in duration ${quoted(text)}`);
    if (order <= lastUnit) throw notDuration(text);
    lastUnit = order;
    totalMs += Number(count) * unitMs.get(unit)!;
    if (totalMs > LARGEST_MS) throw new Error('duration out of range');
  }
  return totalMs;
}

/** The shortest form of a duration: `1h30m`, `-5m`, `0s`. Parts of a millisecond are cut off. */
export function durationText(milliseconds: number): string {
  let rest = Math.abs(Math.trunc(milliseconds));
  if (rest === 0) return '0s';
  let text = milliseconds < 0 ? '-' : '';
  for (const [unit, size] of unitMs) {
    if (exactUnits.has(unit) && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}

/** Seconds of the query's text → the milliseconds that evaluation counts in. Go rounds to nanoseconds in between. */
export function secondsToMs(seconds: number): number {
  return Math.trunc(roundAwayFromZero(seconds * 1e9) / 1e6);
}

/** Rounds halves away from 0, as Go does; `Math.round` rounds them up. */
export function roundAwayFromZero(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}

/** Whether so many seconds are more than a duration can hold. */
export function isOutOfRange(seconds: number): boolean {
  return seconds > 2 ** 63 / 1e9 || seconds < -(2 ** 63) / 1e9;
}

function notDuration(text: string): Error {
  return new Error(`not a valid duration string: ${quoted(text)}`);
}
