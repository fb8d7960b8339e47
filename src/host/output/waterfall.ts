// Rows of spans with depth, start and duration → a waterfall: names indented by depth, and a bar for each span on a common time
// axis.

import type { WaterfallColumns } from '../../plugin.js';
import type { BoxContent } from './duckbox.js';

/** Width of the time axis in characters. */
const BAR_WIDTH = 32;
const INDENT = '  ';
/** Ends of a bar, in eighths of a character. */
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

type Row = readonly (string | null)[];

/** Undefined for content without these columns or without times. */
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
      // Ids come last, because the last columns are dropped first.
      ...content.columns.map((column, rank) => ({ ...column, rank })).filter((_, index) => !hidden.has(index)),
      { name: 'timeline', type: '', alignment: 'left', rank: 0 },
    ],
    head: content.head.map(drawn),
    tail: content.tail.map(drawn),
  };
}

/** A bar that starts at a whole character and is at least an eighth of one long. */
function bar(from: number, length: number): string {
  if (!Number.isFinite(from + length)) return '';
  const left = Math.min(Math.floor(from), BAR_WIDTH - 1);
  const size = Math.max(1, Math.round(length * 8));
  return `${' '.repeat(left)}${'█'.repeat(size >> 3)}${eighths[size & 7]}`.padEnd(BAR_WIDTH);
}
