// The rows of otlp_tail() as a host shows them to people who watch them come: what, when, from whom, its words, how much.

import { quotedString } from '../duckdb/sql-text.js';
import type { ArrivalFeed } from '../plugin.js';

const metric = `'metric' AS what, epoch_ms(time_unix_nano) AS at, service_name`;
const amountOf = (amount: string) =>
  `NULL AS label, NULL::DOUBLE AS duration_ms, ${amount} AS amount, unit, NULL AS tone`;
const numberPoint = `${metric}, name AS words, ${amountOf('coalesce(double_value, int_value::DOUBLE)')}`;
const distribution = `${metric}, concat(name, ' ×', count) AS words, ${amountOf('sum')}`;

/** OpenTelemetry numbers severities from 1 on, four of each. */
const severityName = `CASE WHEN severity_number > 0
    THEN ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'][(severity_number + 3) // 4] END`;

const columnsByKind: Readonly<Record<string, string>> = {
  logs: `'log' AS what, epoch_ms(coalesce(time_unix_nano, observed_time_unix_nano)) AS at, service_name,
    coalesce(body, event_name, '') AS words, coalesce(nullif(severity_text, ''), ${severityName}) AS label,
    NULL::DOUBLE AS duration_ms, NULL::DOUBLE AS amount, NULL AS unit,
    CASE WHEN severity_number >= 17 THEN 'failure' WHEN severity_number >= 13 THEN 'warning' END AS tone`,
  traces: `'span' AS what, epoch_ms(start_time_unix_nano) AS at, service_name,
    CASE WHEN status_status_message <> '' THEN concat(name, ': ', status_status_message) ELSE name END AS words,
    NULL AS label, duration_time_unix_nano / 1e6 AS duration_ms, NULL::DOUBLE AS amount, NULL AS unit,
    CASE WHEN status_code = 2 THEN 'failure' END AS tone`,
  metrics_gauge: numberPoint,
  metrics_sum: numberPoint,
  metrics_histogram: distribution,
  metrics_exp_histogram: distribution,
  metrics_summary: distribution,
};

export const otlpArrivals: ArrivalFeed = {
  kinds: Object.keys(columnsByKind),
  plurals: { log: 'logs', span: 'spans', metric: 'metric points' },
  rowsSql: (kind, reader) => `FROM ${tail(kind, reader)}`,
  linesSql: (kind, reader) => `SELECT ${columnsByKind[kind]} FROM ${tail(kind, reader)}`,
};

function tail(kind: string, reader: string): string {
  return `otlp_tail(${quotedString(kind)}, ${quotedString(reader)})`;
}
