// An OTLP export request in the protobuf encoding → rows. Resources and scopes are walked here for all signals; a
// function per signal makes rows of what lies in a scope.

import type { SignalRows } from '../../buffer/signal-rows.js';
import type { Signal } from '../../schema/column-declaration.js';
import { Origin, SERVICE_ATTRIBUTES } from '../rows/origin.js';
import { JsonText } from '../text/json-text.js';
import { isHeapUtf8 } from '../text/text-check.js';
import { Attributes } from './attributes.js';
import { setSharedText, type Wiring } from './fields.js';
import { findInvalidText } from './locate.js';
import { logRecordDecoder } from './logs.js';
import { type MessageName, requestMessages, tagsOf } from './messages.js';
import { metricDecoder } from './metrics.js';
import { WireReader } from './reader.js';
import { spanDecoder } from './traces.js';
import { placeOfLast } from './well-formed.js';

// The messages around records have other names in each signal, and the same field numbers.
const RESOURCE_GROUP = tagsOf('ExportLogsServiceRequest').resource_logs;
const { resource: RESOURCE, scope_logs: SCOPE_GROUP, schema_url: SCHEMA_URL } = tagsOf('ResourceLogs');
const { scope: SCOPE, log_records: RECORD } = tagsOf('ScopeLogs');
const { attributes: RESOURCE_ATTRIBUTES, entity_refs: ENTITY_REF } = tagsOf('Resource');
const ENTITY_SCHEMA_URL = tagsOf('EntityRef').schema_url;
const scopeTags = tagsOf('InstrumentationScope');

const signals = {
  logs: { resourceGroup: 'ResourceLogs', scopeGroup: 'ScopeLogs', recordDecoder: logRecordDecoder },
  traces: { resourceGroup: 'ResourceSpans', scopeGroup: 'ScopeSpans', recordDecoder: spanDecoder },
  metrics: { resourceGroup: 'ResourceMetrics', scopeGroup: 'ScopeMetrics', recordDecoder: metricDecoder },
} as const satisfies Record<Signal, SignalMessages>;

interface SignalMessages {
  readonly resourceGroup: MessageName;
  readonly scopeGroup: MessageName;
  readonly recordDecoder: (wiring: Wiring, rows: SignalRows) => (end: number) => void;
}

const serviceColumns = SERVICE_ATTRIBUTES.map(([key, column]) => ({ key: Buffer.from(key), column }));

/** Adds the rows of an export request to `rows`. Throws a Failure on any other body, having added some rows or none. */
export function decodeProtobuf(signal: Signal, body: Uint8Array, rows: SignalRows): void {
  if (rows.signal !== signal) throw new Error(`BUG: ${signal} decoded into rows of ${rows.signal}`);
  new ProtobufDecoder(rows).decode(body);
}

/** Decodes any number of requests of one signal into the same rows. */
export class ProtobufDecoder {
  readonly #wiring: Wiring;
  readonly #origin: Origin;
  readonly #root: MessageName;
  readonly #messages: SignalMessages;
  readonly #decodeRecord: (end: number) => void;

