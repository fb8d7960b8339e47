// Rows of telemetry → a line each, for people who watch it come: when, what, how much, from whom, and its words.

import type { DuckDBValue } from '@duckdb/node-api';
import { aligned, displayWidth, printable, truncated } from '../output/cell-text.js';
import type { Paint } from '../output/paint.js';

/** Beyond this a text is no line any more. */
const LONGEST_TEXT = 2000;

const numberPoint = `name AS words, coalesce(double_value, int_value::DOUBLE) AS amount, unit, 0 AS severity, NULL AS label`;
const distribution = `concat(name, ' ×', count) AS words, sum AS amount, unit, 0 AS severity, NULL AS label`;
const metricTime = `'metric' AS what, epoch_ms(time_unix_nano) AS at`;

/** What is shown of each kind that otlp_tail() has. A failed span has the severity of an ERROR. */
const columnsByKind = {
  logs: `'log' AS what, epoch_ms(coalesce(time_unix_nano, observed_time_unix_nano)) AS at, service_name,
    coalesce(body, event_name, '') AS words, NULL::DOUBLE AS amount, NULL AS unit, coalesce(severity_number, 0) AS severity,
    severity_text AS label`,
  traces: `'span' AS what, epoch_ms(start_time_unix_nano) AS at, service_name,
    CASE WHEN status_status_message <> '' THEN concat(name, ': ', status_status_message) ELSE name END AS words,
    duration_time_unix_nano / 1e6 AS amount, 'ms' AS unit, CASE WHEN status_code = 2 THEN 17 ELSE 0 END AS severity, NULL AS label`,
  metrics_gauge: `${metricTime}, service_name, ${numberPoint}`,
  metrics_sum: `${metricTime}, service_name, ${numberPoint}`,
  metrics_histogram: `${metricTime}, service_name, ${distribution}`,
  metrics_exp_histogram: `${metricTime}, service_name, ${distribution}`,
  metrics_summary: `${metricTime}, service_name, ${distribution}`,
} as const;

export type ArrivalKind = keyof typeof columnsByKind;
export const arrivalKinds = Object.keys(columnsByKind) as ArrivalKind[];

export function isArrivalKind(kind: string): kind is ArrivalKind {
  return Object.hasOwn(columnsByKind, kind);
}

/** The query of new rows whose columns lines are made of, all kinds' the same. */
export function arrivalsSql(kind: ArrivalKind, reader: string, condition = ''): string {
  return `SELECT ${columnsByKind[kind]} FROM otlp_tail('${kind}', '${reader}') ${condition}`;
}

export interface Arrival {
  readonly what: 'log' | 'span' | 'metric';
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly service: string;
  readonly words: string;
  readonly amount: number | undefined;
  readonly unit: string | undefined;
  readonly severity: number;
  readonly label: string | undefined;
}

/** A row of `arrivalsSql`. */
export function arrivalOf(row: readonly DuckDBValue[]): Arrival {
  const [what, at, service, words, amount, unit, severity, label] = row;
  return {
    what: what as Arrival['what'],
    at: Number(at ?? 0),
    service: String(service),
    words: String(words),
    amount: amount === null ? undefined : Number(amount),
    unit: unit === null ? undefined : String(unit),
    severity: Number(severity),
    label: label === null ? undefined : String(label),
  };
}

/** Severities as OpenTelemetry numbers them, four of each. */
const severityNames = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'] as const;
const WARN = 13;
const ERROR = 17;

const NARROWEST_SERVICE = 8;
const WIDEST_SERVICE = 24;
const WIDEST_LABEL = 16;
const LABEL_WIDTH = 10;

/** Makes lines that stand below each other: the column of services is as wide as the widest one so far. */
export class ArrivalLines {
  readonly #paint: Paint;
  #serviceWidth = NARROWEST_SERVICE;

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** What stands above the lines, for those who want that. */
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
  line(arrival: Arrival, width = Number.POSITIVE_INFINITY): string {
    const paint = this.#paint;
    const service = truncated(printable(arrival.service), WIDEST_SERVICE);
    this.#serviceWidth = Math.max(this.#serviceWidth, displayWidth(service));
    const time = new Date(arrival.at).toISOString().slice(11, 23);
    const label = aligned(truncated(printable(labelOf(arrival)), WIDEST_LABEL), LABEL_WIDTH, 'right');
    const before = `${time}  ${aligned(arrival.what, 6, 'left')}  ${label}  ${aligned(service, this.#serviceWidth, 'left')}  `;
    const words = truncated(printable(arrival.words.slice(0, LONGEST_TEXT)), Math.max(1, width - displayWidth(before)));
    const loud = arrival.severity >= ERROR ? paint.failure : arrival.severity >= WARN ? paint.literal : undefined;
    return [
      paint.faint(time),
      paint.faint(aligned(arrival.what, 6, 'left')),
      loud === undefined ? label : loud(label),
      paint.keyword(aligned(service, this.#serviceWidth, 'left')),
      loud === undefined ? words : loud(words),
    ].join('  ');
  }
}

function labelOf({ what, severity, label, amount, unit }: Arrival): string {
  if (what === 'log') return label || (severityNames[Math.ceil(severity / 4) - 1] ?? '');
  if (amount === undefined) return '';
  const number = what === 'span' ? durationText(amount) : amountText(amount);
  return unit === undefined || unit === '1' ? number : `${number} ${unit}`;
}

/** Milliseconds with one place, or three where there would be nothing left of them. */
function durationText(ms: number): string {
  const places = ms < 0.1 ? 3 : 1;
  return ms.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places });
}

function amountText(amount: number): string {
  return Number.isFinite(amount) ? amount.toLocaleString('en', { maximumSignificantDigits: 6 }) : String(amount);
}
