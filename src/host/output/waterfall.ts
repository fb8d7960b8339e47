// Rows that are spans, each with its depth, start and duration → the same rows as a waterfall: names moved in by their depth,
// and a bar for each span where it lies in the time of the whole.

import type { WaterfallColumns } from '../../plugin.js';
import type { BoxContent } from './duckbox.js';

/** Characters from the start of the first span to the end of the last. */
const BAR_WIDTH = 32;
const INDENT = '  ';
/** Ends of a bar to an eighth of a character. */
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

type Row = readonly (string | null)[];

/** Undefined for content without these columns, and for one that holds no times. */
export function waterfall(content: BoxContent, names: WaterfallColumns): BoxContent | undefined {
  const indexOf = (name: string) => content.columns.findIndex((column) => column.name === name);
  const [depth, name, start, duration] = [names.depth, names.name, names.start, names.duration].map(indexOf) as [
    number,
    number,
    number,
    number,
  ];
  if ([depth, name, start, duration].includes(-1)) return undefined;
  const spans = [...content.head, ...content.tail].map((row) => ({
    start: Number(row[start] ?? Number.NaN),
    end: Number(row[start] ?? Number.NaN) + Number(row[duration] ?? Number.NaN),
  }));
  const known = spans.filter(({ end }) => Number.isFinite(end));
  if (known.length === 0) return undefined;
  const first = Math.min(...known.map((span) => span.start));
  const scale = BAR_WIDTH / Math.max(Math.max(...known.map((span) => span.end)) - first, Number.MIN_VALUE);

  const hidden = new Set([depth, start]);
  const drawn = (row: Row): Row => {
    const from = (Number(row[start] ?? Number.NaN) - first) * scale;
    const cells = row.map((cell, index) => {
      return index === name && cell !== null ? INDENT.repeat(Number(row[depth] ?? 0)) + cell : cell;
    });
    const shown = cells.filter((_, index) => !hidden.has(index));
    return [...shown, bar(from, Number(row[duration] ?? Number.NaN) * scale)];
  };
  return {
    ...content,
    columns: [
      // All that is not ids stands first: it is kept when not all fits.
      ...content.columns.map((column, rank) => ({ ...column, rank })).filter((_, index) => !hidden.has(index)),
      { name: 'timeline', type: '', alignment: 'left', rank: 0 },
    ],
    head: content.head.map(drawn),
    tail: content.tail.map(drawn),
  };
}

/** A bar that begins at a whole character, and is at least an eighth of one long. */
function bar(from: number, length: number): string {
  if (!Number.isFinite(from + length)) return '';
  const left = Math.min(Math.floor(from), BAR_WIDTH - 1);
  const size = Math.max(1, Math.round(length * 8));
  return `${' '.repeat(left)}${'█'.repeat(size >> 3)}${eighths[size & 7]}`.padEnd(BAR_WIDTH);
}
