// Batches → a relation that INSERT … SELECT can read: `FROM __otlp_batch(<scan id>)`.

import { BIGINT, type DuckDBConnection, DuckDBTableFunction } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { SignalRows } from '../buffer/signal-rows.js';
import type { TelemetryTable } from '../schema/column-declaration.js';
import { duckdbType } from './duckdb-type.js';
import { HeapPin } from './heap-pin.js';
import { columnWriter, VECTOR_ROWS } from './vector-writer.js';

const FUNCTION_NAME = '__otlp_batch';

/** More threads than cores gain nothing; DuckDB caps this at its own number. */
const SCAN_THREADS = 64;

/** Batches at addresses that DuckDB can read. Referenced until the last query over them has ended. */
export class PinnedBatches {
  readonly batches: readonly SignalRows[];
  readonly #pins = new Map<SignalRows, HeapPin>();

  constructor(batches: readonly SignalRows[]) {
    this.batches = batches;
  }

  pin(batch: SignalRows): HeapPin {
    let pin = this.#pins.get(batch);
    if (pin === undefined) {
      pin = new HeapPin(batch.heap);
      this.#pins.set(batch, pin);
    }
    return pin;
  }
}

/** The batches that queries of one DuckDB instance can read at the moment. */
export class BatchScans {
  readonly #scans = new Map<number, BatchScan>();
  #nextId = 1;

  /** Whether an object like this is registered with the instance. */
  static async isRegistered(connection: DuckDBConnection): Promise<boolean> {
    const found = await connection.runAndReadAll(
      `SELECT 1 FROM duckdb_functions() WHERE function_name = '${FUNCTION_NAME}'`,
    );
    return found.currentRowCount > 0;
  }

  /** Makes the scans of this object readable on every connection of the instance. */
  register(connection: DuckDBConnection): void {
    connection.registerTableFunction(
      DuckDBTableFunction.create({
        name: FUNCTION_NAME,
        parameterTypes: [BIGINT],
        bindFunction: (info) => {
          const id = Number(info.getParameter(0));
          const scan = this.#scans.get(id);
          if (scan === undefined) throw new Error(`there is no batch ${id} to read`);
          for (const { name, type } of scan.table.columns) info.addResultColumn(name, duckdbType(type));
          info.setCardinality(scan.rows, true);
          info.setBindData(scan);
        },
        initFunction: (info) => {
          (info.bindData as BatchScan).rewind();
          info.setMaxThreads(SCAN_THREADS);
        },
        mainFunction: (info, output) => {
          output.rowCount = (info.bindData as BatchScan).fill(output.chunk);
        },
      }),
    );
  }

  /** Runs `query` with SQL that reads all rows which the batches have for `table`, in the table's column order. */
  async read<T>(pinned: PinnedBatches, table: TelemetryTable, query: (relation: string) => Promise<T>): Promise<T> {
    const id = this.#nextId++;
    this.#scans.set(id, new BatchScan(pinned, table));
    try {
      return await query(`${FUNCTION_NAME}(${id})`);
    } finally {
      this.#scans.delete(id);
    }
  }
}

/** One pass over the rows of a table. DuckDB asks for chunks from several threads; callbacks run one at a time. */
class BatchScan {
  readonly table: TelemetryTable;
  readonly rows: number;
  readonly #pinned: PinnedBatches;
  readonly #tableIndex: number;
  readonly #writers;
  #batch = 0;
  #row = 0;

  constructor(pinned: PinnedBatches, table: TelemetryTable) {
    this.#pinned = pinned;
    this.table = table;
    this.#tableIndex = pinned.batches[0]?.tables.findIndex((rows) => rows.table === table) ?? -1;
    this.#writers = table.columns.map(columnWriter);
    this.rows = pinned.batches.reduce((rows, batch) => rows + batch.tables[this.#tableIndex]!.rows, 0);
  }

  rewind(): void {
    this.#batch = 0;
    this.#row = 0;
  }

  /** Writes the next rows to a chunk. Returns how many; 0 at the end. */
  fill(chunk: duckdb.DataChunk): number {
    for (;;) {
      const batch = this.#pinned.batches[this.#batch];
      if (batch === undefined) return 0;
      const source = batch.tables[this.#tableIndex]!;
      const rows = Math.min(VECTOR_ROWS, source.rows - this.#row);
      if (rows === 0) {
        this.#batch++;
        this.#row = 0;
        continue;
      }
      const firstRow = this.#row;
      this.#row += rows;
      const heap = { heap: batch.heap, pin: this.#pinned.pin(batch) };
      duckdb.data_chunk_set_size(chunk, rows);
      for (let i = 0; i < this.#writers.length; i++) {
        this.#writers[i]!(duckdb.data_chunk_get_vector(chunk, i), source.columns[i]!, heap, firstRow, rows);
      }
      return rows;
    }
  }
}
