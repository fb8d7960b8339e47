// Table functions whose rows come from a job that runs beside DuckDB, in blocks of columns:
//
//   SELECT … FROM promql(…)                a macro, which users call
//     → SELECT unnest(…) … FROM __promql(…)   our function; its init starts the job, then it emits rows, or "pending" ones
//
// As in pending-function.ts, DuckDB polls while there are no rows. What many rows share crosses once: the job gives a row with
// lists, and the macro makes rows of it.

import type { DuckDBConnection, DuckDBType } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { messageOf } from '../base/failure.js';
import type { ColumnBlock } from '../buffer/column-block.js';
import { type QueryColumn, selectList } from '../schema/result-column.js';
import { BlockStream, type StreamReader } from './block-stream.js';
import { chunkRows, writeBlockRows } from './block-vectors.js';
import { BIGINT, DOUBLE, DuckDBTableFunction, INTEGER, LIST, TIMESTAMP, VARCHAR } from './node-api.js';
import type { PendingCalls } from './pending-calls.js';
import { type Caller, internalName, type MacroTarget, pollPauseMs } from './pending-function.js';
import type { QueryParameter } from './query-function.js';
import { quotedIdentifier } from './sql-text.js';
import { writeNulls } from './vector-writer.js';

const scalarTypes = { BIGINT, DOUBLE, TIMESTAMP, VARCHAR } as const;
type ScalarType = keyof typeof scalarTypes;
/** Types of the columns that a job gives. */
export type StreamType = ScalarType | `${ScalarType}[]` | `${ScalarType}[][]`;

export interface StreamColumn {
  readonly name: string;
  readonly type: StreamType;
}

export interface StreamFunction {
  readonly name: string;
  readonly parameters: readonly QueryParameter[];
  /** What the job gives. */
  readonly streamed: readonly StreamColumn[];
  /** SQL of the rows that the columns are selected from, over SQL of the streamed ones. By default they are the same. */
  readonly rowsSql?: (streamed: string) => string;
  /** What the user gets. */
  readonly columns: readonly QueryColumn[];
  /**
   * The job of one call: blocks with the streamed columns. A throw, before or between blocks, becomes the error of the
   * statement. Aborted when nobody reads any more.
   */
  open(caller: Caller, given: Readonly<Record<string, string | null>>, signal: AbortSignal): AsyncIterable<ColumnBlock>;
}

interface BoundCall {
  readonly caller: Caller;
  readonly given: Readonly<Record<string, string | null>>;
}

/** Registers the function that the macro reads; it is visible on all connections of the instance. */
export function registerStreamFunction(
  connection: DuckDBConnection,
  declared: StreamFunction,
  calls: PendingCalls,
): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: internalName(declared),
      parameterTypes: [VARCHAR, VARCHAR, ...declared.parameters.map(() => VARCHAR)],
      supportsProjectionPushdown: true,
      bindFunction: (info) => {
        info.addResultColumn('__wait_ms', INTEGER);
        for (const { name, type } of declared.streamed) info.addResultColumn(name, streamType(type));
        const given = declared.parameters.map(({ name }, i) => [name, info.getParameter(i + 2) as string | null]);
        info.setBindData({
          caller: { catalog: info.getParameter(0) as string, schema: info.getParameter(1) as string },
          given: Object.fromEntries(given),
        } satisfies BoundCall);
      },
      initFunction: (info) => {
        const { caller, given } = info.bindData as BoundCall;
        const stream = new BlockStream();
        const scan = new StreamScan(stream.newReader(), info.getColumnIndexes());
        info.setInitData(scan);
        // The job may wait for queries of its own. It must not refer to the scan, which would never count as gone then.
        calls
          .track(() => stream.run((signal) => declared.open(caller, given, signal)))
          .catch((error: unknown) => stream.fail(error));
      },
      mainFunction: (info, output) => {
        try {
          (info.initData as StreamScan).fill(output.chunk);
        } catch (error) {
          info.setError(messageOf(error));
        }
      },
    }),
  );
}

/** SQL that makes the macro which users call. */
export function streamMacroSql(declared: StreamFunction, { prefix, name }: MacroTarget): string {
  const signature = declared.parameters.map(({ name, defaultSql }) =>
    defaultSql === undefined ? quotedIdentifier(name) : `${quotedIdentifier(name)} := ${defaultSql}`,
  );
  const passed = declared.parameters.map((parameter) => {
    const given = `CAST(${quotedIdentifier(parameter.name)} AS VARCHAR)`;
    return parameter.readSql?.(given, declared.name) ?? given;
  });
  const call = `${internalName(declared)}(${['current_database()', 'current_schema()', ...passed].join(', ')})`;
  // sleep_ms() always gives NULL, but DuckDB does not know that: a condition that it could fold would make it spin.
  const streamed = `(SELECT * EXCLUDE (__wait_ms) FROM ${call}
    WHERE CASE WHEN __wait_ms IS NULL THEN true ELSE sleep_ms(__wait_ms) IS NOT NULL END)`;
  return `${prefix} ${name}(${signature.join(', ')}) AS TABLE
    SELECT ${selectList(declared.columns)} FROM ${declared.rowsSql?.(streamed) ?? streamed}`;
}

/** The side of one call that DuckDB asks for rows. */
class StreamScan {
  readonly #reader: StreamReader;
  /** Indexes of the columns that the statement needs; 0 says how long to wait. */
  readonly #columns: readonly number[];
  #block: ColumnBlock | undefined;
  #nextRow = 0;
  #polls = 0;

  constructor(reader: StreamReader, columns: readonly number[]) {
    this.#reader = reader;
    this.#columns = columns;
  }

  /** Writes the next rows to a chunk, or one that says to wait; none at the end. */
  fill(chunk: duckdb.DataChunk): void {
    const block = this.#currentBlock();
    if (block === 'end') {
      duckdb.data_chunk_set_size(chunk, 0);
      return;
    }
    if (block === 'pending') {
      this.#fillPending(chunk, pollPauseMs(this.#polls++));
      return;
    }
    this.#polls = 0;
    const rows = chunkRows(block, this.#nextRow);
    duckdb.data_chunk_set_size(chunk, rows);
    this.#columns.forEach((column, i) => {
      const vector = duckdb.data_chunk_get_vector(chunk, i);
      if (column === 0) writeNulls(vector);
      else writeBlockRows(vector, block.columns[column - 1]!, this.#nextRow, rows);
    });
    this.#nextRow += rows;
  }

  #currentBlock(): ColumnBlock | 'pending' | 'end' {
    while (this.#block === undefined || this.#nextRow === this.#block.rowCount) {
      const next = this.#reader.stream.next();
      this.#block = undefined;
      if (typeof next === 'string') return next;
      this.#block = next;
      this.#nextRow = 0;
    }
    return this.#block;
  }

  #fillPending(chunk: duckdb.DataChunk, pauseMs: number): void {
    duckdb.data_chunk_set_size(chunk, 1);
    this.#columns.forEach((column, i) => {
      const vector = duckdb.data_chunk_get_vector(chunk, i);
      if (column !== 0) writeNulls(vector);
      else duckdb.copy_data_to_vector(vector, 0, new Int32Array([pauseMs]).buffer, 0, 4);
    });
  }
}

function streamType(type: StreamType): DuckDBType {
  if (type.endsWith('[]')) return LIST(streamType(type.slice(0, -2) as StreamType));
  return scalarTypes[type as ScalarType];
}
