import type { SignalRows } from '../../buffer/signal-rows.js';
import { negatedHigh, spanColumns } from '../rows/span-columns.js';
import {
  ATTRIBUTES,
  DROPPED_ATTRIBUTES_COUNT,
  EMPTY_OBJECT,
  FLAGS,
  NAME,
  SPAN_ID,
  TIME_UNIX_NANO,
  TRACE_ID,
  TRACE_STATE,
} from '../text/json-literals.js';
import { Char } from './char.js';
import { enumNumbers } from './enum-numbers.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import {
  NOWHERE,
  readId,
  readJsonList,
  readText,
  SPAN_ID_DIGITS,
  setEnum,
  TRACE_ID_DIGITS,
  type Wiring,
  writeJsonId,
  writeJsonText,
} from './fields.js';

const Span = {
  traceId: 0,
  spanId: 1,
  parentSpanId: 2,
  name: 3,
  kind: 4,
  startTimeUnixNano: 5,
  endTimeUnixNano: 6,
  attributes: 7,
  events: 8,
  links: 9,
  status: 10,
  flags: 11,
  traceState: 12,
  droppedAttributesCount: 13,
  droppedEventsCount: 14,
  droppedLinksCount: 15,
} as const;
const Status = { message: 0, code: 1 } as const;
const Event = { timeUnixNano: 0, name: 1, attributes: 2, droppedAttributesCount: 3 } as const;
const Link = { traceId: 0, spanId: 1, traceState: 2, attributes: 3, droppedAttributesCount: 4, flags: 5 } as const;

