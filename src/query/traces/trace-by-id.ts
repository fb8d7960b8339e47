// All rows of a trace → what was sent: its spans, by resource and scope.

import type { Report } from '../run/engine.js';
import { bigintAt, numberAt, textAt, textBytesAt } from '../scan/block-values.js';
import type { ColumnBlock, Scanner } from '../scan/scanner.js';
import { type JsonObject, parseObject } from './json-value.js';
import { Int64, keyValues, listOf, type Message, message } from './otlp-message.js';
import { bigintOf, objectsOf, textOf } from './span-reader.js';
import {
  isOfTraceSql,
  type SpanIdentity,
  type SpanSelection,
  selectedSpans,
  type TraceAddress,
} from './span-selection.js';
import { START_NS_SQL } from './span-time-sql.js';

/** What a span takes beside its texts: ids, times and numbers. */
const SPAN_BYTES = 100;
/** How many bytes of memory one of the answer takes, as objects and then encoded. */
const MEMORY_PER_BYTE = 10;

const columns = {
  traceId: 'trace_id',
  spanId: 'span_id',
  parentSpanId: 'parent_span_id',
  traceState: 'trace_state',
  name: 'name',
  statusMessage: 'status_status_message',
  attributes: 'span_attributes',
  events: 'events_json',
  links: 'links_json',
  resourceAttributes: 'resource_attributes',
  resourceSchemaUrl: 'resource_schema_url',
  scopeName: 'scope_name',
  scopeVersion: 'scope_version',
  scopeAttributes: 'scope_attributes',
  scopeSchemaUrl: 'scope_schema_url',
  start: START_NS_SQL,
  duration: 'duration_time_unix_nano - coalesce(end_before_start_nano, 0)',
  kind: 'kind',
  statusCode: 'status_code',
  droppedAttributes: 'dropped_attributes_count',
  droppedEvents: 'dropped_events_count',
  droppedLinks: 'dropped_links_count',
  flags: 'flags',
} as const;
const places = Object.fromEntries(Object.keys(columns).map((name, place) => [name, place])) as Record<
  keyof typeof columns,
  number
>;

export interface TraceQuestion extends TraceAddress {
  /** Which spans; all if undefined. */
  readonly selection: SpanSelection | undefined;
  /** About how many bytes of spans are given at most. */
  readonly maxBytes: number;
}

export interface FoundTrace {
  /** Empty where there is no trace of this id. */
  readonly resourceSpans: readonly Message[];
  /** Whether there were more spans than `maxBytes`. Those that started first are here. */
  readonly isCut: boolean;
  /** Whether the selection left spans out. */
  readonly isSelected: boolean;
}

/** Who is told of what is read, before memory is taken for it. */
export type TraceReport = Pick<Report, 'countSamples' | 'reserveBytes' | 'throwIfEnded'>;

export async function traceById(
  scanner: Scanner,
  question: TraceQuestion,
  report: TraceReport,
  signal: AbortSignal,
): Promise<FoundTrace> {
  const groups = new SpanGroups();
  const onSpans = (spans: number) => {
    report.countSamples(spans);
    report.reserveBytes(spans * SPAN_BYTES * MEMORY_PER_BYTE);
  };
  const { selection, maxBytes } = question;
  const isWanted = selection && (await selectedSpans(scanner, question, selection, { signal, onSpans }));
  const sql = `SELECT ${Object.values(columns).join(', ')} FROM {{otlp_traces}}
    WHERE ${isOfTraceSql(question)} ORDER BY start_time_unix_nano, span_id`;
  let [bytes, isCut, isSelected] = [0, false, false];
  for await (const block of scanner.scan({ sql }, signal)) {
    report.throwIfEnded();
    report.countSamples(block.rowCount);
    for (let row = 0; row < block.rowCount && !isCut; row++) {
      const span = new Row(block, row);
      if (isWanted?.(span.identity) === false) {
        isSelected = true;
        continue;
      }
      const spanBytes = SPAN_BYTES + span.textBytes;
      isCut = bytes > 0 && bytes + spanBytes > maxBytes;
      if (isCut) break;
      report.reserveBytes(spanBytes * MEMORY_PER_BYTE);
      if (groups.add(span)) bytes += spanBytes;
    }
    if (isCut) break;
  }
  return { resourceSpans: groups.resourceSpans(), isCut, isSelected };
}

/** Texts that each span has of its own. */
const ownTexts = ['name', 'statusMessage', 'traceState', 'attributes', 'events', 'links'] as const;

class Row {
  readonly #block: ColumnBlock;
  readonly #row: number;

  constructor(block: ColumnBlock, row: number) {
    this.#block = block;
    this.#row = row;
  }

