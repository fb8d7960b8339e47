import { nanosecondsOf, nullable, type TelemetryTable, zeroed } from './column-declaration.js';
import {
  droppedAttributesCount,
  resourceAttributes,
  schemaUrls,
  scopeColumns,
  serviceColumns,
} from './shared-columns.js';

export const logsTable: TelemetryTable = {
  name: 'otlp_logs',
  signal: 'logs',
  doc: 'One row per LogRecord.',
  columns: [
    nullable('time_unix_nano', 'TIMESTAMP', 'When the event occurred.'),
    nullable('observed_time_unix_nano', 'TIMESTAMP', 'When the event was observed by the collection system.'),
    nullable('trace_id', 'VARCHAR', 'Trace that the record belongs to, 32 hex digits.'),
    nullable('span_id', 'VARCHAR', 'Span that the record belongs to, 16 hex digits.'),
    ...serviceColumns,
    nullable('severity_number', 'INTEGER', 'Severity, 1 (TRACE) to 24 (FATAL4).'),
    nullable('severity_text', 'VARCHAR', "Severity in the source's own words."),
    nullable('event_name', 'VARCHAR', 'Name that identifies the kind of event.'),
    nullable('body', 'VARCHAR', 'The message: text as it is, arrays and key-value lists as JSON.'),
    resourceAttributes,
    ...scopeColumns,
    nullable('log_attributes', 'VARCHAR', 'Attributes of the record, JSON.'),
    droppedAttributesCount,
    zeroed('flags', 'INTEGER', 'W3C trace flags in the lowest byte.'),
  ],
  exactColumns: [
    nanosecondsOf('time_unix_nano', 'Nanoseconds from 0 to 999 that `time_unix_nano`, in microseconds, leaves out.'),
    nanosecondsOf(
      'observed_time_unix_nano',
      'Nanoseconds from 0 to 999 that `observed_time_unix_nano`, in microseconds, leaves out.',
    ),
    ...schemaUrls,
  ],
};
