// Columns as plain arrays → the Arrow IPC stream of one payload type, written by the apache-arrow package: dictionaries
// that grow from message to message, key widths that overflow, compressed buffers.

import {
  Binary,
  Bool,
  type Data,
  type DataType,
  Dictionary,
  Duration,
  Field,
  FixedSizeBinary,
  Float64,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  TimestampNanosecond,
  TimeUnit,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  Vector,
} from 'apache-arrow';
import { type Compression, compressionTypes } from './arrow-compression.js';

export type Kind =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'i32'
  | 'i64'
  | 'u64'
  | 'f64'
  | 'bool'
  | 'utf8'
  | 'binary'
  | 'fixed8'
  | 'fixed16'
  | 'timestamp'
  | 'duration';

export type Value = number | bigint | boolean | string | Uint8Array;

/** One value per row; null where there is none. */
export interface PlainColumn {
  readonly name: string;
  readonly kind: Kind;
  readonly values: readonly (Value | null)[];
  /** Whether it may be dictionary-encoded. */
  readonly isRepetitive?: boolean;
  /** Of ids. */
  readonly encoding?: string;
}

export interface StructColumn {
  readonly name: string;
  readonly kind: 'struct';
  readonly isPresent: readonly boolean[];
  readonly children: readonly TableColumn[];
}

/** Items lie end to end; a list of no length is null or empty, as `isPresent` says. */
export interface ListColumn {
  readonly name: string;
  readonly kind: 'list';
  readonly lengths: readonly number[];
  readonly isPresent: readonly boolean[];
  readonly item: TableColumn;
}

export type TableColumn = PlainColumn | StructColumn | ListColumn;

export type Keys = 'u8' | 'u16' | 'u32' | 'plain';

export interface ArrowTableOptions {
  /** Width of the keys that columns begin with; they widen when they overflow. */
  readonly keys: Keys;
  readonly dictionaries: 'delta' | 'replacement';
  readonly compression: Compression;
  /** Whether columns without a value are left out. */
  readonly emptyColumns: 'omitted' | 'kept';
}

export interface Piece {
  readonly schemaId: string;
  readonly record: Uint8Array;
}

/** Senders go from 16-bit keys to plain values. */
const WIDENED: Record<Keys, Keys> = { u8: 'u16', u16: 'plain', u32: 'plain', plain: 'plain' };
const KEY_COUNTS: Record<Keys, number> = { u8: 256, u16: 65_536, u32: 2 ** 32, plain: Number.POSITIVE_INFINITY };

export class ArrowTableWriter {
  readonly #options: ArrowTableOptions;
  readonly #keys = new Map<string, Keys>();
  #schemas = 0;
  #signature: string | undefined;
  #schemaId = '';
  #schema: Schema | undefined;
  #writer: PieceWriter | undefined;
  #dictionaries = new Map<string, GrowingDictionary>();

  constructor(options: ArrowTableOptions) {
    this.#options = options;
  }

