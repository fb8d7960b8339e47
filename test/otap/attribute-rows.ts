// Attributes of all owners → the table in which OTAP sends them.

import type { FieldValue, Message } from '../oracle/message.js';
import type { Kind, TableColumn } from './arrow-table.js';
import { type ContainerForm, encodeCbor } from './cbor.js';

export interface Attribute {
  readonly key: string;
  readonly value: Message;
}

/**
 * The attributes that OTAP can say: it has none without a value, which in OTLP is left out, together with those of the
 * same key before it.
 */
export function keptAttributes(attributes: readonly Message[]): Attribute[] {
  const lastOf = new Map(attributes.map((attribute, i) => [textOf(attribute['key']), i]));
  return attributes.flatMap((attribute) => {
    const key = textOf(attribute['key']);
    if (attribute['value'] === undefined || attributes[lastOf.get(key)!]!['value'] === undefined) return [];
    return [{ key, value: attribute['value'] as Message }];
  });
}

/** A string, which a message may hold as its UTF-8. */
export function textOf(field: FieldValue | undefined): string {
  return typeof field === 'string' ? field : Buffer.from((field ?? '') as Uint8Array).toString();
}

export interface AnyValueRow {
  readonly type: number;
  readonly str: string | null;
  readonly int: bigint | null;
  readonly double: number | null;
  readonly bool: boolean | null;
  readonly bytes: Uint8Array | null;
  readonly ser: Uint8Array | null;
}

const nothing = { str: null, int: null, double: null, bool: null, bytes: null, ser: null };

export function anyValueRow(value: Message | undefined, form: ContainerForm): AnyValueRow {
  if (value === undefined) return { ...nothing, type: 0 };
  if ('string_value' in value) return { ...nothing, type: 1, str: textOf(value['string_value']) };
  if ('int_value' in value) return { ...nothing, type: 2, int: value['int_value'] as bigint };
  if ('double_value' in value) return { ...nothing, type: 3, double: value['double_value'] as number };
  if ('bool_value' in value) return { ...nothing, type: 4, bool: value['bool_value'] as boolean };
  if ('kvlist_value' in value) return { ...nothing, type: 5, ser: encodeCbor(value, form) };
  if ('array_value' in value) return { ...nothing, type: 6, ser: encodeCbor(value, form) };
  if ('bytes_value' in value) return { ...nothing, type: 7, bytes: value['bytes_value'] as Uint8Array };
  return { ...nothing, type: 0 };
}

/** The columns that hold values; text and bytes that are empty may be sent as null. */
export function anyValueColumns(rows: readonly AnyValueRow[], empties: 'null' | 'empty'): TableColumn[] {
  const unlessEmpty = <V extends string | Uint8Array>(value: V | null) =>
    empties === 'null' && value?.length === 0 ? null : value;
  return [
    { name: 'type', kind: 'u8', values: rows.map(({ type }) => type) },
    { name: 'str', kind: 'utf8', isRepetitive: true, values: rows.map(({ str }) => unlessEmpty(str)) },
    { name: 'int', kind: 'i64', isRepetitive: true, values: rows.map(({ int }) => int) },
    { name: 'double', kind: 'f64', values: rows.map(({ double }) => double) },
    { name: 'bool', kind: 'bool', values: rows.map(({ bool }) => bool) },
    { name: 'bytes', kind: 'binary', isRepetitive: true, values: rows.map(({ bytes }) => unlessEmpty(bytes)) },
    { name: 'ser', kind: 'binary', isRepetitive: true, values: rows.map(({ ser }) => ser) },
  ];
}

interface AttributeRow extends AnyValueRow {
  readonly parentId: number;
  readonly key: string;
}

export interface AttributeTableOptions {
  readonly order: 'sorted' | 'given';
  readonly ids: 'encoded' | 'plain';
  readonly empties: 'null' | 'empty';
  readonly containers: ContainerForm;
}

/** Gathers the attributes of one payload type. */
export class AttributeTable {
  readonly #options: AttributeTableOptions;
  readonly #parentKind: Kind;
  readonly #rows: AttributeRow[] = [];

  constructor(options: AttributeTableOptions, parentKind: 'u16' | 'u32') {
    this.#options = options;
    this.#parentKind = parentKind;
  }

  /** Adds an owner's attributes. Returns whether there are any. */
  add(parentId: number, attributes: Message['']): boolean {
    let kept = keptAttributes((attributes ?? []) as Message[]);
    if (this.#options.order === 'sorted') {
      // Sorting mixes those of equal keys, of which the last counts.
      kept = [...new Map(kept.map((attribute) => [attribute.key, attribute])).values()];
    }
    for (const { key, value } of kept)
      this.#rows.push({ parentId, key, ...anyValueRow(value, this.#options.containers) });
    return kept.length > 0;
  }

  get length(): number {
    return this.#rows.length;
  }

  columns(): TableColumn[] {
    const rows = this.#options.order === 'sorted' ? [...this.#rows].sort(compareRows) : this.#rows;
    const isPlain = this.#options.ids === 'plain';
    const parentIds = rows.map((row, i) => {
      const before = rows[i - 1];
      const isRelative = !isPlain && before !== undefined && before.key === row.key && areEqualValues(before, row);
      const wrapped = row.parentId - (isRelative ? before.parentId : 0);
      return this.#parentKind === 'u16' ? wrapped & 0xffff : wrapped >>> 0;
    });
    return [
      {
        name: 'parent_id',
        kind: this.#parentKind,
        values: parentIds,
        isRepetitive: this.#parentKind === 'u32',
        ...(isPlain ? { encoding: 'plain' } : {}),
      },
      { name: 'key', kind: 'utf8', isRepetitive: true, values: rows.map(({ key }) => key) },
      ...anyValueColumns(rows, this.#options.empties),
    ];
  }
}

/** As the reference has it: what is empty or a container equals nothing. */
function areEqualValues(a: AnyValueRow, b: AnyValueRow): boolean {
  if (a.type !== b.type) return false;
  switch (a.type) {
    case 1:
      return a.str === b.str;
    case 2:
      return a.int === b.int;
    case 3:
      return a.double === b.double;
    case 4:
      return a.bool === b.bool;
    case 7:
      return Buffer.compare(a.bytes!, b.bytes!) === 0;
    default:
      return false;
  }
}

function compareRows(a: AttributeRow, b: AttributeRow): number {
  return (
    a.type - b.type ||
    compare(a.key, b.key) ||
    compare(a.str ?? '', b.str ?? '') ||
    compare(a.int ?? 0n, b.int ?? 0n) ||
    compare(a.double ?? 0, b.double ?? 0) ||
    compare(a.bool ?? false, b.bool ?? false) ||
    Buffer.compare(a.bytes ?? Buffer.alloc(0), b.bytes ?? Buffer.alloc(0)) ||
    a.parentId - b.parentId
  );
}

function compare<V extends string | bigint | number | boolean>(a: V, b: V): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
