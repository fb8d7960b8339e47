// Columns of a record batch by name. What a column holds for a row is an entry among its values: in a plain column the
// row's own, in a dictionary-encoded one that which its key names, and NONE where there is null. So whoever walks the
// rows meets one form. A column that is absent is undefined: all of its rows have the protocol's default.

import type { ArrowField, StorageKind } from './arrow-schema.js';
import type { Dictionary } from './dictionary.js';
import type { Fail } from './fail.js';
import type { RecordBatch } from './record-batch.js';
import { isSet, readKeys, readOffsets, readValidity, readValues, type Values, type ValuesOf } from './values.js';

/** In place of an entry: null. */
export const NONE = 0xffff_ffff;

export interface Column<V> {
  /** The entry of each row. */
  readonly entries: Uint32Array;
  readonly values: V;
  /** How many entries there are. */
  readonly entryCount: number;
  /** The dictionary that the entries are of. */
  readonly dictionary: Dictionary | undefined;
}

export type TextColumn = Column<ValuesOf<'text'>>;
export type BinaryColumn = Column<ValuesOf<'binary'>>;
export type BytesColumn = Column<ValuesOf<'text' | 'binary'>>;
export type FixedColumn = Column<ValuesOf<'fixed'>>;
export type IntColumn = Column<ValuesOf<'int'>>;
export type Int64Column = Column<ValuesOf<'int64'>>;
export type DoubleColumn = Column<ValuesOf<'double'>>;
export type BoolColumn = Column<ValuesOf<'bool'>>;

export interface ListColumn {
  readonly entries: Uint32Array;
  /** Each list reaches from its offset to the next, among the items. */
  readonly offsets: Uint32Array;
  readonly items: Columns;
}

export interface ColumnSource {
  readonly batch: RecordBatch;
  readonly dictionaries: ReadonlyMap<bigint, Dictionary>;
  readonly fail: Fail;
}

/** The name under which the items of a list are found, whatever their sender calls them. */
export const ITEM = 'item';

export class Columns {
  readonly length: number;
  readonly #source: ColumnSource;
  readonly #fields: readonly ArrowField[];
  readonly #path: string;
  /** Entries of the struct that the columns are inside of, where some of them are null. */
  readonly #outer: Uint32Array | undefined;

  constructor(source: ColumnSource, fields: readonly ArrowField[], length: number, path = '', outer?: Uint32Array) {
    this.#source = source;
    this.#fields = fields;
    this.length = length;
    this.#path = path;
    this.#outer = outer;
  }

  texts(name: string): TextColumn | undefined {
    return this.#column(name, 'text');
  }

  binaries(name: string): BinaryColumn | undefined {
    return this.#column(name, 'binary');
  }

  ints(name: string): IntColumn | undefined {
    return this.#column(name, 'int');
  }

  int64s(name: string): Int64Column | undefined {
    return this.#column(name, 'int64');
  }

  doubles(name: string): DoubleColumn | undefined {
    return this.#column(name, 'double');
  }

  bools(name: string): BoolColumn | undefined {
    return this.#column(name, 'bool');
  }

  fixed(name: string, width: number): FixedColumn | undefined {
    const column = this.#column(name, 'fixed');
    if (column !== undefined && column.values.width !== width) {
      this.fail(name, `must be ${width} bytes wide, got ${column.values.width}`);
    }
    return column;
  }

