// Table functions that stand for a query, whose text is made when a statement that calls them is planned:
//
//   SELECT … FROM otlp_live_logs()       a macro, which users call
//     → FROM query(__otlp_live_logs(…))  our scalar function gives the text, and DuckDB plans it in its place
//
// so that filters, columns and joins reach the tables that the text names. A prepared statement is planned anew each time
// it runs, because of query().

import type { DuckDBConnection } from '@duckdb/node-api';
import type { OptionSqlType } from '../schema/option-declaration.js';
import type { QueryColumn } from '../schema/result-column.js';
import { DuckDBScalarFunction, VARCHAR } from './node-api.js';
import { type Caller, internalName, type MacroTarget } from './pending-function.js';
import { quotedIdentifier } from './sql-text.js';

export interface QueryParameter {
  readonly name: string;
  readonly sqlType: OptionSqlType | 'INTERVAL';
  readonly doc: string;
  /** What stands for it when the caller gives none; undefined where one must be given. */
  readonly defaultSql?: string;
  readonly defaultText?: string;
  /** Maps SQL of the given text to SQL of the text that sql() gets. By default they are the same. */
  readonly readSql?: (given: string, functionName: string) => string;
}

export interface QueryCaller extends Caller {
  /** When the transaction of the call began. Its view of a table is no older than that. */
  readonly transactionStartMs: number;
}

export interface QueryFunction {
  readonly name: string;
  readonly parameters: readonly QueryParameter[];
  /** The columns of the query; undefined where they are those of the table that it reads. */
  readonly columns?: readonly QueryColumn[];
  /** A column beside those of the table. */
  readonly addedColumn?: { readonly name: string; readonly doc: string };
  /** The query that a call stands for. A throw becomes the error of the statement. Nothing must begin here. */
  sql(caller: QueryCaller, given: Readonly<Record<string, string | null>>): string;
  /** The same query over placeholders of a scanner, such as `{{otlp_logs}}`: for those who may see some of the rows alone. */
  readonly overRelations?: QueryText;
}

/** A query as text, made of arguments. Throws what is wrong with them. */
export type QueryText = (given: Readonly<Record<string, string | null>>) => string;

/** Registers the function that the macro reads; it is visible on all connections of the instance. */
export function registerQueryFunction(connection: DuckDBConnection, declared: QueryFunction): void {
  connection.registerScalarFunction(
    DuckDBScalarFunction.create({
      name: internalName(declared),
      parameterTypes: [VARCHAR, VARCHAR, VARCHAR, ...declared.parameters.map(() => VARCHAR)],
      returnType: VARCHAR,
      // Parameters that are not given are NULL.
      specialHandling: true,
      mainFunction: (_info, input, output) => {
        const text = (column: number, row: number) => input.getColumnVector(column).getItem(row) as string | null;
        for (let row = 0; row < input.rowCount; row++) {
          const given = declared.parameters.map(({ name }, i) => [name, text(i + 3, row)]);
          const caller = { catalog: text(0, row)!, schema: text(1, row)!, transactionStartMs: Number(text(2, row)) };
          output.setItem(row, declared.sql(caller, Object.fromEntries(given)));
        }
        output.flush();
      },
    }),
  );
}

/** SQL that makes the macro which users call. */
export function queryMacroSql(declared: QueryFunction, { prefix, name }: MacroTarget): string {
  const signature = declared.parameters.map(({ name, defaultSql }) =>
    defaultSql === undefined ? quotedIdentifier(name) : `${quotedIdentifier(name)} := ${defaultSql}`,
  );
  const passed = declared.parameters.map((parameter) => {
    const given = `CAST(${quotedIdentifier(parameter.name)} AS VARCHAR)`;
    return parameter.readSql?.(given, declared.name) ?? given;
  });
  const start = 'CAST(epoch_ms(now()) AS VARCHAR)';
  const given = ['current_database()', 'current_schema()', start, ...passed].join(', ');
  return `${prefix} ${name}(${signature.join(', ')}) AS TABLE FROM query(${internalName(declared)}(${given}))`;
}
