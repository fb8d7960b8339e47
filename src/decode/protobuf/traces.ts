import type { SignalRows } from '../../buffer/signal-rows.js';
import { negatedHigh, spanColumns } from '../rows/span-columns.js';
import {
  ATTRIBUTES,
  DROPPED_ATTRIBUTES_COUNT,
  FLAGS,
  NAME,
  SPAN_ID,
  TIME_UNIX_NANO,
  TRACE_ID,
  TRACE_STATE,
} from '../text/json-literals.js';
import {
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
  type Wiring,
  writeId,
  writeJsonId,
  writeJsonList,
  writeJsonText,
  writeText,
} from './fields.js';
import { tagsOf } from './messages.js';
import { Places } from './places.js';
import { placeOfLast } from './well-formed.js';

const tags = tagsOf('Span');
const eventTags = tagsOf('Event');
const linkTags = tagsOf('Link');
const statusTags = tagsOf('Status');

const CLOSE_BRACE = 0x7d;

/** Returns the function that makes a row of the Span from reader.pos to `end`. */
export function spanDecoder(wiring: Wiring, rows: SignalRows): (end: number) => void {
  const { reader, attributes, json } = wiring;
  const columns = spanColumns(rows);
  const events = new Places();
  const links = new Places();

  return (end) => {
    const row = columns.table.addRow();
    let startLow = 0;
    let startHigh = 0;
    let endLow = 0;
    let endHigh = 0;
    let kind = 0;
    let droppedAttributesCount = 0;
    let droppedEventsCount = 0;
    let droppedLinksCount = 0;
    let flags = 0;
    let traceId = 0;
    let spanId = 0;
    let parentSpanId = 0;
    let traceState = 0;
    let name = 0;
    let status = 0;
    events.clear();
    links.clear();

    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case tags.attributes:
          if (columns.attributes.isKept) attributes.index(end);
          else reader.place(end);
          break;
        case tags.trace_id:
          traceId = reader.place(end);
          break;
        case tags.span_id:
          spanId = reader.place(end);
          break;
        case tags.trace_state:
          traceState = reader.place(end);
          break;
        case tags.parent_span_id:
          parentSpanId = reader.place(end);
          break;
        case tags.name:
          name = reader.place(end);
          break;
        case tags.kind:
          kind = reader.varint();
          break;
        case tags.start_time_unix_nano:
          startLow = reader.fixed64InInt64();
          startHigh = reader.high;
          break;
        case tags.end_time_unix_nano:
          endLow = reader.fixed64InInt64();
          endHigh = reader.high;
          break;
        case tags.dropped_attributes_count:
          droppedAttributesCount = reader.varint();
          break;
        case tags.events:
          events.add(reader.place(end));
          break;
        case tags.dropped_events_count:
          droppedEventsCount = reader.varint();
          break;
        case tags.links:
          links.add(reader.place(end));
          break;
        case tags.dropped_links_count:
          droppedLinksCount = reader.varint();
          break;
        case tags.status:
          status = placeOfLast(reader, status, 'Status', end);
          break;
        case tags.flags:
          flags = reader.fixed32();
          break;
        default:
          reader.skipOther(tag, 'Span', end);
      }
    }
    reader.leave(end);

    columns.startTime.set(row, startLow, startHigh);
    setDuration(row, startLow, startHigh, endLow, endHigh);
    if (kind !== 0) columns.kind.set(row, kind);
    columns.droppedAttributesCount.set(row, droppedAttributesCount);
    columns.droppedEventsCount.set(row, droppedEventsCount);
    columns.droppedLinksCount.set(row, droppedLinksCount);
    columns.flags.set(row, flags);
    writeId(wiring, columns.traceId, row, traceId, TRACE_ID_BYTES);
    writeId(wiring, columns.spanId, row, spanId, SPAN_ID_BYTES);
    writeId(wiring, columns.parentSpanId, row, parentSpanId, SPAN_ID_BYTES);
    writeText(wiring, columns.traceState, row, traceState);
    writeText(wiring, columns.name, row, name);
    attributes.writeColumn(columns.attributes, row);
    if (status !== 0) readStatus(row, reader.enter(status));
    writeJsonList(wiring, columns.events, row, events, writeEvent);
    writeJsonList(wiring, columns.links, row, links, writeLink);
    reader.pos = end;
  };

  function setDuration(row: number, startLow: number, startHigh: number, endLow: number, endHigh: number): void {
    const borrow = endLow >>> 0 < startLow >>> 0 ? 1 : 0;
    const high = endHigh - startHigh - borrow;
    if (high >= 0) columns.duration.set(row, endLow - startLow, high);
    else columns.endBeforeStart.set(row, startLow - endLow, negatedHigh(endLow - startLow, high));
  }

  function readStatus(row: number, end: number): void {
    let message = 0;
    let code = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case statusTags.message:
          message = reader.place(end);
          break;
        case statusTags.code:
          code = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'Status', end);
      }
    }
    reader.leave(end);
    if (code !== 0) columns.statusCode.set(row, code);
    writeText(wiring, columns.statusMessage, row, message);
  }

  function writeEvent(end: number): void {
    const firstAttribute = attributes.count;
    let timeLow = 0;
    let timeHigh = 0;
    let name = 0;
    let droppedAttributesCount = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case eventTags.time_unix_nano:
          timeLow = reader.fixed64InInt64();
          timeHigh = reader.high;
          break;
        case eventTags.name:
          name = reader.place(end);
          break;
        case eventTags.attributes:
          attributes.index(end);
          break;
        case eventTags.dropped_attributes_count:
          droppedAttributesCount = reader.varint();
          break;
        default:
          reader.skipOther(tag, 'Event', end);
      }
    }
    reader.leave(end);
    json.literal(ATTRIBUTES);
    attributes.writeObject(firstAttribute, 1);
    json.literal(DROPPED_ATTRIBUTES_COUNT);
    json.safeInteger(droppedAttributesCount >>> 0);
    json.literal(NAME);
    writeJsonText(wiring, name);
    json.literal(TIME_UNIX_NANO);
    json.uint64(timeLow, timeHigh);
    json.byte(CLOSE_BRACE);
  }

  function writeLink(end: number): void {
    const firstAttribute = attributes.count;
    let traceId = 0;
    let spanId = 0;
    let traceState = 0;
    let droppedAttributesCount = 0;
    let flags = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case linkTags.trace_id:
          traceId = reader.place(end);
          break;
        case linkTags.span_id:
          spanId = reader.place(end);
          break;
        case linkTags.trace_state:
          traceState = reader.place(end);
          break;
        case linkTags.attributes:
          attributes.index(end);
          break;
        case linkTags.dropped_attributes_count:
          droppedAttributesCount = reader.varint();
          break;
        case linkTags.flags:
          flags = reader.fixed32();
          break;
        default:
          reader.skipOther(tag, 'Link', end);
      }
    }
    reader.leave(end);
    json.literal(ATTRIBUTES);
    attributes.writeObject(firstAttribute, 1);
    json.literal(DROPPED_ATTRIBUTES_COUNT);
    json.safeInteger(droppedAttributesCount >>> 0);
    json.literal(FLAGS);
    json.safeInteger(flags >>> 0);
    json.literal(SPAN_ID);
    writeJsonId(wiring, spanId, SPAN_ID_BYTES);
    json.literal(TRACE_ID);
    writeJsonId(wiring, traceId, TRACE_ID_BYTES);
    json.literal(TRACE_STATE);
    writeJsonText(wiring, traceState);
    json.byte(CLOSE_BRACE);
  }
}
