// What DuckDB 1.5.5 and its extensions say when something fails → what it means to us. Their errors have no codes that
// JavaScript sees, so their texts are matched. This is the only place where that happens: a new DuckDB is checked here.

import { messageOf } from '../base/failure.js';

type ErrorTest = (error: unknown) => boolean;

function says(wording: RegExp): ErrorTest {
  return (error) => wording.test(messageOf(error));
}

/** A table, schema or other thing that a statement names is not there. */
export const isMissing = says(/does not exist/);

/** The key of a row is taken. */
export const isDuplicateKey = says(/duplicate key/i);

/** A view cannot be made, because a table has its name. */
export const isNameOfTable = says(/is of type Table/);

/** Another transaction changed the same entry of DuckDB's catalog first. */
export const isWriteConflict = says(/write-write conflict/);

/** A catalog has nothing to CHECKPOINT. */
export const isCheckpointUnsupported = says(
  /not (?:yet )?(?:supported|implemented)|does not support|unsupported|no checkpoint/i,
);

/** Another writer committed to the DuckLake first. The last wording is that of a SQLite catalog. */
export const isDuckLakeConflict = says(
  /Transaction conflict|could not serialize access|Failed to commit DuckLake transaction[\s\S]*(?:conflict|duplicate key|serializ|Failed to flush changes into DuckLake: database is locked)/i,
);

/** Another writer committed to the Iceberg table first. */
export const isIcebergConflict = says(
  /Conflict_409|CommitFailedException|was created concurrently|Version token mismatch/,
);

/** The API has no value for a NULL that was given no type. */
export const isUntypedNull = says(/SQLNULL/);

export interface LineError {
  readonly line: string;
  readonly rule: 'not UTF-8' | 'too long' | 'unreadable';
}

/** What is wrong with a line of a text file; undefined where the error is not about one. */
export function lineError(error: unknown): LineError | undefined {
  const message = messageOf(error);
  const line = /CSV Error on Line: (\d+)/.exec(message)?.[1];
  if (line === undefined) return undefined;
  if (message.includes('Invalid unicode')) return { line, rule: 'not UTF-8' };
  return { line, rule: message.includes('Maximum line size') ? 'too long' : 'unreadable' };
}

/** The macro whose arguments an error is about, if it is about a macro's. */
export function macroOfArgumentError(error: unknown): string | undefined {
  return /Macro (\w+)\(\) does not support the supplied arguments/.exec(messageOf(error))?.[1];
}

/** The parts of a statement do not fit together: such as a function and its arguments. */
export const isBinderError = says(/^Binder Error/);

/** The telemetry table that a statement did not find, if that is what the error says. */
export function missingTable(error: unknown): string | undefined {
  return /^Catalog Error: Table with name "?(?:\S+\.)?(otlp_\w+)"? does not exist/.exec(messageOf(error))?.[1];
}

/** The column that a statement did not find, if that is what the error says. */
export function missingColumn(error: unknown): string | undefined {
  return /^Binder Error: (?:Referenced column|Values list "\w+" does not have a column named|Table "\w+" does not have a column named) "(\w+)"/.exec(
    messageOf(error),
  )?.[1];
}

export const isOutOfMemory = says(/^Out of Memory Error/);

/**
 * What DuckDB says no to, however often the same rows are tried: values of the rows; the table, which is not what it has to
 * be; or the size of the rows, for which it has too little memory.
 */
export type Refusal = 'rows' | 'table' | 'size';

const refusals: readonly (readonly [Refusal, ErrorTest])[] = [
  ['rows', says(/^(?:Conversion|Constraint|Out of Range|Invalid Input|Mismatch Type) Error/)],
  ['table', says(/^(?:Binder|Catalog|Not implemented) Error/)],
  ['size', isOutOfMemory],
];

/** Undefined where an error is about the moment: the same rows may be taken a little later. */
export function refusalIn(error: unknown): Refusal | undefined {
  return refusals.find(([, isIt]) => isIt(error))?.[0];
}

/** An error's text without the excerpt of the statement, for those who did not write the statement. */
export function withoutStatement(message: string): string {
  return message.replace(/\n+LINE \d+:[\s\S]*$/, '');
}
