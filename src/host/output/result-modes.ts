// Rows of a result → text on a sink, in each of the forms that `.mode` knows. Forms that show a row at a time write it as
// it arrives, however many there are; those that align columns hold what they show.

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { DuckDBTypeId } from '../../duckdb/node-api.js';
import { type Alignment, aligned, displayWidth, printable } from './cell-text.js';
import { type BoxContent, type BoxStyle, drawBox, hidesColumns } from './duckbox.js';
import type { Paint } from './paint.js';
import type { ResultColumn, ResultRows, RowBatch } from './result-rows.js';
import type { TextSink } from './text-sink.js';
import { boxTypeName } from './type-name.js';
import { isNumeric, jsonOfType } from './value-json.js';
import { textOfType } from './value-text.js';

/** How results look, beside their mode. */
export interface ResultStyle {
  readonly hasHeaders: boolean;
  /** Shown for NULL; without it each mode has its own. */
  readonly nullText: string | undefined;
  /** Between the columns of mode `list`. */
  readonly separator: string;
  /** Rows that a duckbox shows; the middle ones beyond are left out. 0 shows all. */
  readonly maxRows: number;
  /** Width of a duckbox in terminal columns. 0 stands for no limit. */
  readonly maxWidth: number;
  readonly timeZone: string;
  readonly paint: Paint;
}

