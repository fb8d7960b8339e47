// The Schema message of an Arrow IPC stream → fields, each with the place of its nodes and buffers in a record batch.
// Those places follow from the schema alone, so that a batch is read column by column, and columns that no row needs
// are neither decompressed nor looked at. https://arrow.apache.org/docs/format/Columnar.html, Schema.fbs

import type { FlatTable } from './flat-buffer.js';
import { MAX_FIELD_DEPTH, MAX_SCHEMA_FIELDS } from './limits.js';

/** How values are stored: as much of an Arrow type as reading them takes. */
export type Storage =
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32; readonly isSigned: boolean }
  /** Integers, nanoseconds since 1970 and durations in nanoseconds. */
  | { readonly kind: 'int64' }
  | { readonly kind: 'double' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'text' }
  | { readonly kind: 'binary' }
  | { readonly kind: 'fixed'; readonly width: number }
  | { readonly kind: 'list' }
  | { readonly kind: 'struct' };

export type StorageKind = Storage['kind'];

export interface ArrowField {
  readonly name: string;
  /** Of the values; of a dictionary-encoded field those in its dictionary. */
  readonly storage: Storage;
  readonly dictionary: DictionaryKeys | undefined;
  readonly children: readonly ArrowField[];
  /** What metadata says of its ids. */
  readonly encoding: string | undefined;
  readonly firstNode: number;
  readonly firstBuffer: number;
}

export interface DictionaryKeys {
  readonly id: bigint;
  readonly bits: 8 | 16 | 32;
}

/** Slots of the tables in Schema.fbs. */
const SCHEMA = { endianness: 0, fields: 1 } as const;
const FIELD = { name: 0, typeKind: 2, type: 3, dictionary: 4, children: 5, metadata: 6 } as const;
const KEY_VALUE = { key: 0, value: 1 } as const;
const DICTIONARY = { id: 0, indexType: 1 } as const;
const INT = { bits: 0, isSigned: 1 } as const;
const PRECISION = 0;
const UNIT = 0;
const BYTE_WIDTH = 0;

const TYPE_NAMES = [
  'nothing',
  'Null',
  'Int',
  'FloatingPoint',
  'Binary',
  'Utf8',
  'Bool',
  'Decimal',
  'Date',
  'Time',
  'Timestamp',
  'Interval',
  'List',
  'Struct',
  'Union',
  'FixedSizeBinary',
  'FixedSizeList',
  'Map',
  'Duration',
  'LargeBinary',
  'LargeUtf8',
  'LargeList',
  'RunEndEncoded',
  'BinaryView',
  'Utf8View',
  'ListView',
  'LargeListView',
];

const DOUBLE_PRECISION = 2;
const NANOSECONDS = 3;
/** Of the wide ids, trace ids have 16 bytes; a decimal would have 32. */
const MAX_FIXED_WIDTH = 1024;

/** Buffers of each kind of field beside those of its children: validity, then offsets, values or both. */
const BUFFERS: Readonly<Record<StorageKind, number>> = {
  int: 2,
  int64: 2,
  double: 2,
  bool: 2,
  text: 3,
  binary: 3,
  fixed: 2,
  list: 2,
  struct: 1,
};

/** Reads the fields of a Schema table. */
export function readSchema(schema: FlatTable): readonly ArrowField[] {
  const reader = new SchemaReader(schema);
  return reader.fields(schema, SCHEMA.fields, '', 1);
}

class SchemaReader {
  readonly #schema: FlatTable;
  #fields = 0;
  #nodes = 0;
  #buffers = 0;

  constructor(schema: FlatTable) {
    this.#schema = schema;
    if (schema.int16(SCHEMA.endianness, 0) !== 0) this.#fail('Arrow data is big-endian');
  }

