// Chunks of a result → blocks of columns: one copy of memory per vector, and no value of JavaScript per row.
//
// Views of DuckDB's memory live no longer than the turn that they are made in: the chunk that owns it is collected by chance.

import type { DuckDBResult, DuckDBType } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { BlockColumn, ColumnBlock, RowValidity } from '../buffer/column-block.js';
import { MAX_INLINED_BYTES, maskBytes, SLOT_BYTES } from '../buffer/vector-rows.js';
import { DuckDBListType, DuckDBTypeId } from './node-api.js';

/** Makes a typed array over a copy of a vector's bytes. */
type NumberArray = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayLike<number>;

type ColumnReader =
  | { readonly kind: 'double'; readonly bytesPerRow: number; readonly array: NumberArray }
  | { readonly kind: 'bigint' }
  | { readonly kind: 'text' }
  | { readonly kind: 'list'; readonly child: ColumnReader };

/** Rows of a vector, from its first. */
interface Part {
  readonly vector: duckdb.Vector;
  readonly rows: number;
}

const readers: ReadonlyMap<DuckDBTypeId, ColumnReader> = new Map<DuckDBTypeId, ColumnReader>([
  [DuckDBTypeId.BOOLEAN, { kind: 'double', bytesPerRow: 1, array: Uint8Array }],
  [DuckDBTypeId.TINYINT, { kind: 'double', bytesPerRow: 1, array: Int8Array }],
  [DuckDBTypeId.UTINYINT, { kind: 'double', bytesPerRow: 1, array: Uint8Array }],
  [DuckDBTypeId.SMALLINT, { kind: 'double', bytesPerRow: 2, array: Int16Array }],
  [DuckDBTypeId.USMALLINT, { kind: 'double', bytesPerRow: 2, array: Uint16Array }],
  [DuckDBTypeId.INTEGER, { kind: 'double', bytesPerRow: 4, array: Int32Array }],
  [DuckDBTypeId.UINTEGER, { kind: 'double', bytesPerRow: 4, array: Uint32Array }],
  [DuckDBTypeId.FLOAT, { kind: 'double', bytesPerRow: 4, array: Float32Array }],
  [DuckDBTypeId.DOUBLE, { kind: 'double', bytesPerRow: 8, array: Float64Array }],
  [DuckDBTypeId.BIGINT, { kind: 'bigint' }],
  [DuckDBTypeId.UBIGINT, { kind: 'bigint' }],
  [DuckDBTypeId.TIMESTAMP, { kind: 'bigint' }],
  [DuckDBTypeId.TIMESTAMP_S, { kind: 'bigint' }],
  [DuckDBTypeId.TIMESTAMP_MS, { kind: 'bigint' }],
  [DuckDBTypeId.TIMESTAMP_NS, { kind: 'bigint' }],
  [DuckDBTypeId.TIMESTAMP_TZ, { kind: 'bigint' }],
  [DuckDBTypeId.VARCHAR, { kind: 'text' }],
  [DuckDBTypeId.BLOB, { kind: 'text' }],
]);

export class BlockReader {
  readonly #columns: readonly ColumnReader[];

  /** Throws if a column of the result has a type that blocks do not have. */
  constructor(result: DuckDBResult) {
    this.#columns = result.columnNames().map((name, i) => readerOf(name, result.columnType(i)));
  }

  /** The rows of some chunks, in their order. */
  read(chunks: readonly duckdb.DataChunk[]): ColumnBlock {
    const sizes = chunks.map((chunk) => duckdb.data_chunk_get_size(chunk));
    const columns = this.#columns.map((reader, i) =>
      readColumn(
        reader,
        chunks.map((chunk, k) => ({ vector: duckdb.data_chunk_get_vector(chunk, i), rows: sizes[k]! })),
      ),
    );
    return { rowCount: sizes.reduce((sum, rows) => sum + rows, 0), columns };
  }
}

function readerOf(name: string, type: DuckDBType): ColumnReader {
  if (type instanceof DuckDBListType) return { kind: 'list', child: readerOf(name, type.valueType) };
  const reader = readers.get(type.typeId);
  if (reader === undefined) throw new Error(`BUG: column ${name} has type ${type}, which blocks do not have: cast it`);
  return reader;
}

function readColumn(reader: ColumnReader, parts: readonly Part[]): BlockColumn {
  const valid = readValidity(parts);
  switch (reader.kind) {
    case 'double':
      return { kind: 'double', values: readNumbers(reader, parts), valid };
    case 'bigint': {
      const values = new BigInt64Array(rowsOf(parts));
      copyVectors(new Uint8Array(values.buffer), parts, 8);
      return { kind: 'bigint', values, valid };
    }
    case 'text':
      return { kind: 'text', ...readTexts(parts, valid), valid };
    case 'list':
      return { kind: 'list', ...readLists(reader.child, parts, valid), valid };
  }
}

function rowsOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { rows }) => sum + rows, 0);
}

function copyVectors(to: Uint8Array, parts: readonly Part[], bytesPerRow: number): void {
  let at = 0;
  for (const { vector, rows } of parts) {
    if (rows === 0) continue;
    to.set(duckdb.vector_get_data(vector, rows * bytesPerRow), at);
    at += rows * bytesPerRow;
  }
}

function readNumbers({ bytesPerRow, array }: Extract<ColumnReader, { kind: 'double' }>, parts: readonly Part[]) {
  const rows = rowsOf(parts);
  const values = new Float64Array(rows);
  if (array === Float64Array) {
    copyVectors(new Uint8Array(values.buffer), parts, bytesPerRow);
  } else {
    const bytes = new Uint8Array(rows * bytesPerRow);
    copyVectors(bytes, parts, bytesPerRow);
    values.set(new array(bytes.buffer, 0, rows));
  }
  return values;
}

/** A byte per row of a bit per row. Undefined where all bits are set. */
function readValidity(parts: readonly Part[]): RowValidity {
  let valid: RowValidity;
  let firstRow = 0;
  for (const { vector, rows } of parts) {
    const mask = rows === 0 ? null : maskOf(vector, rows);
    if (mask !== null && !isAllSet(mask, rows)) {
      valid ??= new Uint8Array(rowsOf(parts)).fill(1);
      for (let row = 0; row < rows; row++) valid[firstRow + row] = (mask[row >> 3]! >> (row & 7)) & 1;
    }
    firstRow += rows;
  }
  return valid;
}

/** The bindings' types do not say that there may be no mask. */
function maskOf(vector: duckdb.Vector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, maskBytes(rows)) as Uint8Array | null;
}

function isAllSet(mask: Uint8Array, rows: number): boolean {
  const wholeBytes = rows >> 3;
  for (let i = 0; i < wholeBytes; i++) if (mask[i] !== 0xff) return false;
  const rest = (1 << (rows & 7)) - 1;
  return (mask[wholeBytes]! & rest) === rest || rest === 0;
}

type Texts = Pick<Extract<BlockColumn, { kind: 'text' }>, 'offsets' | 'bytes'>;

function readTexts(parts: readonly Part[], valid: RowValidity): Texts {
  const rows = rowsOf(parts);
  const slotBytes = new Uint8Array(rows * SLOT_BYTES);
  copyVectors(slotBytes, parts, SLOT_BYTES);
  const slots = new Uint32Array(slotBytes.buffer);
  const offsets = new Uint32Array(rows + 1);
  let end = 0;
  for (let row = 0; row < rows; row++) {
    if (valid === undefined || valid[row] === 1) end += slots[4 * row]!;
    offsets[row + 1] = end;
  }
  if (end !== offsets[rows])
    throw new Error(`BUG: the texts of one block have ${end} bytes, more than its offsets reach`);
  const bytes = new Uint8Array(end);
  const pointed = new PointedTexts(slots, offsets);
  for (let row = 0; row < rows; row++) {
    const at = offsets[row]!;
    const length = offsets[row + 1]! - at;
    if (length > MAX_INLINED_BYTES) pointed.copy(row, bytes);
    else for (let i = 0; i < length; i++) bytes[at + i] = slotBytes[row * SLOT_BYTES + 4 + i]!;
  }
  return { offsets, bytes };
}

/** Texts of one area are read through one view: a view for each text would cost a microsecond a row. */
const AREA_BYTES = 2 ** 20;

interface Area {
  /** Address of its first text. */
  from: number;
  /** Address of the end of its last text. */
  to: number;
  view: Uint8Array | undefined;
}

/**
 * Texts that do not lie in their slots. They are found by address, most of them side by side. Addresses have 48 bits, so that a
 * number holds them exactly.
 */
class PointedTexts {
  readonly #slots: Uint32Array;
  readonly #offsets: Uint32Array;
  readonly #areas = new Map<number, Area>();
  readonly #pointer = new Uint32Array(2);

  constructor(slots: Uint32Array, offsets: Uint32Array) {
    this.#slots = slots;
    this.#offsets = offsets;
    let last: Area | undefined;
    let lastKey = -1;
    for (let row = 0; row < offsets.length - 1; row++) {
      const length = offsets[row + 1]! - offsets[row]!;
      if (length <= MAX_INLINED_BYTES) continue;
      const from = this.#addressOf(row);
      const key = Math.floor(from / AREA_BYTES);
      if (last === undefined || key !== lastKey) {
        last = this.#areas.get(key);
        lastKey = key;
        if (last === undefined) {
          last = { from, to: from + length, view: undefined };
          this.#areas.set(key, last);
        }
      }
      last.from = Math.min(last.from, from);
      last.to = Math.max(last.to, from + length);
    }
  }

