// Rows of a result → text on a sink, in each mode of `.mode`. Modes that write row by row stream any number of rows. Modes that align
// columns hold the rows that they show.

import type { DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { DuckDBTypeId } from '../../duckdb/node-api.js';
import { type Alignment, aligned, displayWidth, printable } from './cell-text.js';
import { writeDuckbox } from './duckbox-mode.js';
import {
  alignmentOf,
  allCells,
  type CellText,
  columnTexts,
  columnWidths,
  type Mode,
  type ResultStyle,
  writeEachRow,
} from './mode.js';
import { writeAscii, writeLatex, writeTcl } from './program-modes.js';
import type { OutputColumn, ResultRows } from './result-rows.js';
import { writeInsert, writeQuote } from './sql-modes.js';
import type { TextSink } from './text-sink.js';
import { isNumeric, jsonOfType } from './value-json.js';
import { textOfType } from './value-text.js';

export const modes = {
  duckbox: { doc: 'Box with types, fitted to the terminal (default)', write: writeDuckbox },
  ascii: { doc: 'Values that end with 0x1F, rows that end with 0x1E', write: writeAscii },
  box: { doc: 'Box of Unicode lines, never cut', write: writeGrid },
  column: { doc: 'Aligned columns', write: writeAlignedColumns },
  csv: { doc: 'Comma-separated values; NULL is empty, an empty string is ""', write: delimitedMode(',') },
  html: { doc: 'Rows of an HTML table', write: writeHtml },
  insert: { doc: 'INSERT statements for a table: .mode insert TABLE', write: writeInsert },
  json: { doc: 'One JSON array of objects for each result', write: writeJson },
  jsonlines: { doc: 'One JSON object on each line', write: writeJsonLines },
  latex: { doc: 'LaTeX tabular', write: writeLatex },
  line: { doc: 'One value on each line', write: writeLine },
  list: { doc: 'Values between separators', write: writeList },
  markdown: { doc: 'Markdown table', write: writeMarkdown },
  quote: { doc: 'SQL literals between commas', write: writeQuote },
  table: { doc: 'ASCII table', write: writeAsciiTable },
  tabs: { doc: 'Tab-separated values', write: delimitedMode('\t') },
  tcl: { doc: 'Words of Tcl', write: writeTcl },
  trash: { doc: 'Read the rows and show nothing', write: discard },
} as const satisfies Record<string, Mode>;

export type ModeName = keyof typeof modes;

export function isModeName(name: string): name is ModeName {
  return Object.hasOwn(modes, name);
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
  const cellWidths = columnWidths(rows.columns, cells, style.hasHeaders);
  const rule = ([left, join, right]: readonly [string, string, string]) =>
    left + cellWidths.map((width) => lines.across.repeat(width + 2)).join(join) + right;
  const line = (row: readonly string[], alignment: (column: OutputColumn) => Alignment) => {
    const parts = row.map((cell, index) => aligned(cell, cellWidths[index]!, alignment(rows.columns[index]!)));
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
  const cellWidths = columnWidths(rows.columns, cells, style.hasHeaders);
  const line = (row: readonly string[]) =>
    row
      .map((cell, index) => aligned(cell, cellWidths[index]!, alignmentOf(rows.columns[index]!)))
      .join('  ')
      .trimEnd();
  const header = [
    line(rows.columns.map((column) => printable(column.name))),
    cellWidths.map((width) => '-'.repeat(width)).join('  '),
  ];
  const output = [...(style.hasHeaders ? header : []), ...cells.map(line)];
  await sink.write(output.map((text) => `${text}\n`).join(''));
}

async function writeMarkdown(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const cells = (await allCells(rows, style)).map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const cellWidths = columnWidths(rows.columns, cells, style.hasHeaders);
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, index) => aligned(cell, cellWidths[index]!, alignmentOf(rows.columns[index]!))).join(' | ')} |`;
  const rule = rows.columns.map((column, index) =>
    alignmentOf(column) === 'right' ? `${'-'.repeat(cellWidths[index]! + 1)}:` : '-'.repeat(cellWidths[index]! + 2),
  );
  const header = [
    line(rows.columns.map((column) => printable(column.name).replaceAll('|', '\\|'))),
    `|${rule.join('|')}|`,
  ];
  const output = [...(style.hasHeaders ? header : []), ...cells.map(line)];
  await sink.write(output.map((text) => `${text}\n`).join(''));
}

const needsQuotes = /^$|["\r\n]/;

function delimitedMode(ownSeparator: string): Mode['write'] {
  return async (rows, style, sink) => {
    const separator = style.separator ?? ownSeparator;
    const quoted = (text: string) =>
      needsQuotes.test(text) || text.includes(separator) ? `"${text.replaceAll('"', '""')}"` : text;
    const nullText = style.nullText ?? '';
    const texts = rows.columns.map(({ type }) => {
      const text = textOfType(type, style.timeZone);
      if (isPlain(type) && !separatorInPlain.test(separator))
        return (value: DuckDBValue) => (value === null ? nullText : text(value));
      return (value: DuckDBValue) => (value === null ? nullText : quoted(text(value)));
    });
    if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => quoted(name)).join(separator)}\n`);
    await writeSeparated(rows, sink, texts, separator);
  };
}

/** Separators that may occur in texts of plain types. */
const separatorInPlain = /^$|[\w .:+-]/;

/** Types whose texts never need quotes. */
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
  const separator = style.separator ?? '|';
  if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => name).join(separator)}\n`);
  await writeSeparated(rows, sink, texts, separator);
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
