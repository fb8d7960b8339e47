import { nanosecondsOf, nullable, repeated, type TelemetryTable, zeroed } from './column-declaration.js';
import {
  droppedAttributesCount,
  resourceAttributes,
  schemaUrls,
  scopeColumns,
  serviceColumns,
} from './shared-columns.js';

export const tracesTable: TelemetryTable = {
  name: 'otlp_traces',
  signal: 'traces',
  doc: 'One row per Span.',
  rowGroupRows: 30_720,
  columns: [
    zeroed('start_time_unix_nano', 'TIMESTAMP', 'When the span started.'),
    zeroed('duration_time_unix_nano', 'BIGINT', 'End minus start in nanoseconds, 0 if the end precedes the start.'),
    repeated(nullable('trace_id', 'VARCHAR', 'Trace, 32 hex digits.')),
    nullable('span_id', 'VARCHAR', 'Span, 16 hex digits.'),
    nullable('parent_span_id', 'VARCHAR', 'Span that this one is a child of; NULL for a root span.'),
    repeated(nullable('trace_state', 'VARCHAR', 'W3C tracestate.')),
    ...serviceColumns,
    repeated(zeroed('name', 'VARCHAR', 'Name of the operation.')),
    nullable('kind', 'INTEGER', 'SpanKind: 1 internal, 2 server, 3 client, 4 producer, 5 consumer.'),
    nullable('status_code', 'INTEGER', 'StatusCode: 1 ok, 2 error; NULL when unset.'),
    repeated(nullable('status_status_message', 'VARCHAR', 'Description of the error.')),
    resourceAttributes,
    ...scopeColumns,
    nullable('span_attributes', 'VARCHAR', 'Attributes of the span, JSON.'),
    nullable('events_json', 'VARCHAR', 'Events of the span, a JSON array.'),
    nullable('links_json', 'VARCHAR', 'Links to other spans, a JSON array.'),
    droppedAttributesCount,
    zeroed('dropped_events_count', 'INTEGER', 'How many events the sender discarded.'),
    zeroed('dropped_links_count', 'INTEGER', 'How many links the sender discarded.'),
    zeroed('flags', 'INTEGER', 'W3C trace flags in the lowest byte.'),
  ],
  exactColumns: [
    nanosecondsOf(
      'start_time_unix_nano',
      'Nanoseconds from 0 to 999 that `start_time_unix_nano`, in microseconds, leaves out.',
    ),
    nullable('end_before_start_nano', 'BIGINT', 'How many nanoseconds the end precedes the start, where it does.'),
    ...schemaUrls,
  ],
};
