// The mapping rules, word by word: one request in, the rows of its tables out. No shortcut is taken
// here, because this is what the decoders are held against.

import type { Fidelity, Signal } from '../../src/schema/column-declaration.js';
import { type FieldValue, type Message, reject } from './message.js';

/** NULL is null; times are nanoseconds and 64-bit integers digits, both as text. */
export type OracleValue = string | number | boolean | null | readonly (string | number)[];
export type OracleRow = Record<string, OracleValue>;
export type OracleTables = Record<string, OracleRow[]>;

/** Values inside values, counting the outermost one. */
const MAX_VALUE_LEVELS = 100;
const MAX_INT64 = 2n ** 63n - 1n;

export function emptyTables(signal: Signal): OracleTables {
  if (signal === 'logs') return { otlp_logs: [] };
  if (signal === 'traces') return { otlp_traces: [] };
  return {
    otlp_metrics_gauge: [],
    otlp_metrics_sum: [],
    otlp_metrics_histogram: [],
    otlp_metrics_exp_histogram: [],
    otlp_metrics_summary: [],
  };
}

export function rowsOf(signal: Signal, request: Message, fidelity: Fidelity = 'standard'): OracleTables {
  const tables = emptyTables(signal);
  const [groups, scopeGroups, records] = (
    {
      logs: ['resource_logs', 'scope_logs', 'log_records'],
      traces: ['resource_spans', 'scope_spans', 'spans'],
      metrics: ['resource_metrics', 'scope_metrics', 'metrics'],
    } as const
  )[signal];
  for (const group of messages(request, groups)) {
    for (const scopeGroup of messages(group, scopeGroups)) {
      // Made anew for each row: what no row has need not be valid.
      const origin = (): OracleRow => ({
        ...resourceColumns(message(group, 'resource') ?? {}),
        ...scopeColumns(message(scopeGroup, 'scope') ?? {}),
        ...(fidelity === 'exact' && {
          resource_schema_url: textOrNull(group, 'schema_url'),
          scope_schema_url: textOrNull(scopeGroup, 'schema_url'),
        }),
      });
      const exactly = (columns: OracleRow) => (fidelity === 'exact' ? columns : {});
      for (const record of messages(scopeGroup, records)) {
        if (signal === 'logs')
          tables['otlp_logs']!.push({ ...logRow(record), ...origin(), ...exactly(exactLogColumns(record)) });
        else if (signal === 'traces')
          tables['otlp_traces']!.push({ ...spanRow(record), ...origin(), ...exactly(exactSpanColumns(record)) });
        else addMetricRows(tables, record, origin);
      }
    }
  }
  return tables;
}

// Resource and scope

function resourceColumns(resource: Message): OracleRow {
  const attributes = messages(resource, 'attributes');
  return {
    resource_attributes: attributesColumn(attributes),
    service_name: attributeText(attributes, 'service.name') ?? 'unknown',
    service_namespace: attributeText(attributes, 'service.namespace'),
    service_instance_id: attributeText(attributes, 'service.instance.id'),
  };
}

function attributeText(attributes: readonly Message[], key: string): string | null {
  const last = attributes.findLast((attribute) => rawKey(attribute) === key);
  return last === undefined ? null : valueText(message(last, 'value'));
}

function scopeColumns(scope: Message): OracleRow {
  return {
    scope_name: textOrNull(scope, 'name'),
    scope_version: textOrNull(scope, 'version'),
    scope_attributes: attributesColumn(messages(scope, 'attributes')),
  };
}

// Logs

function logRow(record: Message): OracleRow {
  return {
    time_unix_nano: timeOrNull(record, 'time_unix_nano'),
    observed_time_unix_nano: timeOrNull(record, 'observed_time_unix_nano'),
    trace_id: idOrNull(record, 'trace_id', 16),
    span_id: idOrNull(record, 'span_id', 8),
    severity_number: number(record, 'severity_number') || null,
    severity_text: textOrNull(record, 'severity_text'),
    event_name: textOrNull(record, 'event_name'),
    body: valueText(message(record, 'body')),
    log_attributes: attributesColumn(messages(record, 'attributes')),
    dropped_attributes_count: int32Bits(record, 'dropped_attributes_count'),
    flags: int32Bits(record, 'flags'),
  };
}