  text(name: keyof typeof columns): string | undefined {
    return textAt(this.#block.columns[places[name]]!, this.#row);
  }

  number(name: keyof typeof columns): number {
    return numberAt(this.#block.columns[places[name]]!, this.#row) ?? 0;
  }

  bigint(name: keyof typeof columns): bigint {
    return bigintAt(this.#block.columns[places[name]]!, this.#row)!;
  }

  get identity(): SpanIdentity {
    return { spanId: this.text('spanId') ?? '', kind: this.number('kind'), startUnixNs: this.bigint('start') };
  }

  get textBytes(): number {
    return ownTexts.reduce((sum, name) => sum + textBytesAt(this.#block.columns[places[name]]!, this.#row), 0);
  }
}

interface ScopeGroup {
  readonly scope: Message;
  readonly spans: Message[];
  readonly schemaUrl: string;
}

interface ResourceGroup {
  readonly resource: Message;
  readonly scopes: Map<string, ScopeGroup>;
  readonly schemaUrl: string;
}

class SpanGroups {
  readonly #resources = new Map<string, ResourceGroup>();
  /** Spans that were sent again after a lost answer are there twice. */
  readonly #known = new Set<string>();

  /** Returns whether the span was not there yet. */
  add(row: Row): boolean {
    const spanId = row.text('spanId');
    if (spanId !== undefined) {
      const identity = `${spanId} ${row.number('kind')} ${row.bigint('start')} ${row.bigint('duration')}`;
      if (this.#known.has(identity)) return false;
      this.#known.add(identity);
    }
    const { scopes } = this.#resourceOf(row);
    const [name, version, attributes] = [row.text('scopeName'), row.text('scopeVersion'), row.text('scopeAttributes')];
    const schemaUrl = row.text('scopeSchemaUrl') ?? '';
    const key = JSON.stringify([name, version, attributes, schemaUrl]);
    let group = scopes.get(key);
    if (group === undefined) {
      const scope = message({ name, version, attributes: keyValues(parseObject(attributes)) });
      group = { scope, spans: [], schemaUrl };
      scopes.set(key, group);
    }
    group.spans.push(spanMessage(row));
    return true;
  }

  resourceSpans(): readonly Message[] {
    return [...this.#resources.values()].map(({ resource, scopes, schemaUrl }) =>
      message({
        resource,
        scopeSpans: [...scopes.values()].map((group) => message({ ...group })),
        schemaUrl,
      }),
    );
  }

  #resourceOf(row: Row): ResourceGroup {
    const attributes = row.text('resourceAttributes');
    const schemaUrl = row.text('resourceSchemaUrl') ?? '';
    const key = JSON.stringify([attributes, schemaUrl]);
    let group = this.#resources.get(key);
    if (group === undefined) {
      group = { resource: listOf('attributes', keyValues(parseObject(attributes))), scopes: new Map(), schemaUrl };
      this.#resources.set(key, group);
    }
    return group;
  }
}

function spanMessage(row: Row): Message {
  const start = row.bigint('start');
  const status = message({ message: row.text('statusMessage'), code: row.number('statusCode') });
  return message({
    traceId: idBytes(row.text('traceId')),
    spanId: idBytes(row.text('spanId')),
    traceState: row.text('traceState'),
    parentSpanId: idBytes(row.text('parentSpanId')),
    flags: row.number('flags') >>> 0,
    name: row.text('name'),
    kind: row.number('kind'),
    startTimeUnixNano: new Int64(start),
    endTimeUnixNano: new Int64(start + row.bigint('duration')),
    attributes: keyValues(parseObject(row.text('attributes'))),
    droppedAttributesCount: row.number('droppedAttributes') >>> 0,
    events: objectsOf(row.text('events')).map(eventMessage),
    droppedEventsCount: row.number('droppedEvents') >>> 0,
    links: objectsOf(row.text('links')).map(linkMessage),
    droppedLinksCount: row.number('droppedLinks') >>> 0,
    status: Object.keys(status).length === 0 ? undefined : status,
  });
}

function eventMessage(event: JsonObject): Message {
  return message({
    timeUnixNano: new Int64(bigintOf(event.get('time_unix_nano'))),
    name: textOf(event.get('name')),
    attributes: attributesIn(event),
    droppedAttributesCount: Number(bigintOf(event.get('dropped_attributes_count'))),
  });
}

function linkMessage(link: JsonObject): Message {
  return message({
    traceId: idBytes(textOf(link.get('trace_id'))),
    spanId: idBytes(textOf(link.get('span_id'))),
    traceState: textOf(link.get('trace_state')),
    attributes: attributesIn(link),
    droppedAttributesCount: Number(bigintOf(link.get('dropped_attributes_count'))),
    flags: Number(bigintOf(link.get('flags'))),
  });
}

function attributesIn(object: JsonObject): readonly Message[] {
  const attributes = object.get('attributes');
  return attributes instanceof Map ? keyValues(attributes) : [];
}

function idBytes(hex: string | undefined): Uint8Array {
  return Buffer.from(hex ?? '', 'hex');
}
