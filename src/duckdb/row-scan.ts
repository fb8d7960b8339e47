// Rows that wait in memory → a relation for users' queries: `FROM __otlp_rows(<request>)`. Unlike the scan that seals
// read, it takes only the columns that a query needs, and says of each row which generation it is part of.

import type { DuckDBConnection } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import type { GenerationRows } from '../buffer/generation.js';
import { columnsKnown, type TelemetryColumn, type TelemetryTable } from '../schema/column-declaration.js';
import { duckdbType } from './duckdb-type.js';
import { FrozenParts } from './frozen-rows.js';
import { DuckDBTableFunction, VARCHAR } from './node-api.js';
import { quotedString } from './sql-text.js';
import { writeNulls, writeVector } from './vector-writer.js';

const FUNCTION_NAME = '__otlp_rows';

/** Columns that a scan adds after those of the table. */
export const partColumns = {
  generation: { name: '__generation', type: 'VARCHAR' },
  listenUri: { name: '__listen_uri', type: 'VARCHAR' },
  /** True of a row that stands for a generation whose rows have left memory. Its other columns are NULL. */
  isReleased: { name: '__is_released', type: 'BOOLEAN' },
  /** False of a row that precedes the requested rows. */
  isNew: { name: '__is_new', type: 'BOOLEAN' },
} as const;

/** Rows of one generation of one server. */
export interface ScanPart {
  readonly listenUri: string;
  readonly generation: string;
  /** Undefined if the rows have left memory. */
  readonly rows: GenerationRows | undefined;
  /** Rows at the beginning that are not new. */
  readonly oldRows: number;
}

/** Answers requests, which are texts that it has made itself. Called on the JavaScript thread. */
export interface RowSource {
  tableOf(request: string): TelemetryTable;
  /** The rows as they are now. They are referenced until the query has ended. */
  read(request: string): readonly ScanPart[];
}

/** SQL of the relation that answers a request. */
export function rowScanSql(request: string): string {
  return `${FUNCTION_NAME}(${quotedString(request)})`;
}

/** Makes the relation readable on every connection of the instance. */
export function registerRowScan(connection: DuckDBConnection, source: RowSource): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: FUNCTION_NAME,
      parameterTypes: [VARCHAR],
      supportsProjectionPushdown: true,
      bindFunction: (info) => {
        const request = info.getParameter(0) as string;
        for (const { name, type } of [...columnsKnown(source.tableOf(request)), ...Object.values(partColumns)]) {
          info.addResultColumn(name, duckdbType(type));
        }
        info.setBindData({ request });
      },
      initFunction: (info) => {
        const { request } = info.bindData as { request: string };
        const parts = source.read(request);
        info.setInitData(new RowScan(source.tableOf(request), parts, info.getColumnIndexes()));
      },
      mainFunction: (info, output) => {
        output.rowCount = (info.initData as RowScan).fill(output.chunk);
      },
    }),
  );
}

/** Some columns of some parts, once. Keeps the parts, and with them the memory that string slots point to. */
class RowScan {
  readonly #table: TelemetryTable;
  readonly #tableColumns: readonly TelemetryColumn[];
  readonly #parts: readonly ScanPart[];
  /** Indexes of the columns that are asked for. */
  readonly #columns: readonly number[];
  #part = 0;
  #frozen: FrozenParts | undefined;
  /** Rows of the part that were written. */
  #written = 0;

  constructor(table: TelemetryTable, parts: readonly ScanPart[], columns: readonly number[]) {
    this.#table = table;
    this.#tableColumns = columnsKnown(table);
    this.#parts = parts;
    this.#columns = columns;
  }

  /** Writes the next rows to a chunk. Returns how many; 0 at the end. */
  fill(chunk: duckdb.DataChunk): number {
    for (let part = this.#parts[this.#part]; part !== undefined; part = this.#parts[++this.#part]) {
      const rows = part.rows === undefined ? this.#fillReleased(part, chunk) : this.#fillRows(part, part.rows, chunk);
      if (rows > 0) return rows;
      this.#frozen = undefined;
      this.#written = 0;
    }
    return 0;
  }

  #fillReleased(part: ScanPart, chunk: duckdb.DataChunk): number {
    if (this.#written++ > 0) return 0;
    this.#write(part, chunk, 0, 1, (_column, vector) => writeNulls(vector));
    return 1;
  }

  #fillRows(part: ScanPart, { batches }: GenerationRows, chunk: duckdb.DataChunk): number {
    this.#frozen ??= new FrozenParts(batches, this.#table);
    const frozen = this.#frozen.next();
    if (frozen === undefined) return 0;
    const { rows, firstRow, count } = frozen;
    const oldRows = Math.max(0, part.oldRows - this.#written);
    this.#written += count;
    this.#write(part, chunk, oldRows, count, (column, vector) =>
      writeVector(vector, rows, this.#tableColumns[column]!.name, firstRow, count),
    );
    return count;
  }

  #write(
    part: ScanPart,
    chunk: duckdb.DataChunk,
    oldRows: number,
    rows: number,
    writeColumn: (column: number, vector: duckdb.Vector) => void,
  ): void {
    duckdb.data_chunk_set_size(chunk, rows);
    const ofPart = [
      duckdb.create_varchar(part.generation),
      duckdb.create_varchar(part.listenUri),
      duckdb.create_bool(part.rows === undefined),
    ];
    this.#columns.forEach((column, i) => {
      const vector = duckdb.data_chunk_get_vector(chunk, i);
      const place = column - this.#tableColumns.length;
      if (place < 0) writeColumn(column, vector);
      else if (place < ofPart.length) duckdb.vector_reference_value(vector, ofPart[place]!);
      else duckdb.copy_data_to_vector(vector, 0, new Uint8Array(rows).fill(1, oldRows).buffer, 0, rows);
    });
  }
}
