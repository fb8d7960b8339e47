// Shared by all modes: the style of results, the texts of values, and iteration over rows.

import type { DuckDBValue } from '@duckdb/node-api';
import type { DisplayHints } from '../../plugin.js';
import { type Alignment, displayWidth, printable } from './cell-text.js';
import type { Paint } from './paint.js';
import type { OutputColumn, ResultRows } from './result-rows.js';
import type { TextSink } from './text-sink.js';
import { isNumeric } from './value-json.js';
import { textOfType } from './value-text.js';

/** Style of results, apart from the mode. */
export interface ResultStyle {
  readonly hasHeaders: boolean;
  /** Text for NULL. By default each mode has its own. */
  readonly nullText: string | undefined;
  /** Column separator of modes `list`, `csv` and `tabs`, if not the default. */
  readonly separator: string | undefined;
  /** Rows of a duckbox. Middle rows beyond are omitted; 0 shows all. */
  readonly maxRows: number;
  /** Width of a duckbox in terminal columns; 0 for no limit. */
  readonly maxWidth: number;
  /** Whether a duckbox is transposed. */
  readonly isColumnWise: boolean;
  /** Thousands and decimal separators in a duckbox. */
  readonly thousandSeparator: string;
  readonly decimalSeparator: string;
  /** Target table of mode `insert`. */
  readonly insertTable: string;
  /** Display hints of plugins. */
  readonly display: readonly DisplayHints[];
  readonly timeZone: string;
  readonly paint: Paint;
}

export interface Mode {
  readonly doc: string;
  write(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void>;
}

export type CellText = (value: DuckDBValue) => string;

/** Text functions for the values of each column, including NULL. */
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

/** All rows as text, for modes that size columns by their widest value. */
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

/** One write per batch, because a write costs more than formatting a row. */
export async function writeEachRow(
  rows: ResultRows,
  sink: TextSink,
  text: (row: readonly DuckDBValue[]) => string,
): Promise<void> {
  for await (const batch of rows.batches) await sink.write(batch.getRows().map(text).join(''));
}
