// Batches → a relation that INSERT … SELECT can read: `FROM __otlp_batch(<scan id>)`.

import type { DuckDBConnection } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { messageOf } from '../base/failure.js';
import type { FrozenBatch } from '../buffer/generation.js';
import {
  columnsStored,
  type RowContents,
  type TelemetryColumn,
  type TelemetryTable,
} from '../schema/column-declaration.js';
import { duckdbType } from './duckdb-type.js';
import { FrozenParts, frozenRows } from './frozen-rows.js';
import { BIGINT, DuckDBTableFunction } from './node-api.js';
import { writeVector } from './vector-writer.js';

const FUNCTION_NAME = '__otlp_batch';

/** More threads than cores gain nothing; DuckDB caps this at its own number. */
const SCAN_THREADS = 64;

/** The batches that queries of one DuckDB instance can read at the moment. */
export class BatchScans {
  readonly #scans = new Map<number, BatchScan>();
  #nextId = 1;

  /** Whether an object like this is registered with the instance. */
  static async isRegistered(connection: DuckDBConnection): Promise<boolean> {
    // Batches count from 1, so this never binds. duckdb_functions() would list all functions first, which takes 50 ms.
    const failure = await connection.prepare(`FROM ${FUNCTION_NAME}(0)`).then(() => 'BUG: batch 0', messageOf);
    return !failure.startsWith('Catalog Error');
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
          for (const { name, type } of scan.columns) info.addResultColumn(name, duckdbType(type));
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

  /**
   * Runs `query` with SQL that reads all rows which the batches have for `table`, with the columns that tables
   * are filled with, in their order. The batches are kept in memory until the query has ended.
   */
  async read<T>(
    batches: readonly FrozenBatch[],
    table: TelemetryTable,
    contents: RowContents,
    query: (relation: string) => Promise<T>,
  ): Promise<T> {
    const id = this.#nextId++;
    this.#scans.set(id, new BatchScan(batches, table, columnsStored(table, contents)));
    try {
      return await query(`${FUNCTION_NAME}(${id})`);
    } finally {
      this.#scans.delete(id);
    }
  }
}

/** Day of all rows that batches have for a table, as FrozenRows has it. */
export function dayOf(batches: readonly FrozenBatch[], table: TelemetryTable): number | undefined {
  const days = batches.filter((batch) => batch.rowsOf(table) > 0).map((batch) => frozenRows(batch).dayOf(table));
  return days.every((day) => day === days[0]) ? days[0] : undefined;
}

/** The tenant of all rows that batches have for a table: null where they have none, undefined where they have several. */
export function tenantOf(batches: readonly FrozenBatch[], table: TelemetryTable): string | null | undefined {
  const all = batches.filter((batch) => batch.rowsOf(table) > 0).flatMap((batch) => frozenRows(batch).tenantsOf(table));
  return all.every((tenant) => tenant === all[0]) ? (all[0] ?? null) : undefined;
}

/** One pass over the rows of a table. DuckDB asks for chunks from several threads; callbacks run one at a time. */
class BatchScan {
  readonly columns: readonly TelemetryColumn[];
  readonly rows: number;
  // Keeps the batches, and with them the memory that string slots in DuckDB's hands point to.
  readonly #batches: readonly FrozenBatch[];
  readonly #parts: FrozenParts;

  constructor(batches: readonly FrozenBatch[], table: TelemetryTable, columns: readonly TelemetryColumn[]) {
    this.columns = columns;
    this.#batches = batches;
    this.#parts = new FrozenParts(batches, table);
    this.rows = this.#batches.reduce((rows, batch) => rows + batch.rowsOf(table), 0);
  }

  rewind(): void {
    this.#parts.rewind();
  }

  /** Writes the next rows to a chunk. Returns how many; 0 at the end. */
  fill(chunk: duckdb.DataChunk): number {
    const part = this.#parts.next();
    if (part === undefined) return 0;
    const { rows, firstRow, count } = part;
    const { columns } = this;
    duckdb.data_chunk_set_size(chunk, count);
    for (let i = 0; i < columns.length; i++) {
      writeVector(duckdb.data_chunk_get_vector(chunk, i), rows, columns[i]!.name, firstRow, count);
    }
    return count;
  }
}
