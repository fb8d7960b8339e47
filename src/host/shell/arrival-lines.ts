// Rows of telemetry → one line each, for people who watch them arrive: time, kind, amount, service, text.

import type { DuckDBValue } from '@duckdb/node-api';
import type { ArrivalRow } from '../../plugin.js';
import { aligned, displayWidth, printable, truncated } from '../output/cell-text.js';
import type { Paint } from '../output/paint.js';

/** Longest text of a line. */
const LONGEST_TEXT = 2000;

/** A row of a feed's `linesSql`. */
export function arrivalOf(row: readonly DuckDBValue[]): ArrivalRow {
  const [what, at, service, words, label, durationMs, amount, unit, tone] = row;
  return {
    what: String(what),
    at: Number(at ?? 0),
    service: String(service),
    words: String(words),
    label: textOf(label),
    duration_ms: numberOf(durationMs),
    amount: numberOf(amount),
    unit: textOf(unit),
    tone: textOf(tone) as ArrivalRow['tone'],
  };
}

function textOf(value: DuckDBValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOf(value: DuckDBValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}

const NARROWEST_SERVICE = 8;
const WIDEST_SERVICE = 24;
const WIDEST_LABEL = 16;
const LABEL_WIDTH = 10;

/** Formats aligned lines: the service column is as wide as the widest service so far. */
export class ArrivalLines {
  readonly #paint: Paint;
  #serviceWidth = NARROWEST_SERVICE;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** Heading of the lines. */
  header(): string {
    const names = [
      'time'.padEnd(12),
      'kind  ',
      aligned('value', LABEL_WIDTH, 'right'),
      'service'.padEnd(this.#serviceWidth),
    ];
    return this.#paint.faint([...names, 'body or name'].join('  '));
  }

  /** A line without its end, of at most this many columns. */
  line(arrival: ArrivalRow, width = Number.POSITIVE_INFINITY): string {
    const paint = this.#paint;
    const service = truncated(printable(arrival.service), WIDEST_SERVICE);
    this.#serviceWidth = Math.max(this.#serviceWidth, displayWidth(service));
    const time = new Date(arrival.at).toISOString().slice(11, 23);
    const label = aligned(truncated(printable(labelOf(arrival)), WIDEST_LABEL), LABEL_WIDTH, 'right');
    const before = `${time}  ${aligned(arrival.what, 6, 'left')}  ${label}  ${aligned(service, this.#serviceWidth, 'left')}  `;
    const words = truncated(printable(arrival.words.slice(0, LONGEST_TEXT)), Math.max(1, width - displayWidth(before)));
    const loud = arrival.tone === 'failure' ? paint.failure : arrival.tone === 'warning' ? paint.literal : undefined;
    return [
      paint.faint(time),
      paint.faint(aligned(arrival.what, 6, 'left')),
      loud === undefined ? label : loud(label),
      paint.keyword(aligned(service, this.#serviceWidth, 'left')),
      loud === undefined ? words : loud(words),
    ].join('  ');
  }
}

function labelOf({ label, duration_ms: durationMs, amount, unit }: ArrivalRow): string {
  if (durationMs !== null) return `${durationText(durationMs)} ms`;
  if (amount === null) return label ?? '';
  return unit === null || unit === '1' ? amountText(amount) : `${amountText(amount)} ${unit}`;
}

/** Milliseconds with one decimal, or three if they would round to zero. */
function durationText(ms: number): string {
  const places = ms < 0.1 ? 3 : 1;
  return ms.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places });
}

function amountText(amount: number): string {
  return Number.isFinite(amount) ? amount.toLocaleString('en', { maximumSignificantDigits: 6 }) : String(amount);
}
