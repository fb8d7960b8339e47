import { quotedString } from '../../duckdb/sql-text.js';

/** A text of a caller as SQL, in which the scanner finds no placeholder: `{{` is written in two halves, which DuckDB joins once. */
export function constantSql(text: string): string {
  return text.includes('{{') ? `(${quotedString(text).replaceAll(/\{(?=\{)/g, "{' || '")})` : quotedString(text);
}