export interface Mode {
  readonly doc: string;
  write(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void>;
}

export const modes = {
  duckbox: { doc: 'Box with types, fitted to the terminal (default)', write: writeDuckbox },
  box: { doc: 'Box of Unicode lines, never cut', write: writeGrid },
  column: { doc: 'Aligned columns', write: writeAlignedColumns },
  csv: { doc: 'Comma-separated values; NULL is empty, an empty string is ""', write: delimitedMode(',') },
  html: { doc: 'Rows of an HTML table', write: writeHtml },
  json: { doc: 'One JSON array of objects for each result', write: writeJson },
  jsonlines: { doc: 'One JSON object on each line', write: writeJsonLines },
  line: { doc: 'One value on each line', write: writeLine },
  list: { doc: 'Values between separators', write: writeList },
  markdown: { doc: 'Markdown table', write: writeMarkdown },
  table: { doc: 'ASCII table', write: writeAsciiTable },
  tabs: { doc: 'Tab-separated values', write: delimitedMode('\t') },
  trash: { doc: 'Read the rows and show nothing', write: discard },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof modes;

export function isModeName(name: string): name is ModeName {
  return Object.hasOwn(modes, name);
}

type CellText = (value: DuckDBValue) => string;

/** Text of each column's values, SQL NULL included. */
function columnTexts(columns: readonly ResultColumn[], style: ResultStyle, ownNullText: string): CellText[] {
  const nullText = style.nullText ?? ownNullText;
  return columns.map(({ type }) => {
    const text = textOfType(type, style.timeZone);
    return (value) => (value === null ? nullText : text(value));
  });
}

function alignmentOf(column: ResultColumn): Alignment {
  return isNumeric(column.type) ? 'right' : 'left';
}

/** Beyond this a cell cannot be shown in any terminal, so measuring it would only cost time. */
const LONGEST_CELL = 10_000;

async function writeDuckbox(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const maxRows = style.maxRows > 0 ? style.maxRows : Number.POSITIVE_INFINITY;
  const headRows = Math.ceil(maxRows / 2);
  const tailRows = Math.max(1, maxRows - headRows);
  const texts = rows.columns.map(({ type }) => textOfType(type, style.timeZone));
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
  const content: BoxContent = {
    columns: rows.columns.map((column) => ({
      name: printable(column.name),
      type: printable(boxTypeName(column.type)),
      alignment: alignmentOf(column),
    })),
    head: isShort(rowCount) ? head : head.slice(0, headRows),
    tail: tail.map(cells),
    rowCount,
  };
  const box: BoxStyle = {
    maxWidth: style.maxWidth > 0 ? style.maxWidth : Number.MAX_SAFE_INTEGER,
    nullText: style.nullText ?? 'NULL',
    paint: style.paint,
  };
  const shown = rowCount === 1 && hidesColumns(content, box) ? turned(content) : content;
  await sink.write(`${drawBox(shown, box).join('\n')}\n`);
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

/** All rows as text, for modes whose columns are as wide as their widest value. */
async function allCells(rows: ResultRows, style: ResultStyle): Promise<string[][]> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  const cells: string[][] = [];
  for await (const batch of rows.batches) {
    for (const row of batch.getRows()) cells.push(row.map((value, index) => printable(texts[index]!(value))));
  }
  return cells;
}

function widths(
  columns: readonly ResultColumn[],
  cells: readonly (readonly string[])[],
  hasHeaders: boolean,
): number[] {
  return columns.map(({ name }, index) => {
    let width = Math.max(1, hasHeaders ? displayWidth(printable(name)) : 0);
    for (const row of cells) width = Math.max(width, displayWidth(row[index]!));
    return width;
  });
}

interface GridLines {
  readonly top: readonly [string, string, string] | undefined;
  readonly middle: readonly [string, string, string];
  readonly bottom: readonly [string, string, string] | undefined;
  readonly across: string;
  readonly down: string;
}

const unicodeGrid: GridLines = {
  top: ['┌', '┬', '┐'],
  middle: ['├', '┼', '┤'],
  bottom: ['└', '┴', '┘'],
  across: '─',
  down: '│',
};
const asciiGrid: GridLines = {
  top: ['+', '+', '+'],
  middle: ['+', '+', '+'],
  bottom: ['+', '+', '+'],
  across: '-',
  down: '|',
};

function writeGrid(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  return writeLinedGrid(rows, style, sink, unicodeGrid);
}

function writeAsciiTable(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  return writeLinedGrid(rows, style, sink, asciiGrid);
}

async function writeLinedGrid(rows: ResultRows, style: ResultStyle, sink: TextSink, lines: GridLines): Promise<void> {
  const cells = await allCells(rows, style);
  const columnWidths = widths(rows.columns, cells, style.hasHeaders);
  const rule = ([left, join, right]: readonly [string, string, string]) =>
    left + columnWidths.map((width) => lines.across.repeat(width + 2)).join(join) + right;
  const line = (row: readonly string[], alignment: (column: ResultColumn) => Alignment) => {
    const parts = row.map((cell, index) => aligned(cell, columnWidths[index]!, alignment(rows.columns[index]!)));
    return `${lines.down} ${parts.join(` ${lines.down} `)} ${lines.down}`;
  };
  const names = rows.columns.map((column) => printable(column.name));
  const output = [
    ...(lines.top ? [rule(lines.top)] : []),
    ...(style.hasHeaders ? [line(names, () => 'center'), rule(lines.middle)] : []),
    ...cells.map((row) => line(row, alignmentOf)),
    ...(lines.bottom ? [rule(lines.bottom)] : []),
  ];
  await sink.write(`${output.join('\n')}\n`);
}

async function writeAlignedColumns(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const cells = await allCells(rows, style);
  const columnWidths = widths(rows.columns, cells, style.hasHeaders);
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => aligned(cell, columnWidths[index]!, alignmentOf(rows.columns[index]!)))
      .join('  ')
      .trimEnd();
  const header = [
    line(rows.columns.map((column) => printable(column.name))),
    columnWidths.map((width) => '-'.repeat(width)).join('  '),
  ];
  const output = [...(style.hasHeaders ? header : []), ...cells.map(line)];
  await sink.write(output.map((text) => `${text}\n`).join(''));
}

async function writeMarkdown(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const cells = (await allCells(rows, style)).map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const columnWidths = widths(rows.columns, cells, style.hasHeaders);
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => aligned(cell, columnWidths[index]!, alignmentOf(rows.columns[index]!))).join(' | ')} |`;
  const rule = rows.columns.map((column, index) =>
    alignmentOf(column) === 'right' ? `${'-'.repeat(columnWidths[index]! + 1)}:` : '-'.repeat(columnWidths[index]! + 2),
  );
  const header = [
    line(rows.columns.map((column) => printable(column.name).replaceAll('|', '\\|'))),
    `|${rule.join('|')}|`,
  ];
  const output = [...(style.hasHeaders ? header : []), ...cells.map(line)];
  await sink.write(output.map((text) => `${text}\n`).join(''));
}

function delimitedMode(separator: string): Mode['write'] {
  const needsQuotes = new RegExp(`^$|["\\r\\n${separator}]`);
  const quoted = (text: string) => (needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return async (rows, style, sink) => {
    const nullText = style.nullText ?? '';
    const texts = rows.columns.map(({ type }) => {
      const text = textOfType(type, style.timeZone);
      if (isPlain(type)) return (value: DuckDBValue) => (value === null ? nullText : text(value));
      return (value: DuckDBValue) => (value === null ? nullText : quoted(text(value)));
    });
    if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => quoted(name)).join(separator)}\n`);
    await writeSeparated(rows, sink, texts, separator);
  };
}

/** Types whose texts have nothing in them that would need quotes. */
function isPlain(type: DuckDBType): boolean {
  return isNumeric(type) || plainTypes.has(type.typeId);
}

const plainTypes: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.BOOLEAN,
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIME,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
  DuckDBTypeId.TIMESTAMP_TZ,
  DuckDBTypeId.UUID,
]);

async function writeList(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => name).join(style.separator)}\n`);
  await writeSeparated(rows, sink, texts, style.separator);
}

