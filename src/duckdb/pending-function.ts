// Asynchronous work behind a SQL table function. A registered function's callbacks are synchronous and run on the
// JavaScript thread, so they can neither wait for work nor run a query themselves. Instead:
//
//   SELECT … FROM otlp_flush(…)              a macro, which users call
//     → FROM __otlp_flush(…)                 our function; its init starts the work, then it emits "pending" rows
//     → WHERE … sleep_ms(__wait_ms) …        filters pending rows, asleep, so that DuckDB polls without spinning
//
// The work starts in init, never in bind: EXPLAIN and PREPARE bind too.

import type { DuckDBConnection, DuckDBDataChunk } from '@duckdb/node-api';
import { messageOf } from '../base/failure.js';
import type { GivenValue, OptionSqlType } from '../schema/option-declaration.js';
import type { ResultColumn } from '../schema/result-column.js';
import { parameterType } from './duckdb-type.js';
import { DuckDBTableFunction, INTEGER, VARCHAR } from './node-api.js';
import type { PendingCalls } from './pending-calls.js';
import { declareColumns, type RowValues, writeRows } from './result-rows.js';

/** Pauses between polls: short for the quick calls, then long enough to cost nothing. */
const POLL_PAUSES_MS = [1, 2, 4, 8, 16];

export interface PendingParameter {
  readonly name: string;
  readonly sqlType: OptionSqlType;
  /** SQL of the value when the caller gives none; undefined where one must be given. */
  readonly defaultSql?: string;
  /** What the reference says of it, where that is declared nowhere else. */
  readonly defaultText?: string;
  readonly doc?: string;
}

/** Where a call comes from: the catalog and schema that its connection uses. */
export interface Caller {
  readonly catalog: string;
  readonly schema: string;
}

export interface PendingFunction {
  readonly name: string;
  readonly parameters: readonly PendingParameter[];
  readonly columns: readonly ResultColumn<never>[];
  /** Does the work of one call. A rejection becomes the query's error. */
  run(caller: Caller, given: Readonly<Record<string, GivenValue>>): Promise<RowValues>;
}

interface Call {
  outcome: { rows: RowValues } | { error: string } | undefined;
  polls: number;
  nextRow: number;
}

/** Registers the function that the macro reads; it is visible on all connections of the instance. */
export function registerPendingFunction(
  connection: DuckDBConnection,
  declared: PendingFunction,
  calls: PendingCalls,
): void {
  connection.registerTableFunction(
    DuckDBTableFunction.create({
      name: internalName(declared),
      parameterTypes: [VARCHAR, VARCHAR, ...declared.parameters.map(({ sqlType }) => parameterType(sqlType).type)],
      bindFunction: (info) => {
        info.addResultColumn('__wait_ms', INTEGER);
        declareColumns(info, declared.columns);
        const given = declared.parameters.map(({ name }, i) => [name, info.getParameter(i + 2) as GivenValue]);
        info.setBindData({
          caller: { catalog: info.getParameter(0), schema: info.getParameter(1) },
          given: Object.fromEntries(given),
        });
      },
      initFunction: (info) => {
        const { caller, given } = info.bindData as { caller: Caller; given: Record<string, GivenValue> };
        const call: Call = { outcome: undefined, polls: 0, nextRow: 0 };
        info.setInitData(call);
        calls
          .track(() => declared.run(caller, given))
          .then(
            (rows) => {
              call.outcome = { rows };
            },
            (error: unknown) => {
              call.outcome = { error: messageOf(error) };
            },
          );
      },
      mainFunction: (info, output) => {
        const call = info.initData as Call;
        if (call.outcome === undefined) {
          writePending(output, pollPauseMs(call.polls++), declared.columns.length);
        } else if ('error' in call.outcome) {
          info.setError(call.outcome.error);
        } else {
          const { rows } = call.outcome;
          call.nextRow += writeRows(output, declared.columns, rows, { firstRow: call.nextRow, firstColumn: 1 });
          const waits = output.getColumnVector(0);
          for (let row = 0; row < output.rowCount; row++) waits.setItem(row, null);
          waits.flush();
        }
      },
    }),
  );
}

/** What a function that users call by a macro needs to have declared. */
export interface MacroFunction {
  readonly name: string;
  readonly parameters: readonly (Pick<PendingParameter, 'name' | 'defaultSql'> & { readonly sqlType: string })[];
}

/** A macro that is made as `name` of some catalog and schema, or as TEMP macro. */
export interface MacroTarget {
  readonly prefix: 'CREATE OR REPLACE TEMP MACRO' | 'CREATE MACRO';
  readonly name: string;
}

/** SQL that makes the macro which users call. */
export function macroSql(declared: PendingFunction, target: MacroTarget): string {
  const passed = declared.parameters.map(({ name, sqlType }) => `CAST(${name} AS ${parameterType(sqlType).sql})`);
  return pollingMacroSql(declared, target, ['current_database()', 'current_schema()', ...passed]);
}

/** SQL of a macro that reads the internal function, given these arguments, until there are no pending rows. */
export function pollingMacroSql(declared: MacroFunction, target: MacroTarget, passed: readonly string[]): string {
  const signature = declared.parameters.map(({ name, defaultSql }) =>
    defaultSql === undefined ? name : `${name} := ${defaultSql}`,
  );
  // sleep_ms() always gives NULL, but DuckDB does not know that: a condition that it could fold would make it spin.
  return `${target.prefix} ${target.name}(${signature.join(', ')}) AS TABLE
    SELECT * EXCLUDE (__wait_ms)
    FROM ${internalName(declared)}(${passed.join(', ')})
    WHERE CASE WHEN __wait_ms IS NULL THEN true ELSE sleep_ms(__wait_ms) IS NOT NULL END`;
}

export function internalName(declared: { readonly name: string }): string {
  return `__${declared.name}`;
}

/** Delay before poll number `polls`. */
export function pollPauseMs(polls: number): number {
  return POLL_PAUSES_MS[Math.min(polls, POLL_PAUSES_MS.length - 1)]!;
}

function writePending(output: DuckDBDataChunk, pauseMs: number, columns: number): void {
  output.rowCount = 1;
  for (let i = 0; i <= columns; i++) {
    const vector = output.getColumnVector(i);
    vector.setItem(0, i === 0 ? pauseMs : null);
    vector.flush();
  }
}
