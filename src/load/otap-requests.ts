// Telemetry as OTLP/JSON objects → OTAP messages: one Arrow table per payload type, ids plain, keys of attributes in a
// dictionary. Knows the fields that records.ts fills.
// https://github.com/open-telemetry/otel-arrow/blob/main/docs/data_model.md

import {
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  Int64,
  List,
  MessageReader,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import type { Signal } from '../schema/column-declaration.js';
import { messageType } from './protobuf-requests.js';
import { type OtlpObject, recordsOf, resourceAttributesOf, scopeOf } from './records.js';

/** A message's bytes: the first of a stream carries schemas and dictionaries, which later ones build on. */
export interface OtapMessages {
  readonly first: Uint8Array;
  readonly next: Uint8Array;
}

type Row = Record<string, unknown>;
type Columns = Readonly<Record<string, DataType>>;

interface PayloadTable {
  readonly type: string;
  readonly columns: Columns;
  readonly rows: readonly Row[];
}

const RESOURCE_ID = 0;
const SCOPE_ID = 0;

const struct = (columns: Columns): Struct => new Struct(Object.entries(columns).map(field));

const originColumns: Columns = {
  resource: struct({ id: new Uint16() }),
  scope: struct({ id: new Uint16(), name: new Utf8(), version: new Utf8() }),
};

const attributeColumns = (parentId: DataType): Columns => ({
  parent_id: parentId,
  key: new Dictionary(new Utf8(), new Uint8()),
  type: new Uint8(),
  str: new Utf8(),
  int: new Int64(),
  double: new Float64(),
  bool: new Bool(),
});

const pointColumns: Columns = {
  id: new Uint32(),
  parent_id: new Uint16(),
  start_time_unix_nano: new TimestampNanosecond(),
  time_unix_nano: new TimestampNanosecond(),
};

const bucketCounts = new List(new Field('item', new Uint64(), true));

/** Each OTLP field that holds a metric's points: its number as a type, the table of the points, and their columns. */
const metricKinds: Readonly<Record<string, { type: number; points: string; attributes: string; columns: Columns }>> = {
  gauge: numberKind(1),
  sum: numberKind(2),
  histogram: {
    type: 3,
    points: 'HISTOGRAM_DATA_POINTS',
    attributes: 'HISTOGRAM_DP_ATTRS',
    columns: {
      ...pointColumns,
      count: new Uint64(),
      sum: new Float64(),
      bucket_counts: bucketCounts,
      explicit_bounds: new List(new Field('item', new Float64(), true)),
    },
  },
  exponentialHistogram: {
    type: 4,
    points: 'EXP_HISTOGRAM_DATA_POINTS',
    attributes: 'EXP_HISTOGRAM_DP_ATTRS',
    columns: {
      ...pointColumns,
      count: new Uint64(),
      sum: new Float64(),
      scale: new Int32(),
      zero_count: new Uint64(),
      positive: struct({ offset: new Int32(), bucket_counts: bucketCounts }),
    },
  },
  summary: {
    type: 5,
    points: 'SUMMARY_DATA_POINTS',
    attributes: 'SUMMARY_DP_ATTRS',
    columns: {
      ...pointColumns,
      count: new Uint64(),
      sum: new Float64(),
      quantile: new List(new Field('item', struct({ quantile: new Float64(), value: new Float64() }), true)),
    },
  },
};

function numberKind(type: number): (typeof metricKinds)[string] {
  const columns = { ...pointColumns, int_value: new Int64(), double_value: new Float64() };
  return { type, points: 'NUMBER_DATA_POINTS', attributes: 'NUMBER_DP_ATTRS', columns };
}

const tablesBySignal: Readonly<Record<Signal, (records: readonly OtlpObject[]) => PayloadTable[]>> = {
  logs: logTables,
  traces: spanTables,
  metrics: metricTables,
};

export function encodeOtap(signal: Signal, request: OtlpObject): OtapMessages {
  const tables = [
    ...tablesBySignal[signal](recordsOf(signal, request)),
    attributeTable('RESOURCE_ATTRS', new Uint16(), [[RESOURCE_ID, resourceAttributesOf(signal, request)]]),
  ];
  const batchType = messageType('experimental/arrow/v1/arrow_service.proto', 'experimental.arrow.v1.BatchArrowRecords');
  const streams = tables.map((table) => ({ table, stream: arrowStream(table) }));
  const message = (part: 'whole' | 'batch') => {
    const arrowPayloads = streams.map(({ table: { type }, stream }) => ({
      schemaId: type,
      type,
      record: stream[part],
    }));
    // One batch of a stream is under way at a time, so that nothing has to be told apart by an id.
    return batchType.encode(batchType.fromObject({ batchId: 0, arrowPayloads })).finish();
  };
  return { first: message('whole'), next: message('batch') };
}

function logTables(records: readonly OtlpObject[]): PayloadTable[] {
  const columns = {
    id: new Uint16(),
    ...originColumns,
    time_unix_nano: new TimestampNanosecond(),
    observed_time_unix_nano: new TimestampNanosecond(),
    trace_id: new FixedSizeBinary(16),
    span_id: new FixedSizeBinary(8),
    severity_number: new Int32(),
    severity_text: new Utf8(),
    body: struct({ type: new Uint8(), str: new Utf8() }),
    flags: new Uint32(),
  };
  const rows = records.map((record, id) => ({
    id,
    ...origin,
    time_unix_nano: integer(record['timeUnixNano']),
    observed_time_unix_nano: integer(record['observedTimeUnixNano']),
    trace_id: bytes(record['traceId']),
    span_id: bytes(record['spanId']),
    severity_number: record['severityNumber'],
    severity_text: record['severityText'],
    body: anyValue(record['body'] as OtlpObject),
    flags: record['flags'],
  }));
  return [{ type: 'LOGS', columns, rows }, attributeTable('LOG_ATTRS', new Uint16(), attributesOf(records))];
}

function spanTables(records: readonly OtlpObject[]): PayloadTable[] {
  const columns = {
    id: new Uint16(),
    ...originColumns,
    start_time_unix_nano: new TimestampNanosecond(),
    duration_time_unix_nano: new Int64(),
    trace_id: new FixedSizeBinary(16),
    span_id: new FixedSizeBinary(8),
    parent_span_id: new FixedSizeBinary(8),
    name: new Utf8(),
    kind: new Int32(),
    status: struct({ code: new Int32() }),
  };
  const rows = records.map((record, id) => ({
    id,
    ...origin,
    start_time_unix_nano: integer(record['startTimeUnixNano']),
    duration_time_unix_nano: integer(record['endTimeUnixNano'])! - integer(record['startTimeUnixNano'])!,
    trace_id: bytes(record['traceId']),
    span_id: bytes(record['spanId']),
    parent_span_id: bytes(record['parentSpanId']),
    name: record['name'],
    kind: record['kind'],
    status: record['status'],
  }));
  const events = records.flatMap((record, parentId) =>
    (record['events'] as readonly OtlpObject[]).map((event) => ({ parentId, event })),
  );
  const eventColumns = {
    id: new Uint32(),
    parent_id: new Uint16(),
    time_unix_nano: new TimestampNanosecond(),
    name: new Utf8(),
  };
  const eventRows = events.map(({ parentId, event }, id) => ({
    id,
    parent_id: parentId,
    time_unix_nano: integer(event['timeUnixNano']),
    name: event['name'],
  }));
  return [
    { type: 'SPANS', columns, rows },
    attributeTable('SPAN_ATTRS', new Uint16(), attributesOf(records)),
    { type: 'SPAN_EVENTS', columns: eventColumns, rows: eventRows },
    attributeTable('SPAN_EVENT_ATTRS', new Uint32(), attributesOf(events.map(({ event }) => event))),
  ];
}

function metricTables(records: readonly OtlpObject[]): PayloadTable[] {
  const columns = {
    id: new Uint16(),
    ...originColumns,
    metric_type: new Uint8(),
    name: new Utf8(),
    description: new Utf8(),
    unit: new Utf8(),
    aggregation_temporality: new Int32(),
    is_monotonic: new Bool(),
  };
  const points = new Map<string, { columns: Columns; attributes: string; rows: Row[]; objects: OtlpObject[] }>();
  const rows = records.map((record, id) => {
    const [kindField, kind] = Object.entries(metricKinds).find(([field]) => field in record)!;
    const content = record[kindField] as OtlpObject;
    const table = points.get(kind.points) ?? { ...kind, rows: [], objects: [] };
    points.set(kind.points, table);
    for (const point of content['dataPoints'] as readonly OtlpObject[]) {
      table.rows.push(pointRow(point, table.rows.length, id));
      table.objects.push(point);
    }
    return {
      id,
      ...origin,
      metric_type: kind.type,
      name: record['name'],
      description: record['description'],
      unit: record['unit'],
      aggregation_temporality: content['aggregationTemporality'],
      is_monotonic: content['isMonotonic'],
    };
  });
  return [
    { type: 'UNIVARIATE_METRICS', columns, rows },
    ...[...points].flatMap(([type, table]) => [
      { type, columns: table.columns, rows: table.rows },
      attributeTable(table.attributes, new Uint32(), attributesOf(table.objects)),
    ]),
  ];
}

/** A point's values, those of all kinds: columns of other kinds are not looked at. */
function pointRow(point: OtlpObject, id: number, parentId: number): Row {
  const positive = point['positive'] as OtlpObject | undefined;
  return {
    id,
    parent_id: parentId,
    start_time_unix_nano: integer(point['startTimeUnixNano']),
    time_unix_nano: integer(point['timeUnixNano']),
    int_value: integer(point['asInt']),
    double_value: point['asDouble'],
    count: integer(point['count']),
    sum: point['sum'],
    bucket_counts: counts(point['bucketCounts']),
    explicit_bounds: point['explicitBounds'],
    scale: point['scale'],
    zero_count: integer(point['zeroCount']),
    positive: positive && { offset: positive['offset'], bucket_counts: counts(positive['bucketCounts']) },
    quantile: point['quantileValues'],
  };
}

const origin: Row = { resource: { id: RESOURCE_ID }, scope: { id: SCOPE_ID, ...scopeOf() } };

type OwnedAttributes = readonly (readonly [ownerId: number, attributes: readonly OtlpObject[]])[];

const attributesOf = (owners: readonly OtlpObject[]): OwnedAttributes =>
  owners.map((owner, id) => [id, owner['attributes'] as readonly OtlpObject[]]);

function attributeTable(type: string, parentId: DataType, owned: OwnedAttributes): PayloadTable {
  const rows = owned.flatMap(([ownerId, attributes]) =>
    attributes.map(({ key, value }) => ({ parent_id: ownerId, key, ...anyValue(value as OtlpObject) })),
  );
  return { type, columns: attributeColumns(parentId), rows };
}

/** What a value is, by the numbers of the protocol, and the column that has it. */
function anyValue(value: OtlpObject): Row {
  if (value['stringValue'] !== undefined) return { type: 1, str: value['stringValue'] };
  if (value['intValue'] !== undefined) return { type: 2, int: integer(value['intValue']) };
  if (value['doubleValue'] !== undefined) return { type: 3, double: value['doubleValue'] };
  return { type: 4, bool: value['boolValue'] };
}

const integer = (value: unknown): bigint | undefined => (value === undefined ? undefined : BigInt(value as string));
const bytes = (value: unknown): Buffer | undefined =>
  value === undefined ? undefined : Buffer.from(value as string, 'hex');
const counts = (values: unknown): bigint[] | undefined => (values as readonly string[] | undefined)?.map(BigInt);

/** Ids are written as they are, not as differences. */
function field([name, type]: [string, DataType]): Field {
  const isId = name === 'id' || name === 'parent_id';
  return new Field(name, type, true, isId ? new Map([['encoding', 'plain']]) : undefined);
}

/** A table's IPC stream, whole and only its last message, which is the batch of rows. */
function arrowStream({ columns, rows }: PayloadTable): { readonly whole: Uint8Array; readonly batch: Uint8Array } {
  // apache-arrow makes timestamps of milliseconds only. What an integer's vector holds is the same.
  const written = struct(mapValues(columns, (type) => (type instanceof TimestampNanosecond ? new Int64() : type)));
  // Every column of every row: a missing member of a struct would be taken for the end of it.
  const complete = rows.map((row) => mapValues(columns, (_type, name) => row[name] ?? null));
  const vector = vectorFromArray(complete, written);
  const writer = new RecordBatchStreamWriter();
  writer.write(new RecordBatch(new Schema(struct(columns).children), vector.data[0]! as Data<Struct>));
  writer.finish();
  const stream = writer.toUint8Array(true);
  const words = new DataView(stream.buffer, stream.byteOffset);
  let end = 0;
  let batchStart = 0;
  const reader = new MessageReader(stream);
  for (const { bodyLength } of reader) {
    reader.readMessageBody(bodyLength);
    batchStart = end;
    const metadataLength = words.getInt32(end + 4, true);
    end += 8 + metadataLength + bodyLength;
  }
  return { whole: stream.subarray(0, end), batch: stream.subarray(batchStart, end) };
}

function mapValues<From, To>(
  from: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(from).map(([name, value]) => [name, change(value, name)]));
}
