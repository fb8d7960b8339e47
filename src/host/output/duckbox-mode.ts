// Rows → a box: the first and the last of them, turned or drawn as a waterfall where that reads better.

import type { DuckDBValue } from '@duckdb/node-api';
import type { DisplayHints } from '../../plugin.js';
import { printable } from './cell-text.js';
import { type BoxContent, type BoxStyle, drawBox, hidesColumns } from './duckbox.js';
import { alignmentOf, type ResultStyle } from './mode.js';
import type { OutputColumn, ResultRows, RowBatch } from './result-rows.js';
import type { TextSink } from './text-sink.js';
import { boxTypeName } from './type-name.js';
import { isNumeric } from './value-json.js';
import { textOfType } from './value-text.js';
import { waterfall } from './waterfall.js';

/** Beyond this a cell cannot be shown in any terminal, so measuring it would only cost time. */
const LONGEST_CELL = 10_000;

export async function writeDuckbox(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const content = await boxContent(rows, style);
  const box: BoxStyle = {
    maxWidth: style.maxWidth > 0 ? style.maxWidth : Number.MAX_SAFE_INTEGER,
    nullText: style.nullText ?? 'NULL',
    paint: style.paint,
  };
  await sink.write(`${drawBox(shownAs(content, box, style), box).join('\n')}\n`);
}

function shownAs(content: BoxContent, box: BoxStyle, style: ResultStyle): BoxContent {
  if (style.isColumnWise) return columnWise(content);
  for (const { waterfall: columns } of style.display) {
    const drawn = columns && waterfall(content, columns);
    if (drawn !== undefined) return drawn;
  }
  return content.rowCount === 1 && hidesColumns(content, box) ? turned(content) : content;
}

async function boxContent(rows: ResultRows, style: ResultStyle): Promise<BoxContent> {
  const maxRows = style.maxRows > 0 ? style.maxRows : Number.POSITIVE_INFINITY;
  const headRows = Math.ceil(maxRows / 2);
  const tailRows = Math.max(1, maxRows - headRows);
  const texts = rows.columns.map((column) => boxText(column, style));
  const cells = (row: readonly DuckDBValue[]) =>
    row.map((value, index) => (value === null ? null : printable(texts[index]!(value).slice(0, LONGEST_CELL))));

  // Three rows more are shown rather than left out, since the dots that stand for them take three.
  const isShort = (count: number) => count <= maxRows + 3;
  const head: (string | null)[][] = [];
  const latest: RowBatch[] = [];
  let rowCount = 0;
  for await (const batch of rows.batches) {
    const wanted = (isShort(rowCount + batch.rowCount) ? rowCount + batch.rowCount : maxRows + 3) - head.length;
    if (wanted > 0) head.push(...batch.getRows().slice(0, wanted).map(cells));
    rowCount += batch.rowCount;
    latest.push(batch);
    while (rowsIn(latest) - latest[0]!.rowCount >= tailRows) latest.shift();
  }
  const tail = isShort(rowCount) ? [] : latest.flatMap((batch) => batch.getRows()).slice(-tailRows);
  return {
    columns: rows.columns.map((column) => ({
      name: printable(column.name),
      type: printable(boxTypeName(column.type)),
      alignment: alignmentOf(column),
      ...rankOf(column.name, style.display),
    })),
    head: isShort(rowCount) ? head : head.slice(0, headRows),
    tail: tail.map(cells),
    rowCount,
  };
}

function rankOf(name: string, display: readonly DisplayHints[]): { readonly rank?: number } {
  const ranks = display.map(({ tellingColumns }) => tellingColumns.indexOf(name)).filter((rank) => rank >= 0);
  return ranks.length === 0 ? {} : { rank: Math.min(...ranks) };
}

function boxText({ type }: OutputColumn, style: ResultStyle): (value: DuckDBValue) => string {
  const text = textOfType(type, style.timeZone);
  const { thousandSeparator, decimalSeparator } = style;
  if (!isNumeric(type) || (thousandSeparator === '' && decimalSeparator === '.')) return text;
  return (value) => numberText(text(value), thousandSeparator, decimalSeparator);
}

/** `12345.5` → `12,345.5`. Words such as `nan`, and numbers with an exponent, stay as they are. */
function numberText(text: string, thousandSeparator: string, decimalSeparator: string): string {
  const [, sign, whole, decimals] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, thousandSeparator);
  return sign + grouped + (decimals === undefined ? '' : decimalSeparator + decimals);
}

function rowsIn(batches: readonly RowBatch[]): number {
  return batches.reduce((sum, batch) => sum + batch.rowCount, 0);
}

/** A single row that is too wide, shown downwards so that no column is left out. */
function turned(content: BoxContent): BoxContent {
  return {
    columns: ['column', 'type', 'value'].map((name) => ({ name, alignment: 'left' })),
    head: content.columns.map(({ name, type }, index) => [name, type ?? '', content.head[0]![index] ?? null]),
    tail: [],
    rowCount: 1,
    columnCount: content.columns.length,
  };
}

/** Each row as a column, for `.columns`. */
function columnWise(content: BoxContent): BoxContent {
  const firstOfTail = content.rowCount - content.tail.length;
  const rows = [
    ...content.head.map((cells, index) => ({ cells, number: index + 1 })),
    ...content.tail.map((cells, index) => ({ cells, number: firstOfTail + index + 1 })),
  ];
  const isNumbers = content.columns.every(({ alignment }) => alignment === 'right');
  return {
    columns: [
      { name: 'Column', alignment: 'left', rank: 0 },
      { name: 'Type', alignment: 'left', rank: 1 },
      ...rows.map(({ number }) => ({
        name: `Row ${number}`,
        alignment: isNumbers ? ('right' as const) : ('left' as const),
      })),
    ],
    head: content.columns.map(({ name, type }, index) => [
      name,
      type ?? '',
      ...rows.map(({ cells }) => cells[index] ?? null),
    ]),
    tail: [],
    rowCount: content.rowCount,
    columnCount: content.columns.length,
    turnedRows: rows.length,
  };
}
