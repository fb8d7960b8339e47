// Rows → SQL that makes the same rows: literals, INSERT statements.

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { DuckDBTypeId } from '../../duckdb/node-api.js';
import { quotedIdentifier, quotedString } from '../../duckdb/sql-text.js';
import { type ResultStyle, writeEachRow } from './mode.js';
import type { ResultRows } from './result-rows.js';
import type { TextSink } from './text-sink.js';
import { isNumeric } from './value-json.js';
import { textOfType } from './value-text.js';

/** A type's values as SQL literals, which DuckDB casts to the type of the column that they are put into. */
function literalOfType(type: DuckDBType, timeZone: string): (value: DuckDBValue) => string {
  const text = textOfType(type, timeZone);
  if (type.typeId === DuckDBTypeId.BOOLEAN) return (value) => (value === null ? 'NULL' : text(value));
  if (!isNumeric(type)) return (value) => (value === null ? 'NULL' : stringLiteral(text(value)));
  return (value) => {
    if (value === null) return 'NULL';
    // Words that are numbers, such as nan, are no literals of SQL.
    return typeof value === 'number' && !Number.isFinite(value) ? stringLiteral(text(value)) : text(value);
  };
}

/** On one line, so that a statement is one: `concat('a', chr(10), 'b')`. */
function stringLiteral(text: string): string {
  if (!/[\r\n]/.test(text)) return quotedString(text);
  const parts = text
    .split(/([\r\n])/)
    .map((part) => (part === '\n' ? 'chr(10)' : part === '\r' ? 'chr(13)' : quotedString(part)));
  return `concat(${parts.filter((part) => part !== "''").join(', ')})`;
}

export async function writeQuote(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const literals = rows.columns.map(({ type }) => literalOfType(type, style.timeZone));
  if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => quotedString(name)).join(',')}\n`);
  await writeEachRow(rows, sink, (row) => `${row.map((value, index) => literals[index]!(value)).join(',')}\n`);
}

export async function writeInsert(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const literals = rows.columns.map(({ type }) => literalOfType(type, style.timeZone));
  const names = rows.columns.map(({ uniqueName }) => quotedIdentifier(uniqueName)).join(',');
  const start = `INSERT INTO ${style.insertTable}(${names}) VALUES(`;
  await writeEachRow(
    rows,
    sink,
    (row) => `${start}${row.map((value, index) => literals[index]!(value)).join(',')});\n`,
  );
}
