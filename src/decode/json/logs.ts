import type { SignalRows } from '../../buffer/signal-rows.js';
import { logColumns } from '../rows/log-columns.js';
import { enumNumbers } from './enum-numbers.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { readId, readText, readTime, SPAN_ID_DIGITS, setEnum, TRACE_ID_DIGITS, type Wiring } from './fields.js';

const LogRecord = {
  timeUnixNano: 0,
  observedTimeUnixNano: 1,
  severityNumber: 2,
  severityText: 3,
  body: 4,
  attributes: 5,
  droppedAttributesCount: 6,
  flags: 7,
  traceId: 8,
  spanId: 9,
  eventName: 10,
} as const;

const severityNumbers = enumNumbers('SEVERITY_NUMBER', [
  'UNSPECIFIED',
  ...['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].flatMap((name) => [name, `${name}2`, `${name}3`, `${name}4`]),
]);

/** Returns the function that reads a LogRecord and makes a row of it. */
export function logRecordDecoder(wiring: Wiring, rows: SignalRows): () => void {
  const { reader, numbers, values } = wiring;
  const columns = logColumns(rows);
  const fields = new FieldTable(LogRecord);

  return () => {
    const row = columns.table.addRow();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case LogRecord.timeUnixNano:
          readTime(wiring, columns.time, row);
          break;
        case LogRecord.observedTimeUnixNano:
          readTime(wiring, columns.observedTime, row);
          break;
        case LogRecord.severityNumber:
          setEnum(columns.severityNumber, row, numbers.enumeration(severityNumbers));
          break;
        case LogRecord.severityText:
          readText(wiring, columns.severityText, row);
          break;
        case LogRecord.body:
          values.textColumn(columns.body, row);
          break;
        case LogRecord.attributes:
          values.attributesColumn(columns.attributes, row);
          break;
        case LogRecord.droppedAttributesCount:
          columns.droppedAttributesCount.set(row, numbers.uint32());
          break;
        case LogRecord.flags:
          columns.flags.set(row, numbers.uint32());
          break;
        case LogRecord.traceId:
          readId(wiring, columns.traceId, row, TRACE_ID_DIGITS);
          break;
        case LogRecord.spanId:
          readId(wiring, columns.spanId, row, SPAN_ID_DIGITS);
          break;
        case LogRecord.eventName:
          readText(wiring, columns.eventName, row);
      }
    }
  };
}
