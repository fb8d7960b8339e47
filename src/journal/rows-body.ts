// Decoded rows ↔ body of a journal record. Layout: length of the description, heap length, number of tables and of arrays, rows
// of each table, length of each array (all u32); the description, JSON that names the columns of each table with rows; the
// packed buffer. Later versions find columns by name. Offsets from a file are validated before DuckDB gets addresses made of
// them.

import { isUtf8 } from 'node:buffer';
import { growFreely } from '../buffer/check-growth.js';
import {
  type Column,
  columnFor,
  FixedWidthColumn,
  Int64Column,
  ListColumn,
  NULL_TEXT,
  TextColumn,
} from '../buffer/column.js';
import { PackedArrays, type PackedRows, packRows } from '../buffer/packed-rows.js';
import { SignalRows } from '../buffer/signal-rows.js';
import type { TableRows } from '../buffer/table-rows.js';
import { isContinuationByte } from '../decode/text/text-check.js';
import {
  columnsKept,
  type Fidelity,
  type Signal,
  signals,
  type TelemetryColumn,
  type TelemetryTable,
} from '../schema/column-declaration.js';
import { tablesBySignal } from '../schema/tables.js';
import { crc32c } from './checksum.js';
import { firstLayouts } from './first-layouts.js';
import type { TableLayout } from './table-layout.js';

/** Number of u32 fields before the counts and lengths. */
const FIXED_NUMBERS = 4;

/** Rows have columns of a later version, whose values would be lost. */
export class UnknownColumn extends Error {}

/** A table's part of a description, after the parts of other tables. */
const described = { standard: descriptions('standard'), exact: descriptions('exact') };

function descriptions(fidelity: Fidelity): ReadonlyMap<string, string> {
  const tables = Object.values(tablesBySignal).flat();
  return new Map(tables.map((table) => [table.name, JSON.stringify(layoutOf(table, fidelity))]));
}

export function encodeRows({ signal, fidelity, buffer, heapBytes, rows, lengths }: PackedRows): Uint8Array {
  const tables = tablesBySignal[signal].filter((_, i) => rows[i] !== 0);
  const counts = rows.filter((count) => count !== 0);
  const layout = Buffer.from(`[${tables.map(({ name }) => described[fidelity].get(name)).join()}]`);
  const numbers = Uint32Array.from([layout.length, heapBytes, counts.length, lengths.length, ...counts, ...lengths]);
  const body = new Uint8Array(numbers.byteLength + layout.length + buffer.byteLength);
  body.set(new Uint8Array(numbers.buffer));
  body.set(layout, numbers.byteLength);
  body.set(new Uint8Array(buffer), numbers.byteLength + layout.length);
  return body;
}

/**
 * Throws a RangeError that says why a body is no rows of the signal, or an UnknownColumn if a later version wrote it. Columns that
 * it lacks get their absent value.
 */
export function decodeRows(signal: Signal, body: Uint8Array): PackedRows {
  const { first: layoutBytes, heapBytes, counts, lengths, end } = readNumbers(body);
  const layouts = parsedLayouts(body.subarray(end, end + layoutBytes));
  if (layouts.length !== counts.length) {
    throw new RangeError(`it announces ${counts.length} tables and describes ${layouts.length}`);
  }
  return readRows(signal, layouts, { heapBytes, counts, lengths, packed: body.subarray(end + layoutBytes) });
}

/** The same for a body of format 1, which has a fingerprint of its columns instead of their names. */
export function decodeFirstRows(signal: Signal, body: Uint8Array): PackedRows {
  const { first: fingerprint, heapBytes, counts, lengths, end } = readNumbers(body);
  if (fingerprint !== firstFingerprints[signal]) {
    throw new RangeError(`its ${signal} are of columns that no version of format 1 had`);
  }
  const layouts = firstLayouts[signal];
  if (layouts.length !== counts.length) {
    throw new RangeError(`it announces ${counts.length} tables, where ${signal} had ${layouts.length}`);
  }
  return readRows(signal, layouts, { heapBytes, counts, lengths, packed: body.subarray(end) });
}

const firstFingerprints = Object.fromEntries(
  signals.map((signal) => {
    const columns = firstLayouts[signal].flatMap(([table, names]) =>
      names.map((column) => `${table}.${column.endsWith(' zero') ? column : `${column} NULL`}`),
    );
    return [signal, crc32c(Buffer.from(columns.join('\n')))];
  }),
) as Readonly<Record<Signal, number>>;

function layoutOf(table: TelemetryTable, fidelity: Fidelity): TableLayout {
  return [table.name, columnsKept(table, fidelity).map(columnText)];
}

/** Compact, because every record contains it. */
function columnText({ name, type, absent }: TelemetryColumn): string {
  return absent === 'NULL' ? `${name} ${type}` : `${name} ${type} ${absent}`;
}

/** Start of a body: four numbers, the rows of each table, and the length of each array. */
function readNumbers(body: Uint8Array) {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const number = (index: number) => view.getUint32(4 * index, true);
  if (body.length < 4 * FIXED_NUMBERS) throw new RangeError(`it has ${body.length} bytes, too few for rows`);
  const tables = number(2);
  const arrays = number(3);
  const end = 4 * (FIXED_NUMBERS + tables + arrays);
  if (end > body.length) throw new RangeError(`it announces ${tables} tables and ${arrays} arrays`);
  return {
    first: number(0),
    heapBytes: number(1),
    counts: Array.from({ length: tables }, (_, i) => number(FIXED_NUMBERS + i)),
    lengths: Array.from({ length: arrays }, (_, i) => number(FIXED_NUMBERS + tables + i)),
    end,
  };
}