  /** Writes a message's rows. */
  write(given: readonly TableColumn[], rows: number): Piece {
    const columns =
      this.#options.emptyColumns === 'omitted' ? given.filter((column) => !isEmpty(column)).map(withoutEmpty) : given;
    for (;;) {
      this.#open(columns);
      try {
        const children = columns.map((column) => this.#data(column, ''));
        const schema = this.#schema!;
        const batch = new RecordBatch(
          schema,
          makeData({ type: new Struct(schema.fields), length: rows, nullCount: 0, children }),
        );
        return { schemaId: this.#schemaId, record: this.#writer!.piece(batch) };
      } catch (error) {
        if (!(error instanceof KeysOverflow)) throw error;
        // As senders do: wider keys are another schema, which begins another stream.
        this.#keys.set(error.path, WIDENED[this.#keysOf(error.path)]);
        this.#signature = undefined;
      }
    }
  }

  #open(columns: readonly TableColumn[]): void {
    const signature = columns.map((column) => this.#signatureOf(column, '')).join();
    if (signature === this.#signature) {
      if (this.#options.dictionaries === 'replacement') this.#clearDictionaries();
      return;
    }
    this.#signature = signature;
    this.#schemaId = `schema ${this.#schemas++}`;
    this.#dictionaries = new Map();
    this.#schema = new Schema(columns.map((column) => this.#field(column, '')));
    this.#writer = new PieceWriter(compressionTypes[this.#options.compression]);
  }

  #clearDictionaries(): void {
    for (const dictionary of this.#dictionaries.values()) dictionary.clear();
  }

  #signatureOf(column: TableColumn, outer: string): string {
    const path = `${outer}${column.name}`;
    if (column.kind === 'struct')
      return `${path}{${column.children.map((child) => this.#signatureOf(child, `${path}.`)).join()}}`;
    if (column.kind === 'list') return `${path}[${this.#signatureOf(column.item, `${path}.`)}]`;
    return `${path}:${column.kind}:${column.isRepetitive ? this.#keysOf(path) : ''}:${column.encoding ?? ''}`;
  }

  #keysOf(path: string): Keys {
    return this.#keys.get(path) ?? this.#options.keys;
  }

  #field(column: TableColumn, outer: string): Field {
    const path = `${outer}${column.name}`;
    const metadata = new Map(
      'encoding' in column && column.encoding !== undefined ? [['encoding', column.encoding]] : [],
    );
    return new Field(column.name, this.#type(column, path), true, metadata);
  }

  #type(column: TableColumn, path: string): DataType {
    if (column.kind === 'struct') return new Struct(column.children.map((child) => this.#field(child, `${path}.`)));
    if (column.kind === 'list') return new List(this.#field(column.item, `${path}.`));
    const keys = column.isRepetitive ? this.#keysOf(path) : 'plain';
    if (keys === 'plain') return plainType(column.kind);
    const dictionary = new GrowingDictionary(path, column.kind, keys, this.#dictionaries.size);
    this.#dictionaries.set(path, dictionary);
    return dictionary.type;
  }

  #data(column: TableColumn, outer: string): Data {
    const path = `${outer}${column.name}`;
    if (column.kind === 'struct') {
      const children = column.children.map((child) => this.#data(child, `${path}.`));
      const type = new Struct(column.children.map((child, i) => new Field(child.name, children[i]!.type, true)));
      return makeData({ type, length: column.isPresent.length, ...nulls(column.isPresent), children });
    }
    if (column.kind === 'list') {
      const child = this.#data(column.item, `${path}.`);
      const type = new List(new Field(column.item.name, child.type, true));
      return makeData({
        type,
        length: column.lengths.length,
        ...nulls(column.isPresent),
        valueOffsets: offsetsOf(column.lengths),
        child: child as never,
      });
    }
    const dictionary = this.#dictionaries.get(path);
    return dictionary === undefined ? plainData(column.kind, column.values) : dictionary.encode(column.values);
  }
}

class KeysOverflow extends Error {
  readonly path: string;

  constructor(path: string) {
    super(`the keys of ${path} overflow`);
    this.path = path;
  }
}

class GrowingDictionary {
  readonly type: Dictionary;
  readonly #path: string;
  readonly #kind: Kind;
  readonly #keys: Keys;
  readonly #entries = new Map<string, number>();
  #chunks: Data[] = [];

  constructor(path: string, kind: Kind, keys: Keys, id: number) {
    this.#path = path;
    this.#kind = kind;
    this.#keys = keys;
    const indices = { u8: new Uint8(), u16: new Uint16(), u32: new Uint32(), plain: new Uint32() }[keys];
    this.type = new Dictionary(plainType(kind), indices, id);
  }

  clear(): void {
    this.#entries.clear();
    this.#chunks = [];
  }

  encode(values: readonly (Value | null)[]): Data {
    const added: Value[] = [];
    const indices = values.map((value) => {
      if (value === null) return 0;
      const key = value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : `${typeof value} ${value}`;
      const known = this.#entries.get(key);
      if (known !== undefined) return known;
      const entry = this.#entries.size;
      if (entry === KEY_COUNTS[this.#keys]) throw new KeysOverflow(this.#path);
      this.#entries.set(key, entry);
      added.push(value);
      return entry;
    });
    if (added.length > 0 || this.#chunks.length === 0) this.#chunks.push(plainData(this.#kind, added));
    const keyArrays = { u8: Uint8Array, u16: Uint16Array, u32: Uint32Array, plain: Uint32Array };
    return makeData({
      type: this.type,
      length: values.length,
      ...nulls(values.map((value) => value !== null)),
      data: keyArrays[this.#keys].from(indices) as never,
      dictionary: new Vector(this.#chunks),
    });
  }
}

/** Collects what is written for one message. */
class PieceWriter extends RecordBatchStreamWriter {
  #parts: Uint8Array[] = [];

  constructor(compressionType: number | null) {
    super({ autoDestroy: false, compressionType } as never);
  }

  piece(batch: RecordBatch): Uint8Array {
    this.#parts = [];
    this.write(batch);
    return Buffer.concat(this.#parts);
  }

  protected override _write(chunk: ArrayBufferView): this {
    this.#parts.push(Uint8Array.from(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    return this;
  }

  /** The package writes the length that a buffer has when compressed where the format wants the one it had before. */
  protected override _compressBodyBuffers(buffers: ArrayBufferView[]) {
    const compressed = super._compressBodyBuffers(buffers);
    for (const [i, { byteLength }] of buffers.entries()) {
      const prefix = compressed.buffers[2 * i]!;
      if (prefix.byteLength === 0) continue;
      const length = new DataView(prefix.buffer, prefix.byteOffset, 8);
      if (length.getBigInt64(0, true) !== STORED) length.setBigInt64(0, BigInt(byteLength), true);
    }
    return compressed;
  }
}

/** In place of a length: the buffer is not compressed. */
const STORED = -1n;

function isEmpty(column: TableColumn): boolean {
  if (column.kind === 'struct') return !column.isPresent.includes(true) || column.children.every(isEmpty);
  if (column.kind === 'list') return !column.isPresent.includes(true);
  return column.values.every((value) => value === null);
}

function withoutEmpty(column: TableColumn): TableColumn {
  if (column.kind !== 'struct') return column;
  return { ...column, children: column.children.filter((child) => !isEmpty(child)).map(withoutEmpty) };
}

function plainType(kind: Kind): DataType {
  switch (kind) {
    case 'u8':
      return new Uint8();
    case 'u16':
      return new Uint16();
    case 'u32':
      return new Uint32();
    case 'i32':
      return new Int32();
    case 'i64':
      return new Int64();
    case 'u64':
      return new Uint64();
    case 'f64':
      return new Float64();
    case 'bool':
      return new Bool();
    case 'utf8':
      return new Utf8();
    case 'binary':
      return new Binary();
    case 'fixed8':
      return new FixedSizeBinary(8);
    case 'fixed16':
      return new FixedSizeBinary(16);
    case 'timestamp':
      return new TimestampNanosecond('UTC');
    case 'duration':
      return new Duration(TimeUnit.NANOSECOND);
  }
}

function plainData(kind: Kind, values: readonly (Value | null)[]): Data {
  const shared = { type: plainType(kind), length: values.length, ...nulls(values.map((value) => value !== null)) };
  const make = (rest: object): Data => makeData({ ...shared, ...rest } as never);
  const numbers = () => values.map((value) => (value ?? 0) as number);
  const bigints = () => values.map((value) => (value ?? 0n) as bigint);
  switch (kind) {
    case 'u8':
      return make({ data: Uint8Array.from(numbers()) });
    case 'u16':
      return make({ data: Uint16Array.from(numbers()) });
    case 'u32':
      return make({ data: Uint32Array.from(numbers()) });
    case 'i32':
      return make({ data: Int32Array.from(numbers()) });
    case 'f64':
      return make({ data: Float64Array.from(numbers()) });
    case 'u64':
      return make({ data: BigUint64Array.from(bigints()) });
    case 'i64':
    case 'timestamp':
    case 'duration':
      return make({ data: BigInt64Array.from(bigints()) });
    case 'bool':
      return make({ data: bitmap(values.map((value) => value === true)) });
    case 'utf8':
    case 'binary': {
      const bytes = values.map((value) => Buffer.from((value as string | Uint8Array | null) ?? ''));
      return make({
        valueOffsets: offsetsOf(bytes.map(({ length }) => length)),
        data: Uint8Array.from(Buffer.concat(bytes)),
      });
    }
    case 'fixed8':
    case 'fixed16': {
      const width = kind === 'fixed8' ? 8 : 16;
      return make({
        data: Uint8Array.from(
          Buffer.concat(values.map((value) => (value as Uint8Array | null) ?? Buffer.alloc(width))),
        ),
      });
    }
  }
}

function nulls(isPresent: readonly boolean[]): { nullCount: number; nullBitmap?: Uint8Array } {
  const nullCount = isPresent.filter((is) => !is).length;
  return nullCount === 0 ? { nullCount } : { nullCount, nullBitmap: bitmap(isPresent) };
}

function bitmap(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(8 * Math.ceil(bits.length / 64));
  for (const [i, bit] of bits.entries()) if (bit) bytes[i >> 3]! |= 1 << (i & 7);
  return bytes;
}

function offsetsOf(lengths: readonly number[]): Int32Array {
  const offsets = new Int32Array(lengths.length + 1);
  for (const [i, length] of lengths.entries()) offsets[i + 1] = offsets[i]! + length;
  return offsets;
}