function exactLogColumns(record: Message): OracleRow {
  return Object.fromEntries(
    ['time_unix_nano', 'observed_time_unix_nano'].map((column) => {
      const time = timeOrNull(record, column);
      return [`${column}_rest`, time === null ? null : Number(BigInt(time) % 1000n)];
    }),
  );
}

// Traces

function exactSpanColumns(span: Message): OracleRow {
  const start = int64(span, 'start_time_unix_nano');
  const end = int64(span, 'end_time_unix_nano');
  return {
    start_time_unix_nano_rest: Number(start % 1000n),
    end_before_start_nano: end < start ? String(start - end) : null,
  };
}

function spanRow(span: Message): OracleRow {
  const start = int64(span, 'start_time_unix_nano');
  const end = int64(span, 'end_time_unix_nano');
  const status = message(span, 'status') ?? {};
  return {
    start_time_unix_nano: String(start),
    duration_time_unix_nano: String(end < start ? 0n : end - start),
    trace_id: idOrNull(span, 'trace_id', 16),
    span_id: idOrNull(span, 'span_id', 8),
    parent_span_id: idOrNull(span, 'parent_span_id', 8),
    trace_state: textOrNull(span, 'trace_state'),
    name: text(span, 'name'),
    kind: number(span, 'kind') || null,
    status_code: number(status, 'code') || null,
    status_status_message: textOrNull(status, 'message'),
    span_attributes: attributesColumn(messages(span, 'attributes')),
    events_json: jsonListOrNull(messages(span, 'events').map(eventJson)),
    links_json: jsonListOrNull(messages(span, 'links').map(linkJson)),
    dropped_attributes_count: int32Bits(span, 'dropped_attributes_count'),
    dropped_events_count: int32Bits(span, 'dropped_events_count'),
    dropped_links_count: int32Bits(span, 'dropped_links_count'),
    flags: int32Bits(span, 'flags'),
  };
}

function eventJson(event: Message): string {
  return (
    `{"attributes":${attributesJson(messages(event, 'attributes'), 1)}` +
    `,"dropped_attributes_count":${number(event, 'dropped_attributes_count')}` +
    `,"name":${JSON.stringify(text(event, 'name'))}` +
    `,"time_unix_nano":${int64(event, 'time_unix_nano')}}`
  );
}

function linkJson(link: Message): string {
  return (
    `{"attributes":${attributesJson(messages(link, 'attributes'), 1)}` +
    `,"dropped_attributes_count":${number(link, 'dropped_attributes_count')}` +
    `,"flags":${number(link, 'flags')}` +
    `,"span_id":"${idOrNull(link, 'span_id', 8) ?? ''}"` +
    `,"trace_id":"${idOrNull(link, 'trace_id', 16) ?? ''}"` +
    `,"trace_state":${JSON.stringify(text(link, 'trace_state'))}}`
  );
}

// Metrics

function addMetricRows(tables: OracleTables, metric: Message, origin: () => OracleRow): void {
  const kinds = [
    ['gauge', 'otlp_metrics_gauge', numberPoint],
    ['sum', 'otlp_metrics_sum', numberPoint],
    ['histogram', 'otlp_metrics_histogram', histogramPoint],
    ['exponential_histogram', 'otlp_metrics_exp_histogram', expHistogramPoint],
    ['summary', 'otlp_metrics_summary', summaryPoint],
  ] as const;
  for (const [kind, table, pointColumns] of kinds) {
    const data = message(metric, kind);
    if (data === undefined) continue;
    const shared: OracleRow = {};
    if (kind !== 'gauge' && kind !== 'summary') {
      shared['aggregation_temporality'] = number(data, 'aggregation_temporality');
    }
    if (kind === 'sum') shared['is_monotonic'] = boolean(data, 'is_monotonic');
    for (const point of messages(data, 'data_points')) {
      const row: OracleRow = {
        ...origin(),
        name: text(metric, 'name'),
        description: textOrNull(metric, 'description'),
        unit: textOrNull(metric, 'unit'),
        ...shared,
        ...pointColumns(point),
        time_unix_nano: timeOrNull(point, 'time_unix_nano'),
        start_time_unix_nano: timeOrNull(point, 'start_time_unix_nano'),
        metric_attributes: attributesColumn(messages(point, 'attributes')),
        flags: int32Bits(point, 'flags'),
      };
      if (kind !== 'summary') row['exemplars_json'] = jsonListOrNull(messages(point, 'exemplars').map(exemplarJson));
      tables[table]!.push(row);
    }
  }
}

