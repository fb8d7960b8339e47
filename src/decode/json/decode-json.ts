// An OTLP export request in JSON → rows. Resources and scopes are walked here for all signals; a function per signal
// makes rows of what lies in a scope.

import type { SignalRows } from '../../buffer/signal-rows.js';
import type { Signal } from '../../schema/column-declaration.js';
import { Origin, SERVICE_ATTRIBUTES, type SharedTexts } from '../rows/origin.js';
import { JsonText } from '../text/json-text.js';
import { FieldTable, NO_FIELD } from './field-table.js';
import { readSharedText, type Wiring } from './fields.js';
import { logRecordDecoder } from './logs.js';
import { metricDecoder } from './metrics.js';
import { Numbers } from './numbers.js';
import { JsonReader } from './reader.js';
import { spanDecoder } from './traces.js';
import { Values } from './values.js';

// The messages around records are the same in all signals but for these names.
const signals = {
  logs: { groups: 'resourceLogs', scopes: 'scopeLogs', records: 'logRecords', recordDecoder: logRecordDecoder },
  traces: { groups: 'resourceSpans', scopes: 'scopeSpans', records: 'spans', recordDecoder: spanDecoder },
  metrics: { groups: 'resourceMetrics', scopes: 'scopeMetrics', records: 'metrics', recordDecoder: metricDecoder },
} as const;

const RESOURCE_GROUPS = 0;
const ResourceGroup = { resource: 0, scopeGroups: 1, schemaUrl: 2 } as const;
const ScopeGroup = { scope: 0, records: 1, schemaUrl: 2 } as const;
const Resource = { attributes: 0, droppedAttributesCount: 1 } as const;
const Scope = { name: 0, version: 1, attributes: 2, droppedAttributesCount: 3 } as const;

const serviceColumns = SERVICE_ATTRIBUTES.map(([key, column]) => ({ key: Buffer.from(key), column }));

/** Adds the rows of an export request to `rows`. Throws a Failure on any other body, having added some rows or none. */
export function decodeJson(signal: Signal, body: Uint8Array, rows: SignalRows): void {
  decoderFor(signal, rows).decode(body);
}

/** Adds the rows of the export request in each line, as decodeJson() does for one. */
export function decodeNdjson(signal: Signal, body: Uint8Array, rows: SignalRows): void {
  decoderFor(signal, rows).decodeLines(body);
}

function decoderFor(signal: Signal, rows: SignalRows): JsonDecoder {
  if (rows.signal !== signal) throw new Error(`BUG: ${signal} decoded into rows of ${rows.signal}`);
  return new JsonDecoder(rows);
}

/** Decodes any number of requests of one signal into the same rows. */
export class JsonDecoder {
  readonly #rows: SignalRows;
  readonly #wiring: Wiring;
  readonly #origin: Origin;
  readonly #decodeRecord: () => void;
  readonly #requestFields: FieldTable;
  readonly #resourceGroupFields: FieldTable;
  readonly #scopeGroupFields: FieldTable;
  readonly #resourceFields = new FieldTable(Resource);
  readonly #scopeFields = new FieldTable(Scope);

  constructor(rows: SignalRows) {
    const { groups, scopes, records, recordDecoder } = signals[rows.signal];
    const reader = new JsonReader();
    const json = new JsonText(rows.heap);
    this.#rows = rows;
    const numbers = new Numbers(reader);
    this.#wiring = { reader, numbers, json, values: new Values(reader, numbers, json) };
    this.#origin = new Origin(rows);
    this.#decodeRecord = recordDecoder(this.#wiring, rows);
    this.#requestFields = new FieldTable({ [groups]: RESOURCE_GROUPS });
    const { resource, scopeGroups, schemaUrl } = ResourceGroup;
    this.#resourceGroupFields = new FieldTable({ resource, [scopes]: scopeGroups, schemaUrl });
    this.#scopeGroupFields = new FieldTable({ scope: ScopeGroup.scope, [records]: ScopeGroup.records, schemaUrl });
  }