  copy(row: number, to: Uint8Array): void {
    const address = this.#addressOf(row);
    const area = this.#areas.get(Math.floor(address / AREA_BYTES))!;
    area.view ??= this.#viewOf(area);
    const at = this.#offsets[row]!;
    const from = address - area.from;
    to.set(area.view.subarray(from, from + this.#offsets[row + 1]! - at), at);
  }

  #addressOf(row: number): number {
    return this.#slots[4 * row + 3]! * 2 ** 32 + this.#slots[4 * row + 2]!;
  }

  /**
   * A view, not a copy: what lies between the texts of an area may be nobody's memory. The bindings make views wherever Node's
   * API allows them, which Node does.
   */
  #viewOf({ from, to }: Area): Uint8Array {
    this.#pointer[0] = from % 2 ** 32;
    this.#pointer[1] = Math.floor(from / 2 ** 32);
    return duckdb.get_data_from_pointer(this.#pointer.buffer, 0, to - from);
  }
}

/** Offset and length of a list, 64 bits each, of which 32 are used. */
const ENTRY_BYTES = 16;

function readLists(child: ColumnReader, parts: readonly Part[], valid: RowValidity) {
  const rows = rowsOf(parts);
  const entryBytes = new Uint8Array(rows * ENTRY_BYTES);
  copyVectors(entryBytes, parts, ENTRY_BYTES);
  const entries = new Uint32Array(entryBytes.buffer);
  const childParts = parts.map(({ vector, rows }) => ({
    vector: duckdb.list_vector_get_child(vector),
    rows: rows === 0 ? 0 : duckdb.list_vector_get_size(vector),
  }));
  const offsets = new Uint32Array(rows + 1);
  let isInOrder = true;
  let end = 0;
  let row = 0;
  let firstElement = 0;
  const starts = new Uint32Array(rows);
  parts.forEach((part, i) => {
    for (const last = row + part.rows; row < last; row++) {
      if (valid === undefined || valid[row] === 1) {
        starts[row] = firstElement + entries[4 * row]!;
        const length = entries[4 * row + 2]!;
        isInOrder &&= length === 0 || starts[row] === end;
        end += length;
      }
      offsets[row + 1] = end;
    }
    firstElement += childParts[i]!.rows;
  });
  const elements = readColumn(child, childParts);
  if (isInOrder && end === firstElement) return { offsets, child: elements };
  // DuckDB may share elements between rows, or leave some that no row has.
  const wanted = new Uint32Array(end);
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) wanted[i] = starts[row]! + i - offsets[row]!;
  }
  return { offsets, child: gathered(elements, wanted) };
}

/** The rows of a column with these indexes. */
function gathered(column: BlockColumn, wanted: Uint32Array): BlockColumn {
  const { valid: from } = column;
  const valid = from && Uint8Array.from(wanted, (row) => from[row]!);
  switch (column.kind) {
    case 'double':
      return { kind: 'double', values: Float64Array.from(wanted, (row) => column.values[row]!), valid };
    case 'bigint': {
      const values = new BigInt64Array(wanted.length);
      wanted.forEach((row, i) => {
        values[i] = column.values[row]!;
      });
      return { kind: 'bigint', values, valid };
    }
    case 'text': {
      const offsets = gatheredOffsets(column.offsets, wanted);
      const bytes = new Uint8Array(offsets[wanted.length]!);
      wanted.forEach((row, i) => {
        bytes.set(column.bytes.subarray(column.offsets[row]!, column.offsets[row + 1]!), offsets[i]);
      });
      return { kind: 'text', offsets, bytes, valid };
    }
    case 'list': {
      const offsets = gatheredOffsets(column.offsets, wanted);
      const elements = new Uint32Array(offsets[wanted.length]!);
      wanted.forEach((row, i) => {
        for (let k = offsets[i]!; k < offsets[i + 1]!; k++) elements[k] = column.offsets[row]! + k - offsets[i]!;
      });
      return { kind: 'list', offsets, child: gathered(column.child, elements), valid };
    }
  }
}

function gatheredOffsets(offsets: Uint32Array, wanted: Uint32Array): Uint32Array<ArrayBuffer> {
  const gathered = new Uint32Array(wanted.length + 1);
  wanted.forEach((row, i) => {
    gathered[i + 1] = gathered[i]! + offsets[row + 1]! - offsets[row]!;
  });
  return gathered;
}