  fields(parent: FlatTable, slot: number, path: string, depth: number): readonly ArrowField[] {
    if (depth > MAX_FIELD_DEPTH) this.#fail(`fields nested deeper than ${MAX_FIELD_DEPTH}`);
    const fields: ArrowField[] = [];
    for (const table of parent.tables(slot)) {
      if (++this.#fields > MAX_SCHEMA_FIELDS) this.#fail(`a schema of more than ${MAX_SCHEMA_FIELDS} fields`);
      fields.push(this.#field(table, path, depth));
    }
    return fields;
  }

  #field(table: FlatTable, path: string, depth: number): ArrowField {
    const name = table.text(FIELD.name);
    const fieldPath = path + name;
    const dictionary = this.#dictionary(table, fieldPath);
    const storage = this.#storage(table, fieldPath);
    const firstNode = this.#nodes++;
    const firstBuffer = this.#buffers;
    this.#buffers += dictionary === undefined ? BUFFERS[storage.kind] : BUFFERS.int;
    const children = this.fields(table, FIELD.children, `${fieldPath}.`, depth + 1);
    if (dictionary !== undefined && !isDictionaryValue(storage)) {
      this.#fail(`column "${fieldPath}" has a dictionary of kind ${storage.kind}`);
    }
    if (storage.kind === 'list' && children.length !== 1) {
      this.#fail(`column "${fieldPath}" is a list of ${children.length} fields`);
    }
    return { name, storage, dictionary, children, encoding: encodingOf(table), firstNode, firstBuffer };
  }

  #dictionary(table: FlatTable, path: string): DictionaryKeys | undefined {
    const encoding = table.table(FIELD.dictionary);
    if (encoding === undefined) return undefined;
    const keys = encoding.table(DICTIONARY.indexType);
    const bits = keys === undefined ? 32 : keys.int32(INT.bits);
    if (bits !== 8 && bits !== 16 && bits !== 32) this.#fail(`column "${path}" has dictionary keys of ${bits} bits`);
    return { id: encoding.int64(DICTIONARY.id), bits };
  }

  #storage(field: FlatTable, path: string): Storage {
    const typeName = TYPE_NAMES[field.uint8(FIELD.typeKind)] ?? 'of a later Arrow';
    const type = field.table(FIELD.type);
    switch (typeName) {
      case 'Int': {
        const bits = type?.int32(INT.bits);
        if (bits === 64) return { kind: 'int64' };
        if (bits === 8 || bits === 16 || bits === 32) {
          return { kind: 'int', bits, isSigned: type!.boolean(INT.isSigned) };
        }
        break;
      }
      case 'FloatingPoint':
        if (type?.int16(PRECISION, 0) === DOUBLE_PRECISION) return { kind: 'double' };
        break;
      case 'Timestamp':
        if (type?.int16(UNIT, 0) === NANOSECONDS) return { kind: 'int64' };
        break;
      case 'Duration':
        // Nanoseconds by the column's name. The reference exporter sends them under the type of milliseconds.
        return { kind: 'int64' };
      case 'FixedSizeBinary': {
        const width = type?.int32(BYTE_WIDTH) ?? 0;
        if (width > 0 && width <= MAX_FIXED_WIDTH) return { kind: 'fixed', width };
        break;
      }
      case 'Binary':
        return { kind: 'binary' };
      case 'Utf8':
        return { kind: 'text' };
      case 'Bool':
        return { kind: 'bool' };
      case 'List':
        return { kind: 'list' };
      case 'Struct':
        return { kind: 'struct' };
    }
    return this.#fail(`column "${path}" has a type that no column of OTAP has, ${typeName}`);
  }

  #fail(problem: string): never {
    return this.#schema.buffer.fail(problem);
  }
}

function encodingOf(field: FlatTable): string | undefined {
  for (const entry of field.tables(FIELD.metadata)) {
    if (entry.text(KEY_VALUE.key) === 'encoding') return entry.text(KEY_VALUE.value);
  }
  return undefined;
}

function isDictionaryValue({ kind }: Storage): boolean {
  return kind !== 'bool' && kind !== 'list' && kind !== 'struct';
}
