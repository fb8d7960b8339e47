// DuckDB answers a macro call with a wrong argument by "Macro f() does not support the supplied arguments", and one that reads
// a missing table as if the user had named that table. On registered connections, the first becomes the text that DuckDB
// has for its own table functions, and the second says how to create the table.

import type { DuckDBConnection } from '@duckdb/node-api';
import { withCode } from '../base/sql-error.js';
import { isBinderError, macroOfArgumentError, missingTable } from './errors.js';
import type { MacroFunction } from './pending-function.js';

/** Strings and comments, and names in quotes, in which none of them begins. */
const NO_CODE = /'(?:[^']|'')*'|--[^\n]*|\/\*[\s\S]*?\*\/|("(?:[^"]|"")*")/g;

/**
 * Rewrites errors of the connection: those about arguments of `functions` name the argument and the candidates, and those
 * about a table that one of `readers` did not find name that function.
 */
export function explainErrors(
  connection: DuckDBConnection,
  functions: readonly MacroFunction[],
  readers: readonly MacroFunction[],
): void {
  const explained = <Args extends [sql: string, ...rest: never[]], R>(method: (...args: Args) => Promise<R>) => {
    const bound = method.bind(connection);
    return async (...args: Args): Promise<R> => {
      try {
        return await bound(...args);
      } catch (error) {
        explain(error, args[0], functions, readers);
        throw error;
      }
    };
  };
  connection.run = explained(connection.run);
  connection.stream = explained(connection.stream);
  connection.start = explained(connection.start);
  connection.startStream = explained(connection.startStream);
  connection.prepare = explained(connection.prepare);
  const extractStatements = connection.extractStatements.bind(connection);
  connection.extractStatements = async (sql) => {
    const statements = await extractStatements(sql);
    const prepare = statements.prepare.bind(statements);
    statements.prepare = async (index) => {
      try {
        return await prepare(index);
      } catch (error) {
        explain(error, sql, functions, readers);
        throw error;
      }
    };
    return statements;
  };
}

function explain(
  error: unknown,
  statement: string,
  functions: readonly MacroFunction[],
  readers: readonly MacroFunction[],
): void {
  if (!(error instanceof Error)) return;
  const sql = statement.replaceAll(NO_CODE, (_found, name?: string) => name ?? ' ');
  const missing = missingTable(error);
  const reader = missing && readers.find(({ name }) => new RegExp(`\\b${name}"?\\s*\\(`, 'i').test(sql));
  if (reader) {
    error.message = withCode(
      'OTLP_TABLE_NOT_AVAILABLE',
      `Catalog Error: ${reader.name}() reads ${missing}, which does not exist in this catalog and schema: CALL otlp_serve() makes the tables; catalog := … and schema := … name others`,
    );
    return;
  }
  if (!isBinderError(error)) return;
  // DuckDB's own functions take `name = value`; in the arguments of a macro it is a comparison, which can mean nothing.
  const compared = functions.flatMap((declared) =>
    namedArguments(sql, declared.name, '=(?!>)')
      .filter((name) => declared.parameters.some((parameter) => parameter.name === name.toLowerCase()))
      .map((name) => ({ name, functionName: declared.name })),
  )[0];
  if (compared !== undefined) {
    const { name, functionName } = compared;
    error.message = withCode(
      'OTLP_ARGUMENT_INVALID',
      `Binder Error: arguments of ${functionName} are named by :=, got ${name} = … instead of ${name} := …`,
    );
    return;
  }
  const name = macroOfArgumentError(error);
  const called = functions.find((declared) => declared.name === name);
  if (called === undefined) return;
  const unknown = namedArguments(sql, called.name, ':=|=>').find((argument) =>
    called.parameters.every((parameter) => parameter.name !== argument.toLowerCase()),
  );
  if (unknown === undefined) return;
  const candidates = called.parameters.map((parameter) => `    ${parameter.name} ${parameter.sqlType}`);
  const caret = error.message.slice(error.message.search(/\n\nLINE \d+:/));
  const what = withCode(
    'OTLP_ARGUMENT_INVALID',
    `Binder Error: Invalid named parameter "${unknown}" for function ${called.name}`,
  );
  error.message = `${what}\nCandidates:\n${candidates.join('\n')}\n${caret.startsWith('\n\nLINE') ? caret : ''}`;
}

/** Names before any of these signs in the argument lists of all calls of a function. */
function namedArguments(sql: string, name: string, signs: string): string[] {
  return [...sql.matchAll(new RegExp(`\\b${name}\\s*\\(`, 'gi'))].flatMap((call) =>
    [
      ...argumentList(sql, call.index + call[0].length).matchAll(
        new RegExp(`(?:^|,)\\s*"?(\\w+)"?\\s*(?:${signs})`, 'g'),
      ),
    ].map((argument) => argument[1]!),
  );
}

/** The text up to the parenthesis that closes the list, with nested parentheses taken out. */
function argumentList(sql: string, start: number): string {
  let depth = 1;
  let list = '';
  for (const character of sql.slice(start)) {
    if (character === '(') depth++;
    if (character === ')' && --depth === 0) break;
    if (depth === 1) list += character;
  }
  return list;
}
