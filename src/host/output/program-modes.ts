// Rows → texts that other programs read: LaTeX, Tcl, and values between control characters.

import { aligned, printable } from './cell-text.js';
import { alignmentOf, allCells, columnTexts, columnWidths, type ResultStyle, writeEachRow } from './mode.js';
import type { ResultRows } from './result-rows.js';
import type { TextSink } from './text-sink.js';

/** ASCII's unit separator and record separator. */
const VALUE_END = '\x1f';
const ROW_END = '\x1e';

export async function writeAscii(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  const line = (values: readonly string[]) => values.join(VALUE_END) + ROW_END;
  if (style.hasHeaders) await sink.write(line(rows.columns.map(({ name }) => name)));
  await writeEachRow(rows, sink, (row) => line(row.map((value, index) => texts[index]!(value))));
}

const tclEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A word in quotes, in which Tcl would otherwise take `$` for a variable and `[` for a command. */
function tclWord(text: string): string {
  const escaped = text.replace(/["\\$[\]\n\r\t]/g, (char) => tclEscapes[char] ?? `\\${char}`);
  return `"${escaped}"`;
}

export async function writeTcl(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const texts = columnTexts(rows.columns, style, 'NULL');
  if (style.hasHeaders) await sink.write(`${rows.columns.map(({ name }) => tclWord(name)).join(' ')}\n`);
  await writeEachRow(rows, sink, (row) => {
    return `${row.map((value, index) => tclWord(texts[index]!(value))).join(' ')}\n`;
  });
}

const latexWords: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
};

function latexText(text: string): string {
  return text.replace(/[&%$#_{}\\~^]/g, (char) => latexWords[char] ?? `\\${char}`);
}

export async function writeLatex(rows: ResultRows, style: ResultStyle, sink: TextSink): Promise<void> {
  const cells = (await allCells(rows, style)).map((row) => row.map(latexText));
  const columns = rows.columns.map((column) => ({ ...column, name: latexText(printable(column.name)) }));
  const widths = columnWidths(columns, cells, style.hasHeaders);
  const line = (row: readonly string[]) => {
    return `${row.map((cell, index) => aligned(cell, widths[index]!, alignmentOf(columns[index]!))).join(' & ')} \\\\`;
  };
  const output = [
    `\\begin{tabular}{|${columns.map((column) => alignmentOf(column)[0]).join('')}|}`,
    '\\hline',
    ...(style.hasHeaders ? [line(columns.map(({ name }) => name)), '\\hline'] : []),
    ...cells.map(line),
    '\\hline',
    '\\end{tabular}',
  ];
  await sink.write(`${output.join('\n')}\n`);
}
