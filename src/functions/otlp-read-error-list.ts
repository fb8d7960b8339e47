import type { ListFunction } from '../duckdb/list-function.js';
import type { ReadErrorLog, SkippedInFile } from '../files/read-error-log.js';
import { column, type ResultColumn } from '../schema/result-column.js';

export const readErrorColumns: readonly ResultColumn<SkippedInFile>[] = [
  column('function_name', 'VARCHAR', 'Function that read the file.', (file) => file.functionName),
  column('filename', 'VARCHAR', 'Path of the file.', (file) => file.path),
  column('skipped', 'UBIGINT', 'Number of lines, messages or documents skipped.', (file) => file.skipped),
  column('first_position', 'UBIGINT', 'Position of the first one, from 1.', (file) => file.firstUnit ?? null),
  column('first_error', 'VARCHAR', 'Why it could not be read.', (file) => file.firstReason),
  column('read_unix_ms', 'BIGINT', 'When the first was skipped.', (file) => file.firstSkippedUnixMs),
];

/** `otlp_read_error_list()`: the latest files in which `ignore_errors` skipped anything, oldest first. */
export function otlpReadErrorList(log: ReadErrorLog): ListFunction<SkippedInFile> {
  return { name: 'otlp_read_error_list', columns: readErrorColumns, rows: () => log.files };
}