  constructor(rows: SignalRows) {
    this.#root = requestMessages[rows.signal];
    this.#messages = signals[rows.signal];
    const reader = new WireReader(this.#root);
    const json = new JsonText(rows.heap);
    this.#wiring = { reader, json, attributes: new Attributes(reader, json) };
    this.#origin = new Origin(rows);
    this.#decodeRecord = this.#messages.recordDecoder(this.#wiring, rows);
  }

  /**
   * Adds the rows of a request. Throws a Failure when it is malformed: the rows may then hold a part of it, and the
   * caller resets them.
   */
  decode(body: Uint8Array): void {
    const { reader, json, attributes } = this.#wiring;
    attributes.reset();
    reader.begin(body);
    while (reader.pos < body.length) {
      const tag = reader.tag();
      if (tag === RESOURCE_GROUP) this.#resourceGroup(reader.lengthEnd(body.length));
      else reader.skipOther(tag, this.#root, body.length);
    }
    reader.leave(body.length);
    if (!isHeapUtf8(json.heap)) {
      const at = findInvalidText(body, this.#root);
      if (at === undefined) throw new Error('BUG: a heap of valid texts is not UTF-8');
      reader.failField(at, 'invalid UTF-8');
    }
  }

  #resourceGroup(end: number): void {
    const { reader } = this.#wiring;
    let resource = 0;
    let schemaUrl = 0;
    this.#origin.beginResource();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case RESOURCE:
          resource = placeOfLast(reader, resource, 'Resource', end);
          break;
        case SCOPE_GROUP:
          this.#scopeGroup(reader.lengthEnd(end));
          break;
        case SCHEMA_URL:
          schemaUrl = reader.pos;
          reader.skipText(end);
          break;
        default:
          reader.skipOther(tag, this.#messages.resourceGroup, end);
      }
    }
    reader.leave(end);
    if (resource !== 0) this.#readResource(reader.enter(resource));
    setSharedText(this.#wiring, this.#origin.resourceSchema, 'resource_schema_url', schemaUrl);
    this.#origin.fillResource();
    reader.pos = end;
  }

  #scopeGroup(end: number): void {
    const { reader } = this.#wiring;
    let scope = 0;
    let schemaUrl = 0;
    this.#origin.beginScope();
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case RECORD:
          this.#decodeRecord(reader.lengthEnd(end));
          break;
        case SCOPE:
          scope = placeOfLast(reader, scope, 'InstrumentationScope', end);
          break;
        case SCHEMA_URL:
          schemaUrl = reader.pos;
          reader.skipText(end);
          break;
        default:
          reader.skipOther(tag, this.#messages.scopeGroup, end);
      }
    }
    reader.leave(end);
    if (scope !== 0) this.#readScope(reader.enter(scope));
    setSharedText(this.#wiring, this.#origin.scopeSchema, 'scope_schema_url', schemaUrl);
    this.#origin.fillScope();
    reader.pos = end;
  }

  #readResource(end: number): void {
    const { reader, attributes, json } = this.#wiring;
    const { resource } = this.#origin;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === RESOURCE_ATTRIBUTES && resource.keeps()) attributes.index(end);
      else if (tag === ENTITY_REF) this.#passEntityRef(reader.lengthEnd(end));
      else reader.skipOther(tag, 'Resource', end);
    }
    reader.leave(end);
    for (const { key, column } of serviceColumns) {
      if (!resource.keeps(column)) continue;
      const offset = json.heap.end;
      resource.set(column, offset, attributes.writeText(attributes.valueOf(key)));
    }
    const offset = json.heap.end;
    if (resource.keeps('resource_attributes')) {
      resource.set('resource_attributes', offset, attributes.writeObjectOrNothing());
    }
  }

  #passEntityRef(end: number): void {
    const { reader } = this.#wiring;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === ENTITY_SCHEMA_URL) reader.skipText(end);
      else reader.skipOther(tag, 'EntityRef', end);
    }
    reader.leave(end);
  }

  #readScope(end: number): void {
    const { reader, attributes, json } = this.#wiring;
    const { scope } = this.#origin;
    let name = 0;
    let version = 0;
    while (reader.pos < end) {
      const tag = reader.tag();
      switch (tag) {
        case scopeTags.name:
          name = reader.place(end);
          break;
        case scopeTags.version:
          version = reader.place(end);
          break;
        case scopeTags.attributes:
          if (scope.keeps('scope_attributes')) attributes.index(end);
          else reader.place(end);
          break;
        default:
          reader.skipOther(tag, 'InstrumentationScope', end);
      }
    }
    reader.leave(end);
    setSharedText(this.#wiring, scope, 'scope_name', name);
    setSharedText(this.#wiring, scope, 'scope_version', version);
    const offset = json.heap.end;
    scope.set('scope_attributes', offset, attributes.writeObjectOrNothing());
  }
}