function parsedLayouts(bytes: Uint8Array): readonly TableLayout[] {
  let layouts: unknown;
  try {
    layouts = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw new RangeError('it does not describe its columns', { cause: error });
  }
  if (!Array.isArray(layouts) || !layouts.every(isLayout)) throw new RangeError('it does not describe its columns');
  return layouts;
}

function isLayout(value: unknown): value is TableLayout {
  if (!Array.isArray(value)) return false;
  const [table, columns] = value;
  return typeof table === 'string' && Array.isArray(columns) && columns.every((column) => typeof column === 'string');
}

interface PackedParts {
  readonly heapBytes: number;
  /** Rows of each described table. */
  readonly counts: readonly number[];
  readonly lengths: readonly number[];
  readonly packed: Uint8Array;
}

/** Finds our columns among the described ones. */
function readRows(signal: Signal, layouts: readonly TableLayout[], parts: PackedParts): PackedRows {
  const rows = new SignalRows(signal, undefined, fidelityOf(signal, layouts));
  // A copy, because typed arrays over it must start at multiples of eight bytes.
  const arrays = new PackedArrays(new Uint8Array(parts.packed).buffer, parts.heapBytes, parts.lengths);
  rows.heap.bytes = arrays.heap;
  rows.heap.end = parts.heapBytes;
  layouts.forEach(([name, columns], i) => {
    const count = parts.counts[i]!;
    if (count > 0) readTable(tableNamed(rows, name), columns, count, arrays);
  });
  checkRows(rows);
  return packRows(rows);
}

/** What rows of these columns keep. */
function fidelityOf(signal: Signal, layouts: readonly TableLayout[]): Fidelity {
  const described = new Set(layouts.flatMap(([name, columns]) => columns.map((column) => `${name}.${column}`)));
  const isExact = tablesBySignal[signal].some(({ name, exactColumns }) =>
    exactColumns.some((column) => described.has(`${name}.${columnText(column)}`)),
  );
  return isExact ? 'exact' : 'standard';
}

function readTable(table: TableRows, columns: readonly string[], count: number, arrays: PackedArrays): void {
  if (table.rows > 0) throw new RangeError(`it describes ${table.table.name} twice`);
  const found = new Map<TelemetryColumn, ReturnType<PackedArrays['next']>>();
  for (const text of columns) {
    const declared = table.columns.find((column) => columnText(column.declaration) === text)?.declaration;
    if (declared === undefined || found.has(declared)) throw unknown(`a column ${table.table.name}.${text}`);
    found.set(declared, arrays.next(columnFor(declared, growFreely)));
  }
  table.adopt(
    count,
    table.columns.map((column: Column) => found.get(column.declaration) ?? absentArrays(column.declaration, count)),
  );
}

function absentArrays(declaration: TelemetryColumn, count: number): ReturnType<PackedArrays['next']> {
  const column = columnFor(declaration, growFreely);
  column.resize(count, 0);
  return column.arrays(count);
}

function tableNamed(rows: SignalRows, name: string): TableRows {
  const table = rows.tables.find((candidate) => candidate.table.name === name);
  if (table === undefined) throw unknown(`a table ${name}`);
  return table;
}

function unknown(what: string): UnknownColumn {
  return new UnknownColumn(`it has ${what}, which this otelduck does not know: start the one that wrote it`);
}

/** Verifies that all offsets of the columns lie within their memory. */
function checkRows(rows: SignalRows): void {
  const heap = rows.heap.bytes.subarray(0, rows.heap.end);
  const isWholeUtf8 = isUtf8(heap);
  for (const { table, columns, rows: count } of rows.tables) {
    for (const column of columns) {
      const refuse = (problem: string): never => {
        throw new RangeError(`its ${table.name}.${column.declaration.name} ${problem}`);
      };
      if (count === 0) continue;
      if (column instanceof TextColumn) {
        if (column.slots.length !== 2 * count) refuse('has another number of rows');
        for (let row = 0; row < count; row++) {
          const offset = column.slots[2 * row]!;
          const length = column.slots[2 * row + 1]!;
          if (length === NULL_TEXT) continue;
          if (offset + length > heap.length) refuse('has a text outside of its heap');
          if (!isText(heap, offset, length, isWholeUtf8)) refuse('has a text that is not UTF-8');
        }
      } else if (column instanceof Int64Column) {
        if (column.words.length !== 2 * count) refuse('has another number of rows');
        if (!areFlags(column.valid, count)) refuse('has wrong marks of NULL');
      } else if (column instanceof FixedWidthColumn) {
        if (column.values.length !== count) refuse('has another number of rows');
        if (!areFlags(column.valid, count)) refuse('has wrong marks of NULL');
        if (column.declaration.type === 'BOOLEAN' && !areFlags(column.values as Uint8Array, count)) {
          refuse('has values that are neither true nor false');
        }
      } else if (column instanceof ListColumn) {
        if (column.entries.length !== 2 * count) refuse('has another number of rows');
        for (let row = 0; row < count; row++) {
          if (column.entries[2 * row]! + column.entries[2 * row + 1]! > column.elementCount) {
            refuse('has a list outside of its elements');
          }
        }
      } else throw new Error(`BUG: no check for ${table.name}.${column.declaration.name}`);
    }
  }
}

function isText(heap: Uint8Array, offset: number, length: number, isWholeUtf8: boolean): boolean {
  if (length === 0) return true;
  if (!isWholeUtf8) return isUtf8(heap.subarray(offset, offset + length));
  const after = heap[offset + length];
  return !isContinuationByte(heap[offset]!) && (after === undefined || !isContinuationByte(after));
}

function areFlags(bytes: Uint8Array | undefined, count: number): boolean {
  return bytes === undefined || (bytes.length === count && bytes.every((byte) => byte <= 1));
}
