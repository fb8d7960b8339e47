// Columns of a record batch by name. A row refers to an entry of the column's values: its own in a plain column,
// the one that its key names in a dictionary-encoded column, NONE if it is null. So code that walks the rows sees one
// form. A column that is absent is undefined: all of its rows have the protocol's default.

import type { Dictionary } from './dictionary.js';
import type { Fail } from './fail.js';
import type { RecordBatch } from './record-batch.js';
import type { ArrowField, StorageKind } from './schema.js';
import type { Scratch } from './scratch.js';
import {
  type IntArray,
  isSet,
  readKeys,
  readOffsets,
  readValidity,
  readValues,
  type Values,
  type ValuesOf,
} from './values.js';

/** In place of an entry: null. */
export const NONE = 0xffff_ffff;

export type Utf8Column = Column<ValuesOf<'text'>>;
export type BinaryColumn = Column<ValuesOf<'binary'>>;
export type BytesColumn = Column<ValuesOf<'text' | 'binary'>>;
export type FixedColumn = Column<ValuesOf<'fixed'>>;
export type IntColumn = Column<ValuesOf<'int'>>;
export type Int64Column = Column<ValuesOf<'int64'>>;
export type DoubleColumn = Column<ValuesOf<'double'>>;
export type BoolColumn = Column<ValuesOf<'bool'>>;

/** Which rows have no value. */
interface Nulls {
  /** Bits of the rows that have one; undefined where all do. */
  readonly validity: Uint8Array | undefined;
  /** Entries of the struct that the column is inside of, where some of them are null. */
  readonly outer: Uint32Array | undefined;
}

export class Column<V> {
  readonly length: number;
  readonly values: V;
  /** How many entries there are. */
  readonly entryCount: number;
  /** The dictionary that the entries are of, if they are of one. */
  readonly dictionary: Dictionary | undefined;
  readonly #keys: IntArray | undefined;
  readonly #nulls: Nulls;
  readonly scratch: Scratch;
  readonly #fail: Fail;
  #entries: Uint32Array | undefined;

  constructor(
    values: V,
    length: number,
    nulls: Nulls,
    encoded: { readonly dictionary: Dictionary; readonly keys: IntArray } | undefined,
    scratch: Scratch,
    fail: Fail,
  ) {
    this.scratch = scratch;
    this.values = values;
    this.length = length;
    this.#nulls = nulls;
    this.dictionary = encoded?.dictionary;
    this.#keys = encoded?.keys;
    this.entryCount = encoded === undefined ? length : encoded.dictionary.count;
    this.#fail = fail;
  }

  /** The entry of a row. For whoever needs few rows of the column. */
  entry(row: number): number {
    const { validity, outer } = this.#nulls;
    if (validity !== undefined && !isSet(validity, row)) return NONE;
    if (outer !== undefined && outer[row] === NONE) return NONE;
    return this.#keys === undefined ? row : this.#entryOf(this.#keys[row]!);
  }

  /** The entry of each row. Columns may share the array. */
  get entries(): Uint32Array {
    this.#entries ??= this.#allEntries();
    return this.#entries;
  }

  #allEntries(): Uint32Array {
    const { length } = this;
    const { validity, outer } = this.#nulls;
    const keys = this.#keys;
    if (keys === undefined && validity === undefined && outer === undefined) return this.scratch.ascending(length);
    const entries = this.scratch.words(length);
    if (keys === undefined || validity !== undefined || outer !== undefined || this.dictionary?.nulls !== undefined) {
      for (let row = 0; row < length; row++) entries[row] = this.entry(row);
    } else {
      const count = this.entryCount;
      for (let row = 0; row < length; row++) {
        const key = keys[row]!;
        if (key >= count) this.#entryOf(key);
        entries[row] = key;
      }
    }
    return entries;
  }

  #entryOf(key: number): number {
    const { count, nulls } = this.dictionary!;
    if (key >= count) this.#fail(`must have keys below ${count}, the length of its dictionary, got ${key}`);
    return nulls !== undefined && nulls[key] === 1 ? NONE : key;
  }
}

export interface ListColumn {
  readonly entries: Uint32Array;
  /** Each list reaches from its offset to the next, among the items. */
  readonly offsets: Uint32Array;
  readonly items: Columns;
}

export interface ColumnSource {
  readonly batch: RecordBatch;
  readonly dictionaries: ReadonlyMap<bigint, Dictionary>;
  readonly scratch: Scratch;
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

  get scratch(): Scratch {
    return this.#source.scratch;
  }

  texts(name: string): Utf8Column | undefined {
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
    // A dictionary that has not arrived yet has no width.
    if (column !== undefined && column.entryCount > 0 && column.values.width !== width) {
      this.fail(name, `must be ${width} bytes wide, got ${column.values.width}`);
    }
    return column;
  }

  lists(name: string): ListColumn | undefined {
    const field = this.#field(name, 'list');
    if (field === undefined) return undefined;
    const { batch } = this.#source;
    const fail = this.#failOf(name);
    const nulls = this.#nulls(field, fail);
    const item = { ...field.children[0]!, name: ITEM };
    const items = batch.node(item.firstNode).length;
    const offsets = readOffsets(batch, field.firstBuffer + 1, this.length, items, fail);
    return {
      entries: new Column(undefined, this.length, nulls, undefined, this.scratch, fail).entries,
      offsets,
      items: new Columns(this.#source, [item], items, `${this.#path}${name}.`),
    };
  }

  struct(name: string): Columns | undefined {
    const field = this.#field(name, 'struct');
    if (field === undefined) return undefined;
    const fail = this.#failOf(name);
    const nulls = this.#nulls(field, fail);
    const outer =
      nulls.validity === undefined
        ? nulls.outer
        : new Column(undefined, this.length, nulls, undefined, this.scratch, fail).entries;
    return new Columns(this.#source, field.children, this.length, `${this.#path}${name}.`, outer);
  }

  /** Every column of texts, those in structs included. */
  *allTexts(): Generator<{ readonly path: string; readonly column: Utf8Column }> {
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
    const { batch, dictionaries } = this.#source;
    const { length } = this;
    const fail = this.#failOf(name);
    const nulls = this.#nulls(field, fail);
    if (field.dictionary === undefined) {
      const values = readValues(batch, field, length, fail) as ValuesOf<K>;
      return new Column(values, length, nulls, undefined, this.scratch, fail);
    }
    const dictionary = dictionaries.get(field.dictionary.id)!;
    const keys = readKeys(batch, field.firstBuffer + 1, field.dictionary.bits, length, fail);
    const values = (dictionary.values ?? noValues(kind)) as ValuesOf<K>;
    return new Column(values, length, nulls, { dictionary, keys }, this.scratch, fail);
  }

  #nulls(field: ArrowField, fail: Fail): Nulls {
    const { length, validity } = readValidity(this.#source.batch, field, fail);
    if (length !== this.length) fail(`must have ${this.length} values, got ${length}`);
    return { validity, outer: this.#outer };
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
    case 'bool':
      throw new Error('BUG: a dictionary of booleans');
  }
}
