// Resource and scope of the records of a root table → columns of all tables. Each record names its resource and its
// scope by an id, to which attributes belong; what else there is to say of them stands in the record's own row.

import { NULL_TEXT } from '../../buffer/column.js';
import type { TableRows } from '../../buffer/table-rows.js';
import { type Columns, NONE } from '../arrow/columns.js';
import { SERVICE_ATTRIBUTES } from '../rows/origin.js';
import { type AttributeObjects, setAttributes } from './attributes.js';
import { setTexts } from './heap-texts.js';
import { readIds } from './ids.js';
import type { Payloads } from './message-payloads.js';

const UNKNOWN_SERVICE = Buffer.from('unknown');

/** Texts of a resource, in the order in which their offsets and lengths are kept. */
const RESOURCE_COLUMNS = [...SERVICE_ATTRIBUTES.map(([, column]) => column), 'resource_attributes'] as const;
const SERVICE_NAME = 0;
const RESOURCE_ATTRIBUTES = RESOURCE_COLUMNS.length - 1;

export class Origins {
  readonly #payloads: Payloads;
  readonly #root: Columns;
  readonly #scope: Columns | undefined;
  readonly #scopeIds: Uint32Array;
  readonly #scopeAttributes: AttributeObjects | undefined;
  /** Of each record the place of its resource in #slots. */
  readonly #resources: Uint32Array;
  /** Per resource and column offset and length of a text. */
  readonly #slots: number[] = [];

  constructor(payloads: Payloads, root: Columns) {
    this.#payloads = payloads;
    this.#root = root;
    this.#scope = root.struct('scope');
    this.#scopeIds = readIds(this.#scope, root.length);
    this.#scopeAttributes = payloads.attributes('SCOPE_ATTRS');
    this.#resources = this.#readResources(readIds(root.struct('resource'), root.length));
  }

  /** Gives rows of a table from `firstRow` on the resource and scope of the records in `order`. */
  fill(table: TableRows, firstRow: number, order: Uint32Array): void {
    for (const [c, name] of RESOURCE_COLUMNS.entries()) {
      const { slots } = table.text(name);
      for (let i = 0; i < order.length; i++) {
        const at = this.#resources[order[i]!]! + 2 * c;
        slots[2 * (firstRow + i)] = this.#slots[at]!;
        slots[2 * (firstRow + i) + 1] = this.#slots[at + 1]!;
      }
    }
    const { json } = this.#payloads.writers;
    setTexts(json, this.#root.struct('resource'), 'schema_url', table.text('resource_schema_url'), firstRow, order);
    setTexts(json, this.#root, 'schema_url', table.text('scope_schema_url'), firstRow, order);
    setTexts(json, this.#scope, 'name', table.text('scope_name'), firstRow, order);
    setTexts(json, this.#scope, 'version', table.text('scope_version'), firstRow, order);
    setAttributes(this.#scopeAttributes, this.#scopeIds, table.text('scope_attributes'), firstRow, order);
  }

  #readResources(ids: Uint32Array): Uint32Array {
    const objects = this.#payloads.attributes('RESOURCE_ATTRS');
    const placeByGroup = new Map<number, number>();
    let lastGroup: number | undefined;
    let lastPlace = 0;
    return ids.map((id) => {
      const group = objects === undefined ? NONE : objects.groupOf(id);
      if (group === lastGroup) return lastPlace;
      const known = placeByGroup.get(group);
      lastGroup = group;
      lastPlace = known ?? this.#addResource(objects, group);
      placeByGroup.set(group, lastPlace);
      return lastPlace;
    });
  }

  #addResource(objects: AttributeObjects | undefined, group: number): number {
    const place = this.#slots.length;
    const texts: (readonly [offset: number, length: number])[] = SERVICE_ATTRIBUTES.map(([key]) => {
      const row = objects?.lastOf(group, key);
      if (row === undefined || objects!.values.writeText(row) === 0) return [0, NULL_TEXT];
      return [objects!.values.offset, objects!.values.length];
    });
    if (texts[SERVICE_NAME]![1] === NULL_TEXT) {
      const { heap } = this.#payloads.writers.json;
      texts[SERVICE_NAME] = [heap.append(UNKNOWN_SERVICE, 0, UNKNOWN_SERVICE.length), UNKNOWN_SERVICE.length];
    }
    texts[RESOURCE_ATTRIBUTES] =
      objects !== undefined && objects.write(group) > 0 ? [objects.offset, objects.length] : [0, NULL_TEXT];
    this.#slots.push(...texts.flat());
    return place;
  }
}
