// An Exemplar → a JSON object.

import { FILTERED_ATTRIBUTES, SPAN_ID, TIME_UNIX_NANO, TRACE_ID, VALUE } from '../text/json-literals.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES, type Wiring, writeJsonId } from './fields.js';
import { tagsOf } from './messages.js';
import { NumberValue } from './number-value.js';

const tags = tagsOf('Exemplar');

const CLOSE_BRACE = 0x7d;

/** Returns the function that writes the Exemplar from reader.pos to `end`. */
export function exemplarWriter(wiring: Wiring): (end: number) => void {
  const { reader, json, attributes } = wiring;
  const value = new NumberValue(reader, tags);

  return (end) => {
    value.clear();
    const firstAttribute = attributes.count;
    let timeLow = 0;
    let timeHigh = 0;
    let spanId = 0;
    let traceId = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (value.read(tag)) continue;
      switch (tag) {
        case tags.filtered_attributes:
          attributes.index(end);
          break;
        case tags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case tags.span_id:
          spanId = reader.place(end);
          break;
        case tags.trace_id:
          traceId = reader.place(end);
          break;
        default:
          reader.skipOther(tag, 'Exemplar', end);
      }
    }
    reader.leave(end);
    json.literal(FILTERED_ATTRIBUTES);
    attributes.writeObject(firstAttribute, 1);
    json.literal(SPAN_ID);
    writeJsonId(wiring, spanId, SPAN_ID_BYTES);
    json.literal(TIME_UNIX_NANO);
    json.uint64(timeLow, timeHigh);
    json.literal(TRACE_ID);
    writeJsonId(wiring, traceId, TRACE_ID_BYTES);
    json.literal(VALUE);
    if (value.kind === 'int') json.int64(value.low, value.high);
    else if (value.kind === 'double' && Number.isFinite(value.double)) json.double(value.double);
    else json.ascii('null');
    json.byte(CLOSE_BRACE);
  };
}