const spanKinds = enumNumbers('SPAN_KIND', ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']);
const statusCodes = enumNumbers('STATUS_CODE', ['UNSET', 'OK', 'ERROR']);

/** Returns the function that reads a Span and makes a row of it. */
export function spanDecoder(wiring: Wiring, rows: SignalRows): () => void {
  const { reader, numbers, values, json } = wiring;
  const columns = spanColumns(rows);
  const spanFields = new FieldTable(Span);
  const statusFields = new FieldTable(Status);
  const eventFields = new FieldTable(Event);
  const linkFields = new FieldTable(Link);

  return () => {
    const row = columns.table.addRow();
    let endLow = 0;
    let endHigh = 0;
    let hasStatus = false;
    for (let field = reader.firstField(spanFields); field !== NO_FIELD; field = reader.nextField(spanFields, field)) {
      switch (field) {
        case Span.traceId:
          readId(wiring, columns.traceId, row, TRACE_ID_DIGITS);
          break;
        case Span.spanId:
          readId(wiring, columns.spanId, row, SPAN_ID_DIGITS);
          break;
        case Span.parentSpanId:
          readId(wiring, columns.parentSpanId, row, SPAN_ID_DIGITS);
          break;
        case Span.name:
          readText(wiring, columns.name, row);
          break;
        case Span.kind:
          setEnum(columns.kind, row, numbers.enumeration(spanKinds));
          break;
        case Span.startTimeUnixNano:
          numbers.uint63();
          columns.startTime.set(row, numbers.low, numbers.high);
          break;
        case Span.endTimeUnixNano:
          numbers.uint63();
          endLow = numbers.low;
          endHigh = numbers.high;
          break;
        case Span.attributes:
          values.attributesColumn(columns.attributes, row);
          break;
        case Span.events:
          readJsonList(wiring, columns.events, row, readEvent);
          break;
        case Span.links:
          readJsonList(wiring, columns.links, row, readLink);
          break;
        case Span.status:
          if (hasStatus) clearStatus(row);
          hasStatus = true;
          readStatus(row);
          break;
        case Span.flags:
          columns.flags.set(row, numbers.uint32());
          break;
        case Span.traceState:
          readText(wiring, columns.traceState, row);
          break;
        case Span.droppedAttributesCount:
          columns.droppedAttributesCount.set(row, numbers.uint32());
          break;
        case Span.droppedEventsCount:
          columns.droppedEventsCount.set(row, numbers.uint32());
          break;
        case Span.droppedLinksCount:
          columns.droppedLinksCount.set(row, numbers.uint32());
      }
    }
    setDuration(row, endLow, endHigh);
  };

  function setDuration(row: number, endLow: number, endHigh: number): void {
    const startLow = columns.startTime.words[2 * row]!;
    const high = endHigh - columns.startTime.words[2 * row + 1]! - (endLow < startLow ? 1 : 0);
    if (high >= 0) columns.duration.set(row, endLow - startLow, high);
    else columns.endBeforeStart.set(row, startLow - endLow, negatedHigh(endLow - startLow, high));
  }

  function clearStatus(row: number): void {
    columns.statusCode.clear(row, row + 1);
    columns.statusMessage.clear(row, row + 1);
  }

  function readStatus(row: number): void {
    for (
      let field = reader.firstField(statusFields);
      field !== NO_FIELD;
      field = reader.nextField(statusFields, field)
    ) {
      if (field === Status.message) readText(wiring, columns.statusMessage, row);
      else setEnum(columns.statusCode, row, numbers.enumeration(statusCodes));
    }
  }

  function readEvent(): void {
    let timeLow = 0;
    let timeHigh = 0;
    let nameAt = NOWHERE;
    let droppedAttributesCount = 0;
    json.literal(ATTRIBUTES);
    const attributesStart = json.heap.end;
    for (let field = reader.firstField(eventFields); field !== NO_FIELD; field = reader.nextField(eventFields, field)) {
      switch (field) {
        case Event.timeUnixNano:
          numbers.uint63();
          timeLow = numbers.low;
          timeHigh = numbers.high;
          break;
        case Event.name:
          nameAt = reader.at;
          reader.string();
          break;
        case Event.attributes:
          json.heap.end = attributesStart;
          values.attributes();
          break;
        case Event.droppedAttributesCount:
          droppedAttributesCount = numbers.uint32();
      }
    }
    if (json.heap.end === attributesStart) json.literal(EMPTY_OBJECT);
    json.literal(DROPPED_ATTRIBUTES_COUNT);
    json.safeInteger(droppedAttributesCount);
    json.literal(NAME);
    writeJsonText(wiring, nameAt);
    json.literal(TIME_UNIX_NANO);
    json.uint64(timeLow, timeHigh);
    json.byte(Char.CloseBrace);
  }

  function readLink(): void {
    let traceIdAt = NOWHERE;
    let spanIdAt = NOWHERE;
    let traceStateAt = NOWHERE;
    let droppedAttributesCount = 0;
    let flags = 0;
    json.literal(ATTRIBUTES);
    const attributesStart = json.heap.end;
    for (let field = reader.firstField(linkFields); field !== NO_FIELD; field = reader.nextField(linkFields, field)) {
      switch (field) {
        case Link.traceId:
          traceIdAt = reader.at;
          reader.string();
          break;
        case Link.spanId:
          spanIdAt = reader.at;
          reader.string();
          break;
        case Link.traceState:
          traceStateAt = reader.at;
          reader.string();
          break;
        case Link.attributes:
          json.heap.end = attributesStart;
          values.attributes();
          break;
        case Link.droppedAttributesCount:
          droppedAttributesCount = numbers.uint32();
          break;
        case Link.flags:
          flags = numbers.uint32();
      }
    }
    if (json.heap.end === attributesStart) json.literal(EMPTY_OBJECT);
    json.literal(DROPPED_ATTRIBUTES_COUNT);
    json.safeInteger(droppedAttributesCount);
    json.literal(FLAGS);
    json.safeInteger(flags);
    json.literal(SPAN_ID);
    writeJsonId(wiring, spanIdAt, SPAN_ID_DIGITS);
    json.literal(TRACE_ID);
    writeJsonId(wiring, traceIdAt, TRACE_ID_DIGITS);
    json.literal(TRACE_STATE);
    writeJsonText(wiring, traceStateAt);
    json.byte(Char.CloseBrace);
  }
}