  lists(name: string): ListColumn | undefined {
    const field = this.#field(name, 'list');
    if (field === undefined) return undefined;
    const { batch } = this.#source;
    const fail = this.#failOf(name);
    const { length, validity } = this.#validity(field, fail);
    const item = { ...field.children[0]!, name: ITEM };
    const items = batch.node(item.firstNode).length;
    const offsets = readOffsets(batch, field.firstBuffer + 1, length, items, fail);
    return {
      entries: this.#entries(length, validity),
      offsets,
      items: new Columns(this.#source, [item], items, `${this.#path}${name}.`),
    };
  }

  struct(name: string): Columns | undefined {
    const field = this.#field(name, 'struct');
    if (field === undefined) return undefined;
    const { length, validity } = this.#validity(field, this.#failOf(name));
    const outer = validity === undefined ? this.#outer : this.#entries(length, validity);
    return new Columns(this.#source, field.children, length, `${this.#path}${name}.`, outer);
  }

  /** Every column of texts, those in structs included. */
  *allTexts(): Generator<{ readonly path: string; readonly column: TextColumn }> {
    for (const { name, storage } of this.#fields) {
      if (storage.kind === 'text') yield { path: `${this.#path}${name}`, column: this.texts(name)! };
      if (storage.kind === 'struct') yield* this.struct(name)!.allTexts();
    }
  }

  /** How metadata says that the ids of a column are written. */
  encodingOf(name: string): string | undefined {
    return this.#fields.find((field) => field.name === name)?.encoding;
  }

  /** Refuses the message because of a column. */
  fail(name: string, problem: string): never {
    return this.#source.fail(`column "${this.#path}${name}" ${problem}`);
  }

  #column<K extends Values['kind']>(name: string, kind: K): Column<ValuesOf<K>> | undefined {
    const field = this.#field(name, kind);
    if (field === undefined) return undefined;
    const fail = this.#failOf(name);
    const { length, validity } = this.#validity(field, fail);
    if (field.dictionary !== undefined) return this.#dictionaryColumn(field, kind, length, validity, fail);
    const values = readValues(this.#source.batch, field, length, fail) as ValuesOf<K>;
    return { entries: this.#entries(length, validity), values, entryCount: length, dictionary: undefined };
  }

  #dictionaryColumn<K extends Values['kind']>(
    { dictionary: keys, firstBuffer }: ArrowField,
    kind: K,
    length: number,
    validity: Uint8Array | undefined,
    fail: Fail,
  ): Column<ValuesOf<K>> {
    const { batch, dictionaries } = this.#source;
    const dictionary = dictionaries.get(keys!.id)!;
    const { count, nulls } = dictionary;
    const indices = readKeys(batch, firstBuffer + 1, keys!.bits, length, fail);
    const entries = this.#entries(length, validity);
    for (let row = 0; row < length; row++) {
      if (entries[row] === NONE) continue;
      const entry = indices[row]!;
      if (entry >= count) fail(`must have keys below ${count}, the length of its dictionary, got ${entry}`);
      entries[row] = nulls !== undefined && nulls[entry] === 1 ? NONE : entry;
    }
    const values = (dictionary.values ?? noValues(kind)) as ValuesOf<K>;
    return { entries, values, entryCount: count, dictionary };
  }

  /** The number of each row that is not null. */
  #entries(length: number, validity: Uint8Array | undefined): Uint32Array {
    const entries = new Uint32Array(length);
    for (let row = 0; row < length; row++) entries[row] = row;
    if (validity !== undefined) for (let row = 0; row < length; row++) if (!isSet(validity, row)) entries[row] = NONE;
    const outer = this.#outer;
    if (outer !== undefined) for (let row = 0; row < length; row++) if (outer[row] === NONE) entries[row] = NONE;
    return entries;
  }

  #validity(field: ArrowField, fail: Fail): { readonly length: number; readonly validity: Uint8Array | undefined } {
    const found = readValidity(this.#source.batch, field, fail);
    if (found.length !== this.length) fail(`must have ${this.length} values, got ${found.length}`);
    return found;
  }

  #field(name: string, kind: StorageKind): ArrowField | undefined {
    const field = this.#fields.find((candidate) => candidate.name === name);
    if (field !== undefined && field.storage.kind !== kind) {
      this.fail(name, `must be of kind ${kind}, got ${field.storage.kind}`);
    }
    return field;
  }

  #failOf(name: string): Fail {
    return (problem) => this.fail(name, problem);
  }
}

/** Values of a dictionary that never came. Nothing refers to one. */
function noValues(kind: Values['kind']): Values {
  switch (kind) {
    case 'int':
      return { kind, array: new Uint8Array(0) };
    case 'int64':
      return { kind, words: new Int32Array(0) };
    case 'double':
      return { kind, array: new Float64Array(0) };
    case 'text':
    case 'binary':
      return { kind, offsets: new Uint32Array(1), bytes: new Uint8Array(0) };
    case 'fixed':
      return { kind, width: 0, bytes: new Uint8Array(0) };
    default:
      throw new Error(`BUG: a dictionary of kind ${kind}`);
  }
}
