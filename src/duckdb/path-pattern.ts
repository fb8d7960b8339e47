// Paths of files as DuckDB's glob takes them, on whatever storage they are.

import type { DuckDBConnection } from '@duckdb/node-api';
import { quotedString } from './sql-text.js';

/**
 * A path as a pattern that only the path itself matches. Paths of HTTP are no patterns. A backslash is any character: DuckDB's
 * patterns have no way to write one.
 */
export function pathPattern(path: string): string {
  if (/^https?:/i.test(path)) return path;
  return path.replaceAll(/[*?[]/g, '[$&]').replaceAll('\\', '?');
}

/** Whether there is a file of this path, which ends in a letter. */
export async function fileExists(connection: DuckDBConnection, path: string): Promise<boolean> {
  // A pattern, and not a path: on S3 the glob of a path is that path, whether it exists or not.
  const pattern = pathPattern(path).replace(/\w$/, '[$&]');
  const found = await connection.runAndReadAll(`SELECT 1 FROM glob(${quotedString(pattern)})`);
  return found.currentRowCount > 0;
}