function numberPoint(point: Message): OracleRow {
  return {
    int_value: 'as_int' in point ? String(bigint(point, 'as_int')) : null,
    double_value: numberOrNull(point, 'as_double'),
  };
}

function distribution(point: Message): OracleRow {
  return {
    count: String(int64(point, 'count')),
    sum: numberOrNull(point, 'sum'),
    min: numberOrNull(point, 'min'),
    max: numberOrNull(point, 'max'),
  };
}

function histogramPoint(point: Message): OracleRow {
  return {
    ...distribution(point),
    bucket_counts: int64List(point, 'bucket_counts'),
    explicit_bounds: list(point, 'explicit_bounds') as number[],
  };
}

function expHistogramPoint(point: Message): OracleRow {
  const positive = message(point, 'positive') ?? {};
  const negative = message(point, 'negative') ?? {};
  return {
    ...distribution(point),
    scale: number(point, 'scale'),
    zero_count: String(int64(point, 'zero_count')),
    zero_threshold: number(point, 'zero_threshold'),
    positive_offset: number(positive, 'offset'),
    positive_bucket_counts: int64List(positive, 'bucket_counts'),
    negative_offset: number(negative, 'offset'),
    negative_bucket_counts: int64List(negative, 'bucket_counts'),
  };
}

function summaryPoint(point: Message): OracleRow {
  const quantiles = messages(point, 'quantile_values');
  return {
    count: String(int64(point, 'count')),
    sum: number(point, 'sum'),
    quantiles: quantiles.map((quantile) => number(quantile, 'quantile')),
    quantile_values: quantiles.map((quantile) => number(quantile, 'value')),
  };
}

function exemplarJson(exemplar: Message): string {
  return (
    `{"filtered_attributes":${attributesJson(messages(exemplar, 'filtered_attributes'), 1)}` +
    `,"span_id":"${idOrNull(exemplar, 'span_id', 8) ?? ''}"` +
    `,"time_unix_nano":${int64(exemplar, 'time_unix_nano')}` +
    `,"trace_id":"${idOrNull(exemplar, 'trace_id', 16) ?? ''}"` +
    `,"value":${exemplarValue(exemplar)}}`
  );
}

function exemplarValue(exemplar: Message): string {
  if ('as_int' in exemplar) return String(bigint(exemplar, 'as_int'));
  const double = numberOrNull(exemplar, 'as_double');
  return double !== null && Number.isFinite(double) ? doubleText(double) : 'null';
}

// Attributes and values

function attributesColumn(attributes: readonly Message[]): string | null {
  const json = attributesJson(attributes, 1);
  return json === '{}' ? null : json;
}

/** An object of all attributes, whose values lie at `level`. */
function attributesJson(attributes: readonly Message[], level: number): string {
  // The last duplicate wins first; then it may be one to leave out. Nobody looks into those before it.
  const lastByKey = new Map(attributes.map((attribute) => [rawKey(attribute), attribute]));
  const members = [...lastByKey.values()]
    .sort((a, b) => Buffer.compare(Buffer.from(rawKey(a), 'latin1'), Buffer.from(rawKey(b), 'latin1')))
    .flatMap((attribute) => {
      const value = message(attribute, 'value');
      if (value === undefined || ('double_value' in value && !isFiniteDouble(value))) return [];
      return [`${JSON.stringify(text(attribute, 'key'))}:${valueJson(value, level)}`];
    });
  return `{${members.join(',')}}`;
}

