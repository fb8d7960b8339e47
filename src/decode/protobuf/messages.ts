// The fields of OTLP's messages that reach a column, and the texts around them that must be texts, as proto/ defines them
// (test/unit/decode/protobuf-messages.test.ts proves it). Every other field is skipped unseen. The decoders take their tags from here; errors, their names.

import type { Signal } from '../../schema/column-declaration.js';

const scalarWireTypes = {
  bool: 0,
  enum: 0,
  int64: 0,
  sint32: 0,
  uint32: 0,
  uint64: 0,
  double: 1,
  fixed64: 1,
  sfixed64: 1,
  bytes: 2,
  string: 2,
  fixed32: 5,
} as const;

type ScalarType = keyof typeof scalarWireTypes;
type Fields = Readonly<Record<string, readonly [number: number, type: string]>>;

const keyValues = 'KeyValue';
const resourceGroup = { resource: [1, 'Resource'], schema_url: [3, 'string'] } as const;
const scopeGroup = { scope: [1, 'InstrumentationScope'], schema_url: [3, 'string'] } as const;
const numberPoints = { data_points: [1, 'NumberDataPoint'] } as const;

export const messages = {
  ExportLogsServiceRequest: { resource_logs: [1, 'ResourceLogs'] },
  ExportTraceServiceRequest: { resource_spans: [1, 'ResourceSpans'] },
  ExportMetricsServiceRequest: { resource_metrics: [1, 'ResourceMetrics'] },
  ResourceLogs: { ...resourceGroup, scope_logs: [2, 'ScopeLogs'] },
  ResourceSpans: { ...resourceGroup, scope_spans: [2, 'ScopeSpans'] },
  ResourceMetrics: { ...resourceGroup, scope_metrics: [2, 'ScopeMetrics'] },
  ScopeLogs: { ...scopeGroup, log_records: [2, 'LogRecord'] },
  ScopeSpans: { ...scopeGroup, spans: [2, 'Span'] },
  ScopeMetrics: { ...scopeGroup, metrics: [2, 'Metric'] },

  Resource: { attributes: [1, keyValues], entity_refs: [3, 'EntityRef'] },
  EntityRef: { schema_url: [1, 'string'] },
  InstrumentationScope: { name: [1, 'string'], version: [2, 'string'], attributes: [3, keyValues] },
  KeyValue: { key: [1, 'string'], value: [2, 'AnyValue'] },
  AnyValue: {
    string_value: [1, 'string'],
    bool_value: [2, 'bool'],
    int_value: [3, 'int64'],
    double_value: [4, 'double'],
    array_value: [5, 'ArrayValue'],
    kvlist_value: [6, 'KeyValueList'],
    bytes_value: [7, 'bytes'],
  },
  ArrayValue: { values: [1, 'AnyValue'] },
  KeyValueList: { values: [1, keyValues] },

  LogRecord: {
    time_unix_nano: [1, 'fixed64'],
    severity_number: [2, 'enum'],
    severity_text: [3, 'string'],
    body: [5, 'AnyValue'],
    attributes: [6, keyValues],
    dropped_attributes_count: [7, 'uint32'],
    flags: [8, 'fixed32'],
    trace_id: [9, 'bytes'],
    span_id: [10, 'bytes'],
    observed_time_unix_nano: [11, 'fixed64'],
    event_name: [12, 'string'],
  },

  Span: {
    trace_id: [1, 'bytes'],
    span_id: [2, 'bytes'],
    trace_state: [3, 'string'],
    parent_span_id: [4, 'bytes'],
    name: [5, 'string'],
    kind: [6, 'enum'],
    start_time_unix_nano: [7, 'fixed64'],
    end_time_unix_nano: [8, 'fixed64'],
    attributes: [9, keyValues],
    dropped_attributes_count: [10, 'uint32'],
    events: [11, 'Event'],
    dropped_events_count: [12, 'uint32'],
    links: [13, 'Link'],
    dropped_links_count: [14, 'uint32'],
    status: [15, 'Status'],
    flags: [16, 'fixed32'],
  },
  Event: {
    time_unix_nano: [1, 'fixed64'],
    name: [2, 'string'],
    attributes: [3, keyValues],
    dropped_attributes_count: [4, 'uint32'],
  },
  Link: {
    trace_id: [1, 'bytes'],
    span_id: [2, 'bytes'],
    trace_state: [3, 'string'],
    attributes: [4, keyValues],
    dropped_attributes_count: [5, 'uint32'],
    flags: [6, 'fixed32'],
  },
  Status: { message: [2, 'string'], code: [3, 'enum'] },

  Metric: {
    name: [1, 'string'],
    description: [2, 'string'],
    unit: [3, 'string'],
    gauge: [5, 'Gauge'],
    sum: [7, 'Sum'],
    histogram: [9, 'Histogram'],
    exponential_histogram: [10, 'ExponentialHistogram'],
    summary: [11, 'Summary'],
  },
  Gauge: { ...numberPoints },
  Sum: { ...numberPoints, aggregation_temporality: [2, 'enum'], is_monotonic: [3, 'bool'] },
  Histogram: { data_points: [1, 'HistogramDataPoint'], aggregation_temporality: [2, 'enum'] },
  ExponentialHistogram: { data_points: [1, 'ExponentialHistogramDataPoint'], aggregation_temporality: [2, 'enum'] },
  Summary: { data_points: [1, 'SummaryDataPoint'] },
  NumberDataPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    as_double: [4, 'double'],
    exemplars: [5, 'Exemplar'],
    as_int: [6, 'sfixed64'],
    attributes: [7, keyValues],
    flags: [8, 'uint32'],
  },
  HistogramDataPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    bucket_counts: [6, 'fixed64[]'],
    explicit_bounds: [7, 'double[]'],
    exemplars: [8, 'Exemplar'],
    attributes: [9, keyValues],
    flags: [10, 'uint32'],
    min: [11, 'double'],
    max: [12, 'double'],
  },
  ExponentialHistogramDataPoint: {
    attributes: [1, keyValues],
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    scale: [6, 'sint32'],
    zero_count: [7, 'fixed64'],
    positive: [8, 'Buckets'],
    negative: [9, 'Buckets'],
    flags: [10, 'uint32'],
    exemplars: [11, 'Exemplar'],
    min: [12, 'double'],
    max: [13, 'double'],
    zero_threshold: [14, 'double'],
  },
  Buckets: { offset: [1, 'sint32'], bucket_counts: [2, 'uint64[]'] },
  SummaryDataPoint: {
    start_time_unix_nano: [2, 'fixed64'],
    time_unix_nano: [3, 'fixed64'],
    count: [4, 'fixed64'],
    sum: [5, 'double'],
    quantile_values: [6, 'ValueAtQuantile'],
    attributes: [7, keyValues],
    flags: [8, 'uint32'],
  },
  ValueAtQuantile: { quantile: [1, 'double'], value: [2, 'double'] },
  Exemplar: {
    time_unix_nano: [2, 'fixed64'],
    as_double: [3, 'double'],
    span_id: [4, 'bytes'],
    trace_id: [5, 'bytes'],
    as_int: [6, 'sfixed64'],
    filtered_attributes: [7, keyValues],
  },
} as const satisfies Record<string, Fields>;

