// What rows have in common because they come from one resource, one scope in it, or one metric. Its texts are
// written to the heap once and all those rows refer to them. Senders may put the rows before what they have in
// common, so the columns are filled when the message that holds both has ended.

import { NULL_TEXT, type TextColumn } from '../../buffer/column.js';
import type { SignalRows } from '../../buffer/signal-rows.js';
import type { TableRows } from '../../buffer/table-rows.js';

const UNKNOWN_SERVICE = Buffer.from('unknown');

/** Text columns, by name, that the rows added between begin() and fill() share, in whichever of the tables they are. */
export class SharedTexts<Name extends string> {
  readonly #names: readonly Name[];
  readonly #tables: { readonly rows: TableRows; readonly columns: readonly TextColumn[]; firstRow: number }[];
  readonly #keptNames: ReadonlySet<Name>;
  /** Offset and length for each name; NULL_TEXT as length where there is none. */
  readonly #slots: Uint32Array;

  constructor(rows: SignalRows, names: readonly Name[]) {
    this.#names = names;
    this.#slots = new Uint32Array(2 * names.length);
    this.#tables = rows.tables.map((table) => ({
      rows: table,
      columns: names.map((name) => table.text(name)),
      firstRow: 0,
    }));
    this.#keptNames = new Set(names.filter((_, i) => this.#tables.some(({ columns }) => columns[i]!.isKept)));
  }

  /** Whether any table keeps the text, or any of the texts. */
  keeps(name?: Name): boolean {
    return name === undefined ? this.#keptNames.size > 0 : this.#keptNames.has(name);
  }

  /** Rows added from now on share texts that are not known yet. */
  begin(): void {
    this.clear();
    for (const table of this.#tables) table.firstRow = table.rows.rows;
  }

  /** Forgets the texts. */
  clear(): void {
    this.#slots.fill(NULL_TEXT);
  }

  /** Removes the rows added since begin(). */
  dropRows(): void {
    for (const { rows, firstRow } of this.#tables) rows.truncate(firstRow);
  }

  /** Sets a text in the heap, replacing an earlier one. An empty one is none. */
  set(name: Name, offset: number, length: number): void {
    const at = 2 * this.#names.indexOf(name);
    this.#slots[at] = offset;
    this.#slots[at + 1] = length === 0 ? NULL_TEXT : length;
  }

  has(name: Name): boolean {
    return this.#slots[2 * this.#names.indexOf(name) + 1] !== NULL_TEXT;
  }

  /** Gives the rows added since begin() their texts. Columns without a text keep their absent value. */
  fill(): void {
    for (const { rows, columns, firstRow } of this.#tables) {
      if (rows.rows === firstRow) continue;
      for (let i = 0; i < columns.length; i++) {
        const length = this.#slots[2 * i + 1]!;
        if (length !== NULL_TEXT && columns[i]!.isKept)
          fillSlots(columns[i]!.slots, firstRow, rows.rows, this.#slots[2 * i]!, length);
      }
    }
  }
}

function fillSlots(slots: Uint32Array, firstRow: number, endRow: number, offset: number, length: number): void {
  for (let i = 2 * firstRow; i < 2 * endRow; i += 2) {
    slots[i] = offset;
    slots[i + 1] = length;
  }
}

/** Resource and scope of the rows being decoded. Scopes lie in resources: begin the resource first, fill it last. */
export class Origin {
  readonly resource: SharedTexts<'service_name' | 'service_namespace' | 'service_instance_id' | 'resource_attributes'>;
  readonly scope: SharedTexts<'scope_name' | 'scope_version' | 'scope_attributes'>;
  /** The schema of a resource or a scope stands beside it, so that it stays where a sender repeats the resource. */
  readonly resourceSchema: SharedTexts<'resource_schema_url'>;
  readonly scopeSchema: SharedTexts<'scope_schema_url'>;
  readonly #rows: SignalRows;

  constructor(rows: SignalRows) {
    this.#rows = rows;
    this.resource = new SharedTexts(rows, [
      'service_name',
      'service_namespace',
      'service_instance_id',
      'resource_attributes',
    ]);
    this.scope = new SharedTexts(rows, ['scope_name', 'scope_version', 'scope_attributes']);
    this.resourceSchema = new SharedTexts(rows, ['resource_schema_url']);
    this.scopeSchema = new SharedTexts(rows, ['scope_schema_url']);
  }

  /** Begins a resource with its schema. */
  beginResource(): void {
    this.resource.begin();
    this.resourceSchema.begin();
  }

  /** Begins a scope with its schema. */
  beginScope(): void {
    this.scope.begin();
    this.scopeSchema.begin();
  }

  fillScope(): void {
    this.scope.fill();
    this.scopeSchema.fill();
  }

  /** Fills the columns of the resource, where a service without a name is called `unknown`. */
  fillResource(): void {
    if (!this.resource.has('service_name')) {
      const offset = this.#rows.heap.append(UNKNOWN_SERVICE, 0, UNKNOWN_SERVICE.length);
      this.resource.set('service_name', offset, UNKNOWN_SERVICE.length);
    }
    this.resource.fill();
    this.resourceSchema.fill();
  }
}

/** Resource attributes that are columns too. */
export const SERVICE_ATTRIBUTES = [
  ['service.name', 'service_name'],
  ['service.namespace', 'service_namespace'],
  ['service.instance.id', 'service_instance_id'],
] as const;
