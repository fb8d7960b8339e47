// Rows → DuckDB's box: types under the names, numbers to the right, a count below; never wider than the terminal, and
// the middle rows left out of long results. Drawn by hand on string-width: the table libraries (table, cli-table3)
// wrap or cut cells to given widths, but choose neither widths nor which columns and rows to leave out, and those
// choices are all there is to this form.

import { type Alignment, aligned, displayWidth, truncated } from './cell-text.js';
import type { Paint } from './paint.js';

export interface BoxColumn {
  readonly name: string;
  /** Stands under the name; absent when the box has no types. */
  readonly type?: string;
  readonly alignment: Alignment;
  /** Columns that have one are kept when not all fit, the lowest first. */
  readonly rank?: number;
}

export interface BoxContent {
  readonly columns: readonly BoxColumn[];
  /** Cells that are fit for the screen; null where SQL has NULL. */
  readonly head: readonly (readonly (string | null)[])[];
  /** The last rows, when some between them and `head` are not shown. */
  readonly tail: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
  /** Columns of the result, where the box does not have one for each. */
  readonly columnCount?: number;
  /** Rows of the result that the box has a column for each, where it is turned. */
  readonly turnedRows?: number;
}

export interface BoxStyle {
  readonly maxWidth: number;
  readonly nullText: string;
  readonly paint: Paint;
}

/** A column is not made narrower than this to let all columns fit; columns are left out instead. */
const SHRUNK_WIDTH = 20;
/** The same for columns that are more telling than others: half of a terminal's width. */
const TELLING_WIDTH = 40;
/** Rows of dots that stand for those left out. */
const DOT_ROWS = 3;

type ShownColumn = BoxColumn & { readonly index: number; readonly width: number };

export function drawBox(content: BoxContent, style: BoxStyle): string[] {
  const { paint } = style;
  const shownColumns = fitColumns(content, style);
  const hiddenColumns = content.columns.length - shownColumns.filter((column) => column.index >= 0).length;
  const footer = footerLines(content, shownColumns, hiddenColumns);
  const columns = widenedTo(shownColumns, Math.max(...footer.map(displayWidth)));

  const cellsOf = (cell: (column: ShownColumn) => string) => `│ ${columns.map(cell).join(' │ ')} │`;
  const border = (left: string, join: string, right: string) =>
    left + columns.map((column) => '─'.repeat(column.width + 2)).join(join) + right;
  const rowLine = (row: readonly (string | null)[]) =>
    cellsOf(({ index, width, alignment }) => {
      if (index < 0) return '…';
      const cell = row[index] ?? null;
      const text = aligned(truncated(cell ?? style.nullText, width), width, alignment);
      return cell === null ? paint.faint(text) : text;
    });

  const inner = columns.reduce((sum, column) => sum + column.width + 3, -3);
  return [
    border('┌', '┬', '┐'),
    cellsOf(({ name, width }) => paint.strong(aligned(truncated(name, width), width, 'center'))),
    ...(columns.some((column) => column.type !== undefined)
      ? [cellsOf(({ type, width }) => paint.faint(aligned(truncated(type ?? '', width), width, 'center')))]
      : []),
    ...(content.head.length > 0 ? [border('├', '┼', '┤')] : []),
    ...content.head.map(rowLine),
    ...(content.tail.length > 0
      ? Array.from({ length: DOT_ROWS }, () => cellsOf(({ width }) => paint.faint(aligned('·', width, 'center'))))
      : []),
    ...content.tail.map(rowLine),
    border('├', '┴', '┤'),
    ...footer.map((line) => `│ ${paint.faint(spread(line, inner))} │`),
    border('└', '─', '┘'),
  ];
}

/** Whether a box of these columns and rows would have to leave columns out. */
export function hidesColumns(content: BoxContent, style: BoxStyle): boolean {
  return fitColumns(content, style).some((column) => column.index < 0);
}

/** Which columns are shown, and how wide. One column of `…`, index -1, stands where the most are left out. */
function fitColumns(content: BoxContent, style: BoxStyle): ShownColumn[] {
  const natural = content.columns.map((column, index) => ({
    ...column,
    index,
    width: Math.max(
      1,
      displayWidth(column.name),
      displayWidth(column.type ?? ''),
      ...cellWidths(content.head, index, style.nullText),
      ...cellWidths(content.tail, index, style.nullText),
    ),
  }));
  const room = style.maxWidth - 1;
  if (roomOf(natural) <= room) return natural;
  const leastWidth = ({ rank, width }: ShownColumn) =>
    Math.min(width, rank === undefined ? SHRUNK_WIDTH : TELLING_WIDTH);
  const shrunk = natural.map((column) => ({ ...column, width: leastWidth(column) }));
  const canHide = (content.columnCount === undefined || content.turnedRows !== undefined) && natural.length > 1;
  if (roomOf(shrunk) <= room || !canHide) return shared(natural, room);

  const ellipsis = { name: '…', alignment: 'center' as const, index: -1, width: 1 };
  const kept = new Set<number>();
  for (const index of byImportance(content)) {
    // Columns without a rank take no room from those that have one.
    const widths = content.columns[index]!.rank === undefined ? natural : shrunk;
    const others = [...kept].map((other) => (content.columns[other]!.rank === undefined ? shrunk : widths)[other]!);
    // One column is shown whatever the room.
    if (kept.size > 0 && roomOf([ellipsis, ...others, shrunk[index]!]) > room) break;
    kept.add(index);
  }
  const shown = natural.filter(({ index }) => kept.has(index));
  return shared(shown.toSpliced(widestGap(shown, natural.length), 0, ellipsis), room);
}

