// The columns that together hold one AnyValue per row: its type, and a column per way to store it. Attributes are made
// of them, and the bodies of logs.

import type { JsonText } from '../json-text.js';
import type { CborJson } from './cbor-json.js';
import type { TextColumn } from './columns.js';
import {
  type BinaryColumn,
  type BoolColumn,
  type Columns,
  type DoubleColumn,
  type Int64Column,
  NONE,
} from './columns.js';
import type { Fail } from './fail.js';
import { areEqualBytes, HeapTexts } from './heap-texts.js';
import { isSet } from './values.js';

export const EMPTY = 0;
export const STRING = 1;
const INT = 2;
const DOUBLE = 3;
const BOOL = 4;
const MAP = 5;
const SLICE = 6;
const BYTES = 7;

const QUOTE = 0x22;

/** What writing values takes. */
export interface ValueWriters {
  readonly json: JsonText;
  readonly cbor: CborJson;
}

export class AnyValues {
  /** Offset and length of the text last written by writeText(). */
  offset = 0;
  length = 0;
  /** The type of each row. */
  readonly types: Uint8Array;
  readonly #writers: ValueWriters;
  readonly #str: TextColumn | undefined;
  readonly #int: Int64Column | undefined;
  readonly #double: DoubleColumn | undefined;
  readonly #bool: BoolColumn | undefined;
  readonly #bytes: BinaryColumn | undefined;
  readonly #ser: BinaryColumn | undefined;
  readonly #failSer: Fail;
  readonly #texts: HeapTexts | undefined;
  /** Per entry of a dictionary one more than where its JSON text begins in the heap, and where it ends; 0 if unwritten. */
  readonly #jsonStarts: Uint32Array;
  readonly #jsonEnds: Uint32Array;

  constructor(writers: ValueWriters, columns: Columns) {
    this.#writers = writers;
    this.types = readTypes(columns);
    this.#str = columns.texts('str');
    this.#int = columns.int64s('int');
    this.#double = columns.doubles('double');
    this.#bool = columns.bools('bool');
    this.#bytes = columns.binaries('bytes');
    this.#ser = columns.binaries('ser');
    this.#failSer = (problem) => columns.fail('ser', problem);
    this.#texts = this.#str && new HeapTexts(writers.json, this.#str, (problem) => columns.fail('str', problem));
    const entries = this.#str?.dictionary === undefined ? 0 : this.#str.entryCount;
    this.#jsonStarts = new Uint32Array(entries);
    this.#jsonEnds = new Uint32Array(entries);
  }

