import type { FrozenBatch } from '../buffer/generation.js';
import type { SignalRows } from '../buffer/signal-rows.js';
import { layOutPinned, type PinnedRows, pinVectors, VECTOR_ROWS, type VectorRows } from '../buffer/vector-rows.js';
import { type Signal, type TelemetryTable, tenantColumn } from '../schema/column-declaration.js';
import { tablesBySignal } from '../schema/tables.js';
import { HeapPin } from './heap-pin.js';

const MICROSECONDS_PER_DAY = 86_400e6;

/**
 * Rows in DuckDB's own form: texts in memory that DuckDB owns, and everything else laid out as its vectors have it. A scan of
 * it is a copy of bytes, and as many scans as it takes may be made.
 */
export class FrozenRows implements FrozenBatch {
  readonly signal: Signal;
  readonly rows: number;
  readonly byteLength: number;
  readonly #tables: ReadonlyMap<TelemetryTable, PinnedRows>;
  /** Owners of the memory that string slots of the columns point into. Nobody reads them; somebody has to keep them. */
  readonly pins: readonly HeapPin[];

  private constructor(signal: Signal, tables: ReadonlyMap<TelemetryTable, PinnedRows>, pinned: PinnedTexts) {
    const rows = [...tables.values()];
    this.signal = signal;
    this.rows = rows.reduce((sum, table) => sum + table.rows, 0);
    this.byteLength = rows.reduce((bytes, { fixed }) => bytes + fixed.byteLength, pinned.bytes);
    this.#tables = tables;
    this.pins = pinned.pins;
  }

  /** Copies rows. */
  static copyOf({ signal, heap, tables }: SignalRows): FrozenRows {
    const pin = new HeapPin(heap.bytes.subarray(0, heap.end));
    const frozen = tables
      .filter(({ rows }) => rows > 0)
      .map((rows) => [rows.table, layOutPinned(rows, heap.bytes, pin)] as const);
    return new FrozenRows(signal, new Map(frozen), { pins: [pin], bytes: heap.end });
  }

  /** Takes over what a thread has laid out, at most once for each table. Nobody may read `decoded` afterwards. */
  static takeOver(signal: Signal, decoded: readonly VectorRows[]): FrozenRows {
    const pins = decoded.map(({ texts }) => new HeapPin(new Uint8Array(texts)));
    const frozen = decoded.map((rows, i) => {
      const table = tablesBySignal[signal].find(({ name }) => name === rows.table);
      if (table === undefined) throw new Error(`BUG: ${signal} have no table ${rows.table}`);
      return [table, pinVectors(rows, table, pins[i]!)] as const;
    });
    const bytes = decoded.reduce((sum, { texts }) => sum + texts.byteLength, 0);
    return new FrozenRows(signal, new Map(frozen), { pins, bytes });
  }

  rowsOf(table: TelemetryTable): number {
    return this.#tables.get(table)?.rows ?? 0;
  }

  frozenTable(table: TelemetryTable): PinnedRows | undefined {
    return this.#tables.get(table);
  }

  /**
   * Day of all rows of a table by its first TIMESTAMP, counted from 1970 in UTC. Undefined where they have several, or
   * some have no time.
   */
  dayOf(table: TelemetryTable): number | undefined {
    const frozen = this.#tables.get(table);
    const time = table.columns.find(({ type }) => type === 'TIMESTAMP');
    const column = frozen?.columns.get(time?.name ?? '');
    if (frozen === undefined || column?.kind !== 'flat' || column.validityAt !== undefined) return undefined;
    const words = new Uint32Array(frozen.fixed, column.valuesAt, 2 * frozen.rows);
    let firstDay: number | undefined;
    for (let i = 0; i < words.length; i += 2) {
      const micros = words[i + 1]! * 0x1_0000_0000 + words[i]!;
      // A double may have rounded a larger one up to the next day.
      if (micros > Number.MAX_SAFE_INTEGER) return undefined;
      const day = Math.floor(micros / MICROSECONDS_PER_DAY);
      firstDay ??= day;
      if (day !== firstDay) return undefined;
    }
    return firstDay;
  }

  /** Those whose rows of a table these are; undefined is one of them where rows have no tenant. */
  tenantsOf(table: TelemetryTable): readonly (string | undefined)[] {
    const column = this.#tables.get(table)?.columns.get(tenantColumn.name);
    return column?.kind === 'runs' ? column.runs.map(({ tenant }) => tenant) : [undefined];
  }
}

interface PinnedTexts {
  readonly pins: readonly HeapPin[];
  readonly bytes: number;
}

/** A batch that this module made. */
export function frozenRows(batch: FrozenBatch): FrozenRows {
  if (!(batch instanceof FrozenRows)) throw new Error('BUG: a batch that this DuckDB did not freeze');
  return batch;
}

/** Rows of a table that go to one vector. */
export interface FrozenPart {
  readonly rows: PinnedRows;
  readonly firstRow: number;
  readonly count: number;
}

/** The rows of batches for a table, in parts that a vector takes. */
export class FrozenParts {
  readonly #tables: readonly PinnedRows[];
  #table = 0;
  #row = 0;

  constructor(batches: readonly FrozenBatch[], table: TelemetryTable) {
    this.#tables = batches.flatMap((batch) => frozenRows(batch).frozenTable(table) ?? []);
  }

  rewind(): void {
    this.#table = 0;
    this.#row = 0;
  }

  /** Undefined at the end. */
  next(): FrozenPart | undefined {
    const rows = this.#tables[this.#table];
    if (rows === undefined) return undefined;
    const firstRow = this.#row;
    const count = Math.min(VECTOR_ROWS, rows.rows - firstRow);
    this.#row += count;
    if (this.#row === rows.rows) {
      this.#table++;
      this.#row = 0;
    }
    return { rows, firstRow, count };
  }
}
