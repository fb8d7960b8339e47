// The columns that together hold one AnyValue per row: its type, and a column per way to store it. Attributes are made
// of them, and the bodies of logs.

import {
  type BinaryColumn,
  type BoolColumn,
  type Columns,
  type DoubleColumn,
  type Int64Column,
  NONE,
  type Utf8Column,
} from '../arrow/columns.js';
import type { Fail } from '../arrow/fail.js';
import { isSet } from '../arrow/values.js';
import type { JsonText } from '../text/json-text.js';
import type { CborJson } from './cbor-json.js';
import { areEqualEntries, HeapTexts } from './heap-texts.js';

const EMPTY = 0;
const STRING = 1;
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
  readonly #writers: ValueWriters;
  readonly #types: Uint8Array;
  /** Of each row the entry in the column that its type names; the other columns' rows are not even looked at. */
  readonly #entries: Uint32Array;
  readonly #str: Utf8Column | undefined;
  readonly #int: Int64Column | undefined;
  readonly #double: DoubleColumn | undefined;
  readonly #bool: BoolColumn | undefined;
  readonly #bytes: BinaryColumn | undefined;
  readonly #ser: BinaryColumn | undefined;
  readonly #failSer: Fail;
  readonly #texts: HeapTexts | undefined;

  constructor(writers: ValueWriters, columns: Columns) {
    this.#writers = writers;
    this.#str = columns.texts('str');
    this.#int = columns.int64s('int');
    this.#double = columns.doubles('double');
    this.#bool = columns.bools('bool');
    this.#bytes = columns.binaries('bytes');
    this.#ser = columns.binaries('ser');
    this.#failSer = (problem) => columns.fail('ser', problem);
    this.#texts = this.#str && new HeapTexts(writers.json, this.#str, (problem) => columns.fail('str', problem));
    this.#types = readTypes(columns);
    this.#entries = this.#readEntries(columns);
  }

  /** Writes a row's value as JSON. Returns false, having written nothing, for a double that JSON has no number for. */
  writeJson(row: number): boolean {
    const { json } = this.#writers;
    const entry = this.#entries[row]!;
    switch (this.#types[row]) {
      case STRING: {
        if (entry === NONE) {
          json.ascii('""');
          return true;
        }
        const { offsets, bytes } = this.#str!.values;
        const start = offsets[entry]!;
        json.string(bytes, start, offsets[entry + 1]! - start);
        return true;
      }
      case INT:
        if (entry === NONE) json.ascii('0');
        else json.int64(this.#int!.values.words[2 * entry]!, this.#int!.values.words[2 * entry + 1]!);
        return true;
      case DOUBLE: {
        const double = this.#doubleOf(entry);
        if (!Number.isFinite(double)) return false;
        json.double(double);
        return true;
      }
      case BOOL:
        json.ascii(this.#boolOf(entry) ? 'true' : 'false');
        return true;
      case MAP:
        this.#writeCbor(row, 'map');
        return true;
      case SLICE:
        this.#writeCbor(row, 'array');
        return true;
      case BYTES:
        json.byte(QUOTE);
        this.#writeBase64(entry);
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
    const entry = this.#entries[row]!;
    this.offset = heap.end;
    switch (this.#types[row]) {
      case EMPTY:
        break;
      case STRING:
        if (this.#texts !== undefined && this.#texts.writeEntry(entry, row) > 0) {
          this.offset = this.#texts.offset;
          this.length = this.#texts.length;
          return this.length;
        }
        break;
      case DOUBLE:
        this.#writers.json.double(this.#doubleOf(entry));
        break;
      case BYTES:
        this.#writeBase64(entry);
        break;
      default:
        this.writeJson(row);
    }
    this.length = heap.end - this.offset;
    return this.length;
  }

  /** Whether two rows have the same value, as senders see it: none that is empty or a container is like another. */
  areEqual(a: number, b: number): boolean {
    const type = this.#types[a];
    if (type !== this.#types[b]) return false;
    const entryA = this.#entries[a]!;
    const entryB = this.#entries[b]!;
    switch (type) {
      case STRING:
        return entryA === entryB || areEqualEntries(this.#str!.values, entryA, entryB);
      case INT:
        return entryA === entryB || this.#areEqualInts(entryA, entryB);
      case DOUBLE:
        return this.#doubleOf(entryA) === this.#doubleOf(entryB);
      case BOOL:
        return this.#boolOf(entryA) === this.#boolOf(entryB);
      case BYTES:
        return entryA === entryB || areEqualEntries(this.#bytes!.values, entryA, entryB);
      default:
        return false;
    }
  }

  /** Whether a row has a zero of either sign, which are equal and not written alike. */
  isZeroDouble(row: number): boolean {
    return this.#types[row] === DOUBLE && this.#doubleOf(this.#entries[row]!) === 0;
  }

  #readEntries(columns: Columns): Uint32Array {
    const types = this.#types;
    const entries = columns.scratch.words(types.length);
    for (let row = 0; row < types.length; row++) {
      switch (types[row]) {
        case STRING:
          entries[row] = this.#str === undefined ? NONE : this.#str.entry(row);
          break;
        case INT:
          entries[row] = this.#int === undefined ? NONE : this.#int.entry(row);
          break;
        case DOUBLE:
          entries[row] = this.#double === undefined ? NONE : this.#double.entry(row);
          break;
        case BOOL:
          entries[row] = this.#bool === undefined ? NONE : this.#bool.entry(row);
          break;
        case MAP:
        case SLICE:
          entries[row] = this.#ser === undefined ? NONE : this.#ser.entry(row);
          break;
        case BYTES:
          entries[row] = this.#bytes === undefined ? NONE : this.#bytes.entry(row);
          break;
        default:
          entries[row] = NONE;
      }
    }
    return entries;
  }

  #writeBase64(entry: number): void {
    if (entry === NONE) return;
    const { offsets, bytes } = this.#bytes!.values;
    this.#writers.json.base64(bytes, offsets[entry]!, offsets[entry + 1]! - offsets[entry]!);
  }

  #writeCbor(row: number, kind: 'array' | 'map'): void {
    const entry = this.#entries[row]!;
    if (entry === NONE) this.#failSer(`must not be null where the type is ${kind}, as in row ${row}`);
    const { offsets, bytes } = this.#ser!.values;
    this.#writers.cbor.write(bytes, offsets[entry]!, offsets[entry + 1]!, kind, this.#failSer);
  }

  #areEqualInts(entryA: number, entryB: number): boolean {
    const { words } = this.#int!.values;
    const word = (entry: number, which: 0 | 1) => (entry === NONE ? 0 : words[2 * entry + which]!);
    return word(entryA, 0) === word(entryB, 0) && word(entryA, 1) === word(entryB, 1);
  }

  #doubleOf(entry: number): number {
    return entry === NONE ? 0 : this.#double!.values.array[entry]!;
  }

  #boolOf(entry: number): boolean {
    return entry !== NONE && isSet(this.#bool!.values.bits, entry);
  }
}

function readTypes(columns: Columns): Uint8Array {
  const column = columns.ints('type') ?? columns.fail('type', 'is required');
  const { array } = column.values;
  const types = columns.scratch.bytes(column.length);
  for (let row = 0; row < types.length; row++) {
    const entry = column.entry(row);
    const type = entry === NONE ? EMPTY : array[entry]!;
    if (type < EMPTY || type > BYTES) columns.fail('type', `must be ${EMPTY} to ${BYTES}, got ${type} in row ${row}`);
    types[row] = type;
  }
  return types;
}
