// A SQL table function whose rows arrive over time. As in pending-function.ts, DuckDB polls while there are none. Unlike
// there, rows are handed out as they arrive, with only the columns that the query needs.

import type { DuckDBConnection, DuckDBTableFunctionBindInfo, DuckDBType } from '@duckdb/node-api';
import duckdb from '@duckdb/node-bindings';
import { messageOf } from '../base/failure.js';
import type { GivenValue, OptionSqlType } from '../schema/option-declaration.js';
import { duckdbType, parameterType, type ScanType } from './duckdb-type.js';
import { isUntypedNull } from './errors.js';
import { ANY, DuckDBListValue, DuckDBTableFunction, INTEGER } from './node-api.js';
import type { CountedWork, PendingCalls } from './pending-calls.js';
import { internalName, type MacroTarget, pollingMacroSql, pollPauseMs } from './pending-function.js';
import { writeNulls } from './vector-writer.js';

/** More threads than cores gain nothing; DuckDB caps this at its own number. */
const SCAN_THREADS = 64;

export interface ScanParameter {
  readonly name: string;
  /** `ANY` takes what the function itself checks: a text, or a list of texts. */
  readonly sqlType: OptionSqlType | 'ANY';
  /** SQL of the value when the caller gives none; undefined where one must be given. */
  readonly defaultSql?: string;
}

export type ScanArgument = GivenValue | readonly GivenValue[];
export type ScanArguments = Readonly<Record<string, ScanArgument>>;

export interface ScanColumn {
  readonly name: string;
  readonly type: ScanType;
}

export interface ScanFunction {
  readonly name: string;
  readonly parameters: readonly ScanParameter[];
  /** The columns of a call. Starts nothing, as EXPLAIN and PREPARE ask too; throws what is wrong with the arguments. */
  columns(given: ScanArguments): readonly ScanColumn[];
  /** Makes the scan of a query that needs only these columns. */
  open(given: ScanArguments, wanted: readonly ScanColumn[]): RowSupply;
}

/** One scan. There is no callback when a query ends early, so a scan must hold no resources for long between calls. */
export interface RowSupply {
  /**
   * Begins. Its own queries each take a thread of libuv's pool, so they are counted until this resolves. Queries that find
   * more rows later run within `counted`.
   */
  start(counted: CountedWork): Promise<void>;
  /**
   * Rows that are at hand, up to 2,048; `pending` when there are none yet, `end` when there will be no more. Throws what
   * ends the query. Called on the JavaScript thread, and must not wait.
   */
  next(): RowChunk | 'pending' | 'end';
}

export interface RowChunk {
  readonly rows: number;
  /** Writes the rows of the column at this index among those that were asked for. */
  write(column: number, vector: duckdb.Vector): void;
}

interface BoundScan {
  readonly given: ScanArguments;
  readonly columns: readonly ScanColumn[];
}

interface RunningScan {
  readonly scan: RowSupply;
  /** Where the column that says how long to wait is among those that are asked for. */
  readonly waitAt: number;
  polls: number;
  /** Why the scan could not begin. */
  error: unknown;
}

/** Registers the function that the macro reads; it is visible on all connections of the instance. */
export function registerScanFunction(connection: DuckDBConnection, declared: ScanFunction, calls: PendingCalls): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: internalName(declared),
      parameterTypes: declared.parameters.map(({ sqlType }) => parameterTypeOf(sqlType)),
      supportsProjectionPushdown: true,
      bindFunction: (info) => {
        const given = Object.fromEntries(declared.parameters.map(({ name }, i) => [name, argumentAt(info, i)]));
        const columns = declared.columns(given);
        info.addResultColumn('__wait_ms', INTEGER);
        for (const { name, type } of columns) info.addResultColumn(name, duckdbType(type));
        info.setBindData({ given, columns } satisfies BoundScan);
      },
      initFunction: (info) => {
        const { given, columns } = info.bindData as BoundScan;
        const indexes = info.getColumnIndexes();
        const wanted = indexes.filter((index) => index > 0).map((index) => columns[index - 1]!);
        const scan = declared.open(given, wanted);
        const running: RunningScan = { scan, waitAt: indexes.indexOf(0), polls: 0, error: undefined };
        info.setInitData(running);
        const counted = calls.ofOneCall();
        counted(() => scan.start(counted)).catch((error: unknown) => {
          running.error = error;
        });
        info.setMaxThreads(SCAN_THREADS);
      },
      mainFunction: (info, output) => {
        const running = info.initData as RunningScan;
        try {
          fill(output.chunk, output.columnCount, running);
        } catch (error) {
          info.setError(messageOf(error));
        }
      },
    }),
  );
}

/** SQL that makes the macro which users call. */
export function scanMacroSql(declared: ScanFunction, target: MacroTarget): string {
  const passed = declared.parameters.map(({ name, sqlType }) =>
    sqlType === 'ANY' ? name : `CAST(${name} AS ${parameterType(sqlType).sql})`,
  );
  return pollingMacroSql(declared, target, passed);
}

function fill(chunk: duckdb.DataChunk, columns: number, running: RunningScan): void {
  const { scan, waitAt } = running;
  if (running.error !== undefined) throw running.error;
  const rows = scan.next();
  const isPending = rows === 'pending';
  const pauseMs = isPending ? pollPauseMs(running.polls++) : 0;
  if (!isPending) running.polls = 0;
  duckdb.data_chunk_set_size(chunk, isPending ? 1 : rows === 'end' ? 0 : rows.rows);
  if (rows === 'end') return;
  for (let i = 0, column = 0; i < columns; i++) {
    const vector = duckdb.data_chunk_get_vector(chunk, i);
    if (i === waitAt && isPending) duckdb.copy_data_to_vector(vector, 0, new Int32Array([pauseMs]).buffer, 0, 4);
    else if (i === waitAt || isPending) writeNulls(vector);
    else rows.write(column++, vector);
  }
}

function parameterTypeOf(sqlType: ScanParameter['sqlType']): DuckDBType {
  return sqlType === 'ANY' ? ANY : parameterType(sqlType).type;
}

function argumentAt(info: DuckDBTableFunctionBindInfo, index: number): ScanArgument {
  let value: unknown;
  try {
    value = info.getParameter(index);
  } catch (error) {
    // DuckDB's API has no value for a NULL that was given no type, as where ANY is taken.
    if (!isUntypedNull(error)) throw error;
    return null;
  }
  return value instanceof DuckDBListValue ? (value.items as GivenValue[]) : (value as GivenValue);
}
