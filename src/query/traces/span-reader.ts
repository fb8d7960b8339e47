// Rows of otlp_traces → spans as TraceQL reads them. A member is made of its column when it is first read.

import type { Attributes, Instrumentation, Needs, Resource, Span, SpanEvent, SpanLink } from '#traceql';
import { bigintAt, numberAt, textAt } from '../scan/block-values.js';
import type { ColumnBlock } from '../scan/scanner.js';
import { AttributeTexts, attributesOf, typedAttributes } from './attributes.js';
import { type JsonObject, type JsonValue, parseJson } from './json-value.js';
import { START_NS_SQL } from './span-time-sql.js';

/** Resources and scopes of one query that are remembered as objects. Most processes have one resource for all spans. */
const MAX_TEXTS = 4096;

/** SQL of the columns that every query reads, and of those that some do. */
const ALWAYS = {
  traceId: 'trace_id',
  spanId: "coalesce(span_id, '')",
  parentSpanId: "coalesce(parent_span_id, '')",
  start: START_NS_SQL,
  duration: 'duration_time_unix_nano',
  name: 'name',
  // 'unknown' stands for no name, unless that is the name.
  service: `CASE WHEN service_name = 'unknown' AND NOT coalesce(contains(resource_attributes, '"service.name":"unknown"'), false) THEN '' ELSE service_name END`,
} as const;
const SOMETIMES = {
  kind: 'CAST(coalesce(kind, 0) AS DOUBLE)',
  statusCode: 'CAST(coalesce(status_code, 0) AS DOUBLE)',
  statusMessage: "coalesce(status_status_message, '')",
  scopeName: "coalesce(scope_name, '')",
  scopeVersion: "coalesce(scope_version, '')",
  scopeAttributes: 'scope_attributes',
  attributes: 'span_attributes',
  resourceAttributes: 'resource_attributes',
  events: 'events_json',
  links: 'links_json',
} as const;
const columns = { ...ALWAYS, ...SOMETIMES };
type ColumnName = keyof typeof columns;

export class SpanReader {
  /** What a SELECT has to list. */
  readonly selectList: string;
  readonly #places: ReadonlyMap<string, number>;
  readonly #resources = new Map<string, Resource>();
  readonly #instrumentations = new Map<string, Instrumentation>();
  readonly #scopeTexts = new AttributeTexts(MAX_TEXTS);

  constructor(needs: Needs) {
    const names = [...(Object.keys(ALWAYS) as ColumnName[]), ...neededColumns(needs)];
    this.selectList = names.map((name) => columns[name]).join(', ');
    this.#places = new Map(names.map((name, place) => [name, place]));
  }

  /** Calls `take` with each row's trace and span. The spans keep the block. */
  read(block: ColumnBlock, take: (traceId: string, span: Span) => void): void {
    for (let row = 0; row < block.rowCount; row++) {
      take(this.text(block, row, 'traceId')!, new RowSpan(this, block, row));
    }
  }

  /** Undefined for NULL, and for a column that is not read. */
  text(block: ColumnBlock, row: number, name: ColumnName): string | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : textAt(block.columns[place]!, row);
  }

  number(block: ColumnBlock, row: number, name: ColumnName): number {
    const place = this.#places.get(name);
    return place === undefined ? 0 : numberAt(block.columns[place]!, row)!;
  }

  bigint(block: ColumnBlock, row: number, name: ColumnName): bigint {
    return bigintAt(block.columns[this.#places.get(name)!]!, row)!;
  }

  resource(block: ColumnBlock, row: number): Resource {
    const serviceName = this.text(block, row, 'service') ?? '';
    const text = this.text(block, row, 'resourceAttributes');
    return remembered(this.#resources, `${serviceName}\0${text ?? ''}`, () => ({
      serviceName,
      attributes: attributesOf(text),
    }));
  }

  instrumentation(block: ColumnBlock, row: number): Instrumentation {
    const name = this.text(block, row, 'scopeName') ?? '';
    const version = this.text(block, row, 'scopeVersion') ?? '';
    const text = this.text(block, row, 'scopeAttributes');
    return remembered(this.#instrumentations, `${name}\0${version}\0${text ?? ''}`, () => ({
      name,
      version,
      attributes: this.#scopeTexts.attributes(text),
    }));
  }
}