/** The UTF-8 of a key, which need not be valid, with one character per byte. */
function rawKey(attribute: Message): string {
  return Buffer.from((attribute['key'] ?? '') as string).toString('latin1');
}

function valueJson(value: Message, level: number): string {
  if (level > MAX_VALUE_LEVELS) reject(`values nested deeper than ${MAX_VALUE_LEVELS} levels`);
  if ('string_value' in value) return JSON.stringify(text(value, 'string_value'));
  if ('bool_value' in value) return String(boolean(value, 'bool_value'));
  if ('int_value' in value) return String(bigint(value, 'int_value'));
  if ('double_value' in value) return isFiniteDouble(value) ? doubleText(number(value, 'double_value')) : 'null';
  if ('bytes_value' in value) return JSON.stringify(base64(value));
  const array = message(value, 'array_value');
  if (array !== undefined) {
    return `[${messages(array, 'values')
      .map((item) => valueJson(item, level + 1))
      .join(',')}]`;
  }
  const kvlist = message(value, 'kvlist_value');
  if (kvlist !== undefined) return attributesJson(messages(kvlist, 'values'), level + 1);
  return 'null';
}

/** A value as a column of its own: scalars as their text, the rest as JSON, nothing and empty text as NULL. */
function valueText(value: Message | undefined): string | null {
  if (value === undefined) return null;
  if ('string_value' in value) return text(value, 'string_value') || null;
  if ('double_value' in value) return doubleText(number(value, 'double_value'));
  if ('bytes_value' in value) return base64(value) || null;
  const json = valueJson(value, 1);
  return json === 'null' ? null : json;
}

function isFiniteDouble(value: Message): boolean {
  return Number.isFinite(number(value, 'double_value'));
}

function doubleText(double: number): string {
  return Object.is(double, -0) ? '-0.0' : String(double);
}

function base64(value: Message): string {
  return Buffer.from(value['bytes_value'] as Uint8Array).toString('base64');
}

function jsonListOrNull(items: readonly string[]): string | null {
  return items.length === 0 ? null : `[${items.join(',')}]`;
}

// Fields, with the protocol's default for those that are absent

function list(from: Message, field: string): FieldValue[] {
  return (from[field] ?? []) as FieldValue[];
}

function messages(from: Message, field: string): Message[] {
  return list(from, field) as Message[];
}

function message(from: Message, field: string): Message | undefined {
  return from[field] as Message | undefined;
}

function boolean(from: Message, field: string): boolean {
  return (from[field] ?? false) as boolean;
}

function number(from: Message, field: string): number {
  return (from[field] ?? 0) as number;
}

function numberOrNull(from: Message, field: string): number | null {
  return field in from ? number(from, field) : null;
}

/** A 32-bit unsigned integer in a signed column keeps its bits. */
function int32Bits(from: Message, field: string): number {
  return number(from, field) | 0;
}

function bigint(from: Message, field: string): bigint {
  return (from[field] ?? 0n) as bigint;
}

function int64(from: Message, field: string): bigint {
  return inInt64(bigint(from, field), field);
}

function int64List(from: Message, field: string): string[] {
  return list(from, field).map((value) => String(inInt64(value as bigint, field)));
}

function inInt64(value: bigint, field: string): bigint {
  return value > MAX_INT64 ? reject(`${field} ${value} is more than an int64 holds`) : value;
}

function timeOrNull(from: Message, field: string): string | null {
  const time = int64(from, field);
  return time === 0n ? null : String(time);
}

function idOrNull(from: Message, field: string, width: number): string | null {
  const id = Buffer.from((from[field] ?? new Uint8Array(0)) as Uint8Array);
  if (id.length !== 0 && id.length !== width) reject(`${field} has ${id.length} bytes`);
  return id.every((byte) => byte === 0) ? null : id.toString('hex');
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function text(from: Message, field: string): string {
  const raw = from[field] ?? '';
  if (typeof raw === 'string') return raw;
  try {
    return utf8.decode(raw as Uint8Array);
  } catch {
    return reject(`${field} is not UTF-8`);
  }
}

function textOrNull(from: Message, field: string): string | null {
  return text(from, field) || null;
}
