import type { SignalRows } from '../../buffer/signal-rows.js';
import { type Columns, NONE } from '../arrow/columns.js';
import { SPAN_ID_BYTES, TRACE_ID_BYTES } from '../protobuf/fields.js';
import { negatedHigh, type SpanColumns, spanColumns } from '../rows/span-columns.js';
import { setAttributes } from './attributes.js';
import { areEqualEntries, setTexts } from './heap-texts.js';
import { readGroupedParentIds, readIds } from './ids.js';
import { jsonCounts, jsonTexts, jsonTimes } from './item-fields.js';
import { setJsonLists } from './json-lists.js';
import type { Payloads } from './message-payloads.js';
import { addRows, areEqualIds, setIds, setInts, setUnsigned, writeJsonId } from './numbers.js';
import { Origins } from './origins.js';

/** Returns the function that makes rows of a message's spans. */
export function tracesDecoder(rows: SignalRows): (payloads: Payloads) => void {
  const columns = spanColumns(rows);

  return (payloads) => {
    const spans = payloads.get('SPANS');
    if (spans === undefined) return;
    const { json } = payloads.writers;
    const order = spans.scratch.ascending(spans.length);
    const first = addRows(columns.table, spans.length);
    setUnsigned(spans, 'start_time_unix_nano', columns.startTime, first, order);
    setDurations(spans, columns, first);
    setIds(json, spans, 'trace_id', TRACE_ID_BYTES, columns.traceId, first, order);
    setIds(json, spans, 'span_id', SPAN_ID_BYTES, columns.spanId, first, order);
    setIds(json, spans, 'parent_span_id', SPAN_ID_BYTES, columns.parentSpanId, first, order);
    setTexts(json, spans, 'trace_state', columns.traceState, first, order);
    setTexts(json, spans, 'name', columns.name, first, order);
    setInts(spans, 'kind', columns.kind, first, order);
    setInts(spans, 'dropped_attributes_count', columns.droppedAttributesCount, first, order);
    setInts(spans, 'dropped_events_count', columns.droppedEventsCount, first, order);
    setInts(spans, 'dropped_links_count', columns.droppedLinksCount, first, order);
    // The protocol's tables have no flags yet, of neither spans nor links. Who sends them means these.
    setInts(spans, 'flags', columns.flags, first, order);
    const status = spans.struct('status');
    setInts(status, 'code', columns.statusCode, first, order);
    setTexts(json, status, 'status_message', columns.statusMessage, first, order);

    const ids = readIds(spans, spans.length);
    setAttributes(payloads.attributes('SPAN_ATTRS'), ids, columns.attributes, first, order);
    setEvents(payloads, ids, columns, first, order);
    setLinks(payloads, ids, columns, first, order);
    new Origins(payloads, spans).fill(columns.table, first, order);
  };
}

/** A span's end is sent as its distance from the start, negative where it precedes it. */
function setDurations(spans: Columns, { startTime, duration, endBeforeStart }: SpanColumns, firstRow: number): void {
  const name = 'duration_time_unix_nano';
  const column = spans.int64s(name);
  if (column === undefined) return;
  const { words } = column.values;
  for (let row = 0; row < spans.length; row++) {
    const entry = column.entries[row]!;
    if (entry === NONE) continue;
    const low = words[2 * entry]!;
    const high = words[2 * entry + 1]!;
    if (high < 0) {
      endBeforeStart.set(firstRow + row, -low, negatedHigh(low, high));
      continue;
    }
    const at = 2 * (firstRow + row);
    const carry = (low >>> 0) + startTime.words[at]! > 0xffff_ffff ? 1 : 0;
    const endHigh = high + startTime.words[at + 1]! + carry;
    if (endHigh > 0x7fff_ffff) spans.fail(name, `must not end after the largest int64, as in row ${row}`);
    duration.set(firstRow + row, low, high);
  }
}

function setEvents(
  payloads: Payloads,
  spanIds: Uint32Array,
  columns: SpanColumns,
  firstRow: number,
  order: Uint32Array,
): void {
  const events = payloads.get('SPAN_EVENTS');
  if (events === undefined) return;
  const { json } = payloads.writers;
  const names = events.texts('name');
  const parentIds = readGroupedParentIds(
    events,
    (row) => names === undefined || (row > 0 && areEqualEntries(names.values, names.entry(row - 1), names.entry(row))),
  );
  const ids = readIds(events, events.length);
  const attributes = payloads.attributes('SPAN_EVENT_ATTRS');
  const writeCount = jsonCounts(json, events, 'dropped_attributes_count');
  const writeName = jsonTexts(json, events, 'name');
  const writeTime = jsonTimes(json, events, 'time_unix_nano');
  const writeEvent = (row: number) => {
    json.ascii('{"attributes":');
    if (attributes === undefined) json.ascii('{}');
    else attributes.writeInside(ids[row]!);
    json.ascii(',"dropped_attributes_count":');
    writeCount(row);
    json.ascii(',"name":');
    writeName(row);
    json.ascii(',"time_unix_nano":');
    writeTime(row);
    json.ascii('}');
  };
  setJsonLists(payloads.writers, events, parentIds, writeEvent, spanIds, columns.events, firstRow, order);
}

function setLinks(
  payloads: Payloads,
  spanIds: Uint32Array,
  columns: SpanColumns,
  firstRow: number,
  order: Uint32Array,
): void {
  const links = payloads.get('SPAN_LINKS');
  if (links === undefined) return;
  const { json } = payloads.writers;
  const traceIds = links.fixed('trace_id', TRACE_ID_BYTES);
  const linkedSpanIds = links.fixed('span_id', SPAN_ID_BYTES);
  const parentIds = readGroupedParentIds(
    links,
    (row) => traceIds === undefined || (row > 0 && areEqualIds(traceIds, row - 1, row)),
  );
  const ids = readIds(links, links.length);
  const attributes = payloads.attributes('SPAN_LINK_ATTRS');
  const writeCount = jsonCounts(json, links, 'dropped_attributes_count');
  const writeFlags = jsonCounts(json, links, 'flags');
  const writeState = jsonTexts(json, links, 'trace_state');
  const writeLink = (row: number) => {
    json.ascii('{"attributes":');
    if (attributes === undefined) json.ascii('{}');
    else attributes.writeInside(ids[row]!);
    json.ascii(',"dropped_attributes_count":');
    writeCount(row);
    json.ascii(',"flags":');
    writeFlags(row);
    json.ascii(',"span_id":');
    writeJsonId(json, linkedSpanIds, row);
    json.ascii(',"trace_id":');
    writeJsonId(json, traceIds, row);
    json.ascii(',"trace_state":');
    writeState(row);
    json.ascii('}');
  };
  setJsonLists(payloads.writers, links, parentIds, writeLink, spanIds, columns.links, firstRow, order);
}