  /** Writes a row's value as JSON. Returns false, having written nothing, for a double that JSON has no number for. */
  writeJson(row: number): boolean {
    const { json } = this.#writers;
    switch (this.types[row]) {
      case STRING:
        this.#writeString(row);
        return true;
      case INT: {
        const entry = this.#int?.entries[row] ?? NONE;
        if (entry === NONE) json.ascii('0');
        else json.int64(this.#int!.values.words[2 * entry]!, this.#int!.values.words[2 * entry + 1]!);
        return true;
      }
      case DOUBLE: {
        const double = this.#doubleOf(row);
        if (!Number.isFinite(double)) return false;
        json.double(double);
        return true;
      }
      case BOOL:
        json.ascii(this.#boolOf(row) ? 'true' : 'false');
        return true;
      case MAP:
        this.#writeCbor(row, 'map');
        return true;
      case SLICE:
        this.#writeCbor(row, 'array');
        return true;
      case BYTES:
        json.byte(QUOTE);
        this.#writeBase64(row);
        json.byte(QUOTE);
        return true;
      default:
        json.ascii('null');
        return true;
    }
  }

  /**
   * Writes a row's value as text: scalars as they are, arrays and lists as JSON, no value and null as nothing. Returns
   * the text's length.
   */
  writeText(row: number): number {
    const { heap } = this.#writers.json;
    this.offset = heap.end;
    switch (this.types[row]) {
      case EMPTY:
        break;
      case STRING:
        if (this.#texts !== undefined && this.#texts.write(row) > 0) {
          this.offset = this.#texts.offset;
          this.length = this.#texts.length;
          return this.length;
        }
        break;
      case DOUBLE:
        this.#writers.json.double(this.#doubleOf(row));
        break;
      case BYTES:
        this.#writeBase64(row);
        break;
      default:
        this.writeJson(row);
    }
    this.length = heap.end - this.offset;
    return this.length;
  }

  /** Whether two rows have the same value, as senders see it: none that is empty or a container is like another. */
  areEqual(a: number, b: number): boolean {
    const type = this.types[a];
    if (type !== this.types[b]) return false;
    switch (type) {
      case STRING:
        return this.#str === undefined || areEqualBytes(this.#str, a, b);
      case INT:
        return this.#areEqualInts(a, b);
      case DOUBLE:
        return this.#doubleOf(a) === this.#doubleOf(b);
      case BOOL:
        return this.#boolOf(a) === this.#boolOf(b);
      case BYTES:
        return this.#bytes === undefined || areEqualBytes(this.#bytes, a, b);
      default:
        return false;
    }
  }

  #writeString(row: number): void {
    const { json } = this.#writers;
    const entry = this.#str?.entries[row] ?? NONE;
    if (entry === NONE) {
      json.ascii('""');
      return;
    }
    const { offsets, bytes } = this.#str!.values;
    const start = offsets[entry]!;
    if (this.#jsonStarts.length === 0) {
      json.string(bytes, start, offsets[entry + 1]! - start);
      return;
    }
    const written = this.#jsonStarts[entry]!;
    if (written !== 0) {
      json.heap.append(json.heap.bytes, written - 1, this.#jsonEnds[entry]! - written + 1);
      return;
    }
    this.#jsonStarts[entry] = json.heap.end + 1;
    json.string(bytes, start, offsets[entry + 1]! - start);
    this.#jsonEnds[entry] = json.heap.end;
  }

  #writeBase64(row: number): void {
    const entry = this.#bytes?.entries[row] ?? NONE;
    if (entry === NONE) return;
    const { offsets, bytes } = this.#bytes!.values;
    this.#writers.json.base64(bytes, offsets[entry]!, offsets[entry + 1]! - offsets[entry]!);
  }

  #writeCbor(row: number, kind: 'array' | 'map'): void {
    const entry = this.#ser?.entries[row] ?? NONE;
    if (entry === NONE) this.#failSer(`must not be null where the type is ${kind}, as in row ${row}`);
    const { offsets, bytes } = this.#ser!.values;
    this.#writers.cbor.write(bytes, offsets[entry]!, offsets[entry + 1]!, kind, this.#failSer);
  }

  #areEqualInts(a: number, b: number): boolean {
    if (this.#int === undefined) return true;
    const { entries, values } = this.#int;
    const entryA = entries[a]!;
    const entryB = entries[b]!;
    const low = (entry: number) => (entry === NONE ? 0 : values.words[2 * entry]!);
    const high = (entry: number) => (entry === NONE ? 0 : values.words[2 * entry + 1]!);
    return entryA === entryB || (low(entryA) === low(entryB) && high(entryA) === high(entryB));
  }

  #doubleOf(row: number): number {
    const entry = this.#double?.entries[row] ?? NONE;
    return entry === NONE ? 0 : this.#double!.values.array[entry]!;
  }

  #boolOf(row: number): boolean {
    const entry = this.#bool?.entries[row] ?? NONE;
    return entry !== NONE && isSet(this.#bool!.values.bits, entry);
  }
}

function readTypes(columns: Columns): Uint8Array {
  const column = columns.ints('type') ?? columns.fail('type', 'is required');
  const { entries, values } = column;
  const types = new Uint8Array(entries.length);
  for (let row = 0; row < types.length; row++) {
    const entry = entries[row]!;
    const type = entry === NONE ? EMPTY : values.array[entry]!;
    if (type < EMPTY || type > BYTES) columns.fail('type', `must be ${EMPTY} to ${BYTES}, got ${type} in row ${row}`);
    types[row] = type;
  }
  return types;
}
