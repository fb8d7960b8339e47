import type { SignalRows } from '../../buffer/signal-rows.js';
import { logsTable } from '../../schema/logs.js';

export type LogColumns = ReturnType<typeof logColumns>;

/** The columns of logs that differ from record to record, looked up once for all rows. */
export function logColumns(rows: SignalRows) {
  const table = rows.table(logsTable.name);
  return {
    table,
    time: table.int64('time_unix_nano'),
    observedTime: table.int64('observed_time_unix_nano'),
    traceId: table.text('trace_id'),
    spanId: table.text('span_id'),
    severityNumber: table.int32('severity_number'),
    severityText: table.text('severity_text'),
    eventName: table.text('event_name'),
    body: table.text('body'),
    attributes: table.text('log_attributes'),
    droppedAttributesCount: table.int32('dropped_attributes_count'),
    flags: table.int32('flags'),
  };
}
