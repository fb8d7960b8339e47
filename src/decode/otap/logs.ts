import type { SignalRows } from '../../buffer/signal-rows.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../protobuf/fields.js';
import { logColumns } from '../rows/log-columns.js';
import { AnyValues } from './any-values.js';
import { setAttributes } from './attributes.js';
import { setTexts } from './heap-texts.js';
import { readIds } from './ids.js';
import type { Payloads } from './message-payloads.js';
import { addRows, setIds, setInts, setUnsigned } from './numbers.js';
import { Origins } from './origins.js';

/** Returns the function that makes rows of a message's logs. */
export function logsDecoder(rows: SignalRows): (payloads: Payloads) => void {
  const columns = logColumns(rows);

  return (payloads) => {
    const logs = payloads.get('LOGS');
    if (logs === undefined) return;
    const { json } = payloads.writers;
    const order = logs.scratch.ascending(logs.length);
    const first = addRows(columns.table, logs.length);
    setUnsigned(logs, 'time_unix_nano', columns.time, first, order);
    setUnsigned(logs, 'observed_time_unix_nano', columns.observedTime, first, order);
    setIds(json, logs, 'trace_id', TRACE_ID_BYTES, columns.traceId, first, order);
    setIds(json, logs, 'span_id', SPAN_ID_BYTES, columns.spanId, first, order);
    setInts(logs, 'severity_number', columns.severityNumber, first, order);
    setTexts(json, logs, 'severity_text', columns.severityText, first, order);
    setTexts(json, logs, 'event_name', columns.eventName, first, order);
    setInts(logs, 'dropped_attributes_count', columns.droppedAttributesCount, first, order);
    setInts(logs, 'flags', columns.flags, first, order);
    setAttributes(payloads.attributes('LOG_ATTRS'), readIds(logs, logs.length), columns.attributes, first, order);
    new Origins(payloads, logs).fill(columns.table, first, order);

    const bodies = logs.struct('body');
    if (bodies === undefined) return;
    const values = new AnyValues(payloads.writers, bodies);
    for (let row = 0; row < logs.length; row++) {
      if (values.writeText(row) > 0) columns.body.set(first + row, values.offset, values.length);
      payloads.writers.room.check(json.heap.end);
    }
  };
}