/** Column after column, so that each inner loop meets one type of values. See bench/shell.ts. */
async function writeSeparated(
  rows: ResultRows,
  sink: TextSink,
  texts: readonly CellText[],
  separator: string,
): Promise<void> {
  for await (const batch of rows.batches) {
    const lines = new Array<string>(batch.rowCount).fill('');
    for (const [column, text] of texts.entries()) {
      const values = batch.getColumn(column);
      const end = column === texts.length - 1 ? '\n' : separator;
      for (let row = 0; row < lines.length; row++) lines[row] += text(values[row]!) + end;
    }
    await sink.write(lines.join(''));
  }
}

async function writeLine(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  const names = rows.columns.map(({ name }) => printable(name));
  const nameWidth = Math.max(...names.map(displayWidth));
  let isFirst = true;
  await writeEachRow(rows, sink, (row) => {
    const lines = row.map((value, index) => {
      return `${aligned(names[index]!, nameWidth, 'right')} = ${printable(texts[index]!(value))}\n`;
    });
    const gap = isFirst ? '' : '\n';
    isFirst = false;
    return gap + lines.join('');
  });
}

function jsonObjects(rows: ResultRows, style: ResultStyle): (row: readonly DuckDBValue[]) => string {
  const fields = rows.columns.map(({ uniqueName, type }) => ({
    label: `${JSON.stringify(uniqueName)}:`,
    json: jsonOfType(type, style.timeZone),
  }));
  return (row) => `{${fields.map(({ label, json }, index) => label + json(row[index]!)).join(',')}}`;
}

async function writeJson(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const object = jsonObjects(rows, style);
  let before = '[';
  await writeEachRow(rows, sink, (row) => {
    const text = before + object(row);
    before = ',\n';
    return text;
  });
  await sink.write(before === '[' ? '[]\n' : ']\n');
}

async function writeJsonLines(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const object = jsonObjects(rows, style);
  await writeEachRow(rows, sink, (row) => `${object(row)}\n`);
}

const htmlEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

async function writeHtml(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  const cell = (tag: string, text: string) =>
    `<${tag}>${text.replace(/[&<>"]/g, (char) => htmlEscapes[char]!)}</${tag}>`;
  if (style.hasHeaders) await sink.write(`<tr>${rows.columns.map(({ name }) => cell('th', name)).join('')}</tr>\n`);
  await writeEachRow(rows, sink, (row) => {
    return `<tr>${row.map((value, index) => cell('td', texts[index]!(value))).join('')}</tr>\n`;
  });
}

async function discard(rows: ResultRows): Promise<void> {
  for await (const _ of rows.batches);
}

/** One write for each batch, since a write for each row would cost more than the row. */
async function writeEachRow(
  rows: ResultRows,
  sink: TextSink,
  text: (row: readonly DuckDBValue[]) => string,
): Promise<void> {
  for await (const batch of rows.batches) await sink.write(batch.getRows().map(text).join(''));
}
