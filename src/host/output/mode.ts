// What the modes have in common: the style of results, the texts of their values, and ways to go through their rows.

import type { DuckDBValue } from '@duckdb/node-api';
import type { DisplayHints } from '../../plugin.js';
import { type Alignment, displayWidth, printable } from './cell-text.js';
import type { Paint } from './paint.js';
import type { OutputColumn, ResultRows } from './result-rows.js';
import type { TextSink } from './text-sink.js';
import { isNumeric } from './value-json.js';
import { textOfType } from './value-text.js';

/** How results look, beside their mode. */
export interface ResultStyle {
  readonly hasHeaders: boolean;
  /** Shown for NULL; without it each mode has its own. */
  readonly nullText: string | undefined;
  /** Between the columns of modes `list`, `csv` and `tabs`, where it is not the mode's own. */
  readonly separator: string | undefined;
  /** Rows that a duckbox shows; the middle ones beyond are left out. 0 shows all. */
  readonly maxRows: number;
  /** Width of a duckbox in terminal columns. 0 stands for no limit. */
  readonly maxWidth: number;
  /** Whether a duckbox shows a row of the result as a column. */
  readonly isColumnWise: boolean;
  /** Within the numbers of a duckbox: between thousands, and before decimals. */
  readonly thousandSeparator: string;
  readonly decimalSeparator: string;
  /** Table that mode `insert` inserts into. */
  readonly insertTable: string;
  /** What plugins say about showing their results. */
  readonly display: readonly DisplayHints[];
  readonly timeZone: string;
  readonly paint: Paint;
}

export interface Mode {
  readonly doc: string;
  write(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void>;
}

export type CellText = (value: DuckDBValue) => string;

/** Text of each column's values, SQL NULL included. */
export function columnTexts(columns: readonly OutputColumn[], style: ResultStyle, ownNullText: string): CellText[] {
  const nullText = style.nullText ?? ownNullText;
  return columns.map(({ type }) => {
    const text = textOfType(type, style.timeZone);
    return (value) => (value === null ? nullText : text(value));
  });
}

export function alignmentOf(column: OutputColumn): Alignment {
  return isNumeric(column.type) ? 'right' : 'left';
}

/** All rows as text, for modes whose columns are as wide as their widest value. */
export async function allCells(rows: ResultRows, style: ResultStyle): Promise<string[][]> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  const cells: string[][] = [];
  for await (const batch of rows.batches) {
    for (const row of batch.getRows()) cells.push(row.map((value, index) => printable(texts[index]!(value))));
  }
  return cells;
}

export function columnWidths(
  columns: readonly OutputColumn[],
  cells: readonly (readonly string[])[],
  hasHeaders: boolean,
): number[] {
  return columns.map(({ name }, index) => {
    let width = Math.max(1, hasHeaders ? displayWidth(printable(name)) : 0);
    for (const row of cells) width = Math.max(width, displayWidth(row[index]!));
    return width;
  });
}

/** One write for each batch, since a write for each row would cost more than the row. */
export async function writeEachRow(
  rows: ResultRows,
  sink: TextSink,
  text: (row: readonly DuckDBValue[]) => string,
): Promise<void> {
  for await (const batch of rows.batches) await sink.write(batch.getRows().map(text).join(''));
}
