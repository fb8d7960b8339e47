import type { SignalRows } from '../../buffer/signal-rows.js';
import { tracesTable } from '../../schema/traces.js';

export type SpanColumns = ReturnType<typeof spanColumns>;

/** The columns of spans that differ from span to span, looked up once for all rows. */
export function spanColumns(rows: SignalRows) {
  const table = rows.table(tracesTable.name);
  return {
    table,
    startTime: table.int64('start_time_unix_nano'),
    duration: table.int64('duration_time_unix_nano'),
    traceId: table.text('trace_id'),
    spanId: table.text('span_id'),
    parentSpanId: table.text('parent_span_id'),
    traceState: table.text('trace_state'),
    name: table.text('name'),
    kind: table.int32('kind'),
    statusCode: table.int32('status_code'),
    statusMessage: table.text('status_status_message'),
    attributes: table.text('span_attributes'),
    events: table.text('events_json'),
    links: table.text('links_json'),
    droppedAttributesCount: table.int32('dropped_attributes_count'),
    droppedEventsCount: table.int32('dropped_events_count'),
    droppedLinksCount: table.int32('dropped_links_count'),
    flags: table.int32('flags'),
    endBeforeStart: table.int64('end_before_start_nano'),
  };
}

/** High word of the negation of a 64-bit integer. */
export function negatedHigh(low: number, high: number): number {
  return (low | 0) === 0 ? -high : ~high;
}