function remembered<T>(known: Map<string, T>, key: string, make: () => T): T {
  let value = known.get(key);
  if (value === undefined) {
    if (known.size >= MAX_TEXTS) known.clear();
    value = make();
    known.set(key, value);
  }
  return value;
}

function neededColumns({ members, attributes }: Needs): readonly ColumnName[] {
  const has = (...scopes: readonly string[]) =>
    attributes === 'all' || attributes.some(({ scope }) => scopes.includes(scope));
  const isRead = (member: Needs['members'][number]) => members.includes(member);
  const needed = {
    kind: isRead('kind'),
    statusCode: isRead('statusCode'),
    statusMessage: isRead('statusMessage'),
    scopeName: isRead('instrumentation') || has('instrumentation'),
    scopeVersion: isRead('instrumentation') || has('instrumentation'),
    scopeAttributes: has('instrumentation'),
    attributes: has('span', 'any'),
    resourceAttributes: has('resource', 'any'),
    events: isRead('events') || has('event'),
    links: isRead('links') || has('link'),
  } satisfies Record<keyof typeof SOMETIMES, boolean>;
  return (Object.keys(SOMETIMES) as (keyof typeof SOMETIMES)[]).filter((name) => needed[name]);
}

class RowSpan implements Span {
  readonly #reader: SpanReader;
  readonly #block: ColumnBlock;
  readonly #row: number;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly startUnixNs: bigint;
  readonly durationNs: number;
  #name: string | undefined;
  #attributes: Attributes | undefined;
  #resource: Resource | undefined;
  #instrumentation: Instrumentation | undefined;
  #events: readonly SpanEvent[] | undefined;
  #links: readonly SpanLink[] | undefined;

  constructor(reader: SpanReader, block: ColumnBlock, row: number) {
    this.#reader = reader;
    this.#block = block;
    this.#row = row;
    this.spanId = reader.text(block, row, 'spanId')!;
    this.parentSpanId = reader.text(block, row, 'parentSpanId')!;
    this.startUnixNs = reader.bigint(block, row, 'start');
    this.durationNs = Number(reader.bigint(block, row, 'duration'));
  }

  get name(): string {
    this.#name ??= this.#reader.text(this.#block, this.#row, 'name') ?? '';
    return this.#name;
  }

  get kind(): number {
    return this.#reader.number(this.#block, this.#row, 'kind');
  }

  get statusCode(): number {
    return this.#reader.number(this.#block, this.#row, 'statusCode');
  }

  get statusMessage(): string {
    return this.#reader.text(this.#block, this.#row, 'statusMessage') ?? '';
  }

  get attributes(): Attributes {
    this.#attributes ??= attributesOf(this.#reader.text(this.#block, this.#row, 'attributes'));
    return this.#attributes;
  }

  get resource(): Resource {
    this.#resource ??= this.#reader.resource(this.#block, this.#row);
    return this.#resource;
  }

  get instrumentation(): Instrumentation {
    this.#instrumentation ??= this.#reader.instrumentation(this.#block, this.#row);
    return this.#instrumentation;
  }

  get events(): readonly SpanEvent[] {
    this.#events ??= objectsOf(this.#reader.text(this.#block, this.#row, 'events')).map((event) => ({
      name: textOf(event.get('name')),
      timeSinceStartNs: Number(bigintOf(event.get('time_unix_nano')) - this.startUnixNs),
      attributes: attributesIn(event),
    }));
    return this.#events;
  }

  get links(): readonly SpanLink[] {
    this.#links ??= objectsOf(this.#reader.text(this.#block, this.#row, 'links')).map((link) => ({
      traceId: textOf(link.get('trace_id')),
      spanId: textOf(link.get('span_id')),
      attributes: attributesIn(link),
    }));
    return this.#links;
  }
}

/** The objects of a JSON array, such as the events of a span. */
export function objectsOf(text: string | undefined): readonly JsonObject[] {
  if (text === undefined) return [];
  const values = parseJson(text);
  return Array.isArray(values) ? values.filter((value) => value instanceof Map) : [];
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function bigintOf(value: JsonValue | undefined): bigint {
  return typeof value === 'bigint' ? value : 0n;
}

function attributesIn(object: JsonObject): Attributes {
  const attributes = object.get('attributes');
  return typedAttributes(attributes instanceof Map ? attributes : []);
}