/**
 * Columns in the order in which they get room: those with a rank, then the first, the last, the second, … because what a
 * query names at its ends was meant to be seen, and at the end those that have nothing to show.
 */
function byImportance({ columns, head, tail }: BoxContent): number[] {
  const hasValue = (index: number) =>
    [head, tail].some((rows) => rows.some((row) => row[index] != null && row[index] !== ''));
  const ranked = columns
    .map(({ rank }, index) => ({ rank, index }))
    .filter(({ rank, index }) => rank !== undefined && hasValue(index))
    .sort((a, b) => a.rank! - b.rank!)
    .map(({ index }) => index);
  const others = [...columns.keys()].filter((index) => !ranked.includes(index));
  const fromEnds: number[] = [];
  for (let isLeft = true; others.length > 0; isLeft = !isLeft) fromEnds.push(isLeft ? others.shift()! : others.pop()!);
  return [...ranked, ...fromEnds.filter(hasValue), ...fromEnds.filter((index) => !hasValue(index))];
}

/** Before which of the shown columns the most are left out. */
function widestGap(shown: readonly ShownColumn[], columnCount: number): number {
  const places = [-1, ...shown.map(({ index }) => index), columnCount];
  const gaps = places.slice(1).map((place, index) => place - places[index]!);
  return gaps.indexOf(Math.max(...gaps));
}

function* cellWidths(rows: readonly (readonly (string | null)[])[], index: number, nullText: string): Iterable<number> {
  for (const row of rows) yield displayWidth(row[index] ?? nullText);
}

function roomOf(columns: readonly { width: number }[]): number {
  return columns.reduce((sum, column) => sum + column.width + 3, 0);
}

/** Columns made to fit the room: the widest give way first, all down to the same width. */
function shared(columns: readonly ShownColumn[], room: number): ShownColumn[] {
  const capped = (cap: number) => columns.map((column) => ({ ...column, width: Math.min(column.width, cap) }));
  let cap = 1;
  while (cap < room && roomOf(capped(cap + 1)) <= room) cap++;
  let spare = room - roomOf(capped(cap));
  return capped(cap).map((column, index) => {
    if (spare <= 0 || columns[index]!.width <= cap) return column;
    spare--;
    return { ...column, width: cap + 1 };
  });
}

function widenedTo(columns: readonly ShownColumn[], inner: number): readonly ShownColumn[] {
  const missing = inner - (roomOf(columns) - 3);
  if (missing <= 0) return columns;
  return columns.map((column, index) =>
    index === columns.length - 1 ? { ...column, width: column.width + missing } : column,
  );
}

/** One line of both counts where there is room, else a line for each and for each part of them. */
function footerLines(content: BoxContent, shown: readonly ShownColumn[], hidden: number): string[] {
  const inner = roomOf(shown) - 3;
  const columnCount = content.columnCount ?? content.columns.length;
  const { turnedRows } = content;
  const shownRows = turnedRows === undefined ? content.head.length + content.tail.length : turnedRows - hidden;
  const hiddenColumns = turnedRows === undefined ? hidden : 0;
  const rows = counted(content.rowCount, 'row', shownRows < content.rowCount ? shownRows : undefined);
  const columns = counted(columnCount, 'column', hiddenColumns > 0 ? columnCount - hiddenColumns : undefined);
  const oneLine = `${rows.join(' ')}\t${columns.join(' ')}`;
  if (columnCount > 1 && displayWidth(oneLine) + 1 <= inner) return [oneLine];
  const parts = hiddenColumns > 0 ? [rows, columns] : [rows];
  return parts.flatMap((words) => (displayWidth(words.join(' ')) <= inner ? [words.join(' ')] : words));
}

function counted(count: number, noun: string, shown: number | undefined): string[] {
  const all = `${count} ${noun}${count === 1 ? '' : 's'}`;
  return shown === undefined ? [all] : [all, `(${shown} shown)`];
}

/** What stands before a tab goes to the left, what stands after it to the right. */
function spread(line: string, width: number): string {
  const [left, right = ''] = line.split('\t') as [string, string?];
  return left + aligned(right, width - displayWidth(left), 'right');
}
