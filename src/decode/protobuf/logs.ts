import type { SignalRows } from '../../buffer/signal-rows.js';
import { logColumns } from '../rows/log-columns.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, type Wiring, writeId, writeText } from './fields.js';
import { tagsOf } from './messages.js';
import { placeOfLast } from './well-formed.js';

const tags = tagsOf('LogRecord');

/** Returns the function that makes a row of the LogRecord from reader.pos to `end`. */
export function logRecordDecoder(wiring: Wiring, rows: SignalRows): (end: number) => void {
  const { reader, attributes } = wiring;
  const columns = logColumns(rows);

  return (end) => {
    const row = columns.table.addRow();
    let timeLow = 0;
    let timeHigh = 0;
    let observedTimeLow = 0;
    let observedTimeHigh = 0;
    let severityNumber = 0;
    let droppedAttributesCount = 0;
    let flags = 0;
    let severityText = 0;
    let body = 0;
    let traceId = 0;
    let spanId = 0;
    let eventName = 0;

    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case tags.attributes:
          if (columns.attributes.isKept) attributes.index(end);
          else reader.place(end);
          break;
        case tags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case tags.observed_time_unix_nano:
          observedTimeLow = reader.fixed64InInt64();
          observedTimeHigh = reader.high;
          break;
        case tags.severity_number:
          severityNumber = reader.varint();
          break;
        case tags.severity_text:
          severityText = reader.place(end);
          break;
        case tags.body:
          body = placeOfLast(reader, body, 'AnyValue', end);
          break;
        case tags.dropped_attributes_count:
          droppedAttributesCount = reader.varint();
          break;
        case tags.flags:
          flags = reader.fixed32();
          break;
        case tags.trace_id:
          traceId = reader.place(end);
          break;
        case tags.span_id:
          spanId = reader.place(end);
          break;
        case tags.event_name:
          eventName = reader.place(end);
          break;
        default:
          reader.skipOther(tag, 'LogRecord', end);
      }
    }
    reader.leave(end);

    if ((timeLow | timeHigh) !== 0) columns.time.set(row, timeLow, timeHigh);
    if ((observedTimeLow | observedTimeHigh) !== 0) columns.observedTime.set(row, observedTimeLow, observedTimeHigh);
    if (severityNumber !== 0) columns.severityNumber.set(row, severityNumber);
    columns.droppedAttributesCount.set(row, droppedAttributesCount);
    columns.flags.set(row, flags);
    writeId(wiring, columns.traceId, row, traceId, TRACE_ID_BYTES);
    writeId(wiring, columns.spanId, row, spanId, SPAN_ID_BYTES);
    writeText(wiring, columns.severityText, row, severityText);
    writeText(wiring, columns.eventName, row, eventName);
    attributes.writeValue(columns.body, row, body);
    attributes.writeColumn(columns.attributes, row);
    reader.pos = end;
  };
}