  /**
   * Adds the rows of a request. Throws a Failure when it is malformed: the rows may then hold a part of it, and the
   * caller resets them.
   */
  decode(body: Uint8Array): void {
    this.#wiring.reader.readDocument(body, this.#readRequest);
  }

  /** Adds the rows of the request in each line that is not blank, as decode() does for one. */
  decodeLines(body: Uint8Array): void {
    this.#wiring.reader.readLines(body, this.#readRequest);
  }

  readonly #readRequest = (): void => {
    const { reader, values } = this.#wiring;
    const fields = this.#requestFields;
    const firstRows = this.#rows.tables.map((table) => table.rows);
    values.begin();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      for (const [i, table] of this.#rows.tables.entries()) table.truncate(firstRows[i]!);
      for (let more = reader.firstElement(); more; more = reader.nextElement()) this.#readResourceGroup();
    }
  };

  #readResourceGroup(): void {
    const { reader } = this.#wiring;
    const fields = this.#resourceGroupFields;
    const { resource } = this.#origin;
    this.#origin.beginResource();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case ResourceGroup.resource:
          this.#readResource();
          break;
        case ResourceGroup.scopeGroups:
          resource.dropRows();
          for (let more = reader.firstElement(); more; more = reader.nextElement()) this.#readScopeGroup();
          break;
        case ResourceGroup.schemaUrl:
          this.#readSchemaUrl(this.#origin.resourceSchema, 'resource_schema_url');
      }
    }
    this.#origin.fillResource();
  }

  #readScopeGroup(): void {
    const { reader } = this.#wiring;
    const fields = this.#scopeGroupFields;
    const { scope } = this.#origin;
    this.#origin.beginScope();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case ScopeGroup.scope:
          this.#readScope();
          break;
        case ScopeGroup.records:
          scope.dropRows();
          for (let more = reader.firstElement(); more; more = reader.nextElement()) this.#decodeRecord();
          break;
        case ScopeGroup.schemaUrl:
          this.#readSchemaUrl(this.#origin.scopeSchema, 'scope_schema_url');
      }
    }
    this.#origin.fillScope();
  }

  #readSchemaUrl<Name extends string>(texts: SharedTexts<Name>, name: Name): void {
    // A schema URL that nobody keeps has to be a string all the same.
    if (texts.keeps()) readSharedText(this.#wiring, texts, name);
    else this.#wiring.reader.string();
  }

  #readResource(): void {
    const { reader } = this.#wiring;
    const fields = this.#resourceFields;
    this.#origin.resource.clear();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      if (field === Resource.attributes) this.#readResourceAttributes();
      else this.#wiring.numbers.uint32();
    }
  }

  #readResourceAttributes(): void {
    const { values, json } = this.#wiring;
    const { resource } = this.#origin;
    if (!resource.keeps()) {
      this.#wiring.reader.passValue();
      return;
    }
    values.indexAttributes();
    for (const { key, column } of serviceColumns) {
      if (!resource.keeps(column)) continue;
      const offset = json.heap.end;
      resource.set(column, offset, values.textOf(key));
    }
    if (!resource.keeps('resource_attributes')) return;
    const offset = json.heap.end;
    resource.set('resource_attributes', offset, values.writeIndexed());
  }

  #readScope(): void {
    const { reader, values, json } = this.#wiring;
    const fields = this.#scopeFields;
    const { scope } = this.#origin;
    scope.clear();
    for (let field = reader.firstField(fields); field !== NO_FIELD; field = reader.nextField(fields, field)) {
      switch (field) {
        case Scope.name:
          readSharedText(this.#wiring, scope, 'scope_name');
          break;
        case Scope.version:
          readSharedText(this.#wiring, scope, 'scope_version');
          break;
        case Scope.attributes: {
          if (!scope.keeps('scope_attributes')) {
            reader.passValue();
            break;
          }
          const offset = json.heap.end;
          scope.set('scope_attributes', offset, values.attributesOrNothing());
          break;
        }
        case Scope.droppedAttributesCount:
          this.#wiring.numbers.uint32();
      }
    }
  }
}