export type MessageName = keyof typeof messages;

/** The message that a request of each signal is. */
export const requestMessages = {
  logs: 'ExportLogsServiceRequest',
  traces: 'ExportTraceServiceRequest',
  metrics: 'ExportMetricsServiceRequest',
} as const satisfies Record<Signal, MessageName>;

export interface Field {
  readonly name: string;
  /** What its tag is: field number and wire type. */
  readonly tag: number;
  /** For a repeated number, the tag of an unpacked element; otherwise the same as `tag`. */
  readonly itemTag: number;
  readonly isText: boolean;
  /** What it holds when it holds a message. */
  readonly message: MessageName | undefined;
}

/** Known fields of each message by their numbers. */
export const fieldsByNumber: Readonly<Record<MessageName, ReadonlyMap<number, Field>>> = mapValues(
  messages,
  (fields: Fields) =>
    new Map(Object.entries(fields).map(([name, [number, type]]) => [number, field(name, number, type)])),
);

function field(name: string, number: number, type: string): Field {
  const isRepeatedNumber = type.endsWith('[]');
  const itemType = isRepeatedNumber ? type.slice(0, -2) : type;
  const itemWireType = Object.hasOwn(scalarWireTypes, itemType) ? scalarWireTypes[itemType as ScalarType] : 2;
  return {
    name,
    tag: (number << 3) | (isRepeatedNumber ? 2 : itemWireType),
    itemTag: (number << 3) | itemWireType,
    isText: type === 'string',
    message: Object.hasOwn(messages, type) ? (type as MessageName) : undefined,
  };
}

/** Tags of a message's fields by name; of repeated numbers, the tag of the packed form. */
export function tagsOf<M extends MessageName>(message: M): Readonly<Record<keyof (typeof messages)[M], number>> {
  return tagsBy(message, ({ tag }) => tag);
}

/** Like tagsOf(), but of repeated numbers the tag that each one has when they are not packed. */
export function itemTagsOf<M extends MessageName>(message: M): Readonly<Record<keyof (typeof messages)[M], number>> {
  return tagsBy(message, ({ itemTag }) => itemTag);
}

function tagsBy<M extends MessageName>(message: M, tagOf: (field: Field) => number) {
  const tags = [...fieldsByNumber[message].values()].map((field) => [field.name, tagOf(field)]);
  return Object.fromEntries(tags) as Record<keyof (typeof messages)[M], number>;
}

function mapValues<K extends string, V, W>(record: Readonly<Record<K, V>>, map: (value: V) => W): Record<K, W> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value as V)])) as Record<K, W>;
}
