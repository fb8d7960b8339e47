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
}

export interface BoxContent {
  readonly columns: readonly BoxColumn[];
  /** Cells that are fit for the screen; null where SQL has NULL. */
  readonly head: readonly (readonly (string | null)[])[];
  /** The last rows, when some between them and `head` are not shown. */
  readonly tail: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
  /** Columns of the result, where the box does not have one for each. Such a box leaves none of its own out. */
  readonly columnCount?: number;
}

export interface BoxStyle {
  readonly maxWidth: number;
  readonly nullText: string;
  readonly paint: Paint;
}

/** A column is not made narrower than this to let all columns fit; columns are left out instead. */
const SHRUNK_COLUMN_WIDTH = 20;
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

/** Which columns are shown, and how wide. Those left out are in the middle; one column of `…`, index -1, is there instead. */
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
  const shrunk = natural.map((column) => ({ ...column, width: Math.min(column.width, SHRUNK_COLUMN_WIDTH) }));
  const canHide = content.columnCount === undefined && natural.length > 1;
  if (roomOf(shrunk) <= room || !canHide) return shared(natural, room);

  const ellipsis = { name: '…', alignment: 'center' as const, index: -1, width: 1 };
  // The first column stays whatever the room. Of the others, left ones go in before right ones, one each.
  let used = roomOf([ellipsis, shrunk[0]!]);
  let left = 1;
  let right = shrunk.length;
  for (let fromLeft = false; left < right; fromLeft = !fromLeft) {
    const next = roomOf([shrunk[fromLeft ? left : right - 1]!]);
    if (used + next > room) break;
    used += next;
    if (fromLeft) left++;
    else right--;
  }
  return shared([...natural.slice(0, left), ellipsis, ...natural.slice(right)], room);
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
function footerLines(content: BoxContent, shown: readonly ShownColumn[], hiddenColumns: number): string[] {
  const inner = roomOf(shown) - 3;
  const columnCount = content.columnCount ?? content.columns.length;
  const shownRows = content.head.length + content.tail.length;
  const rows = counted(content.rowCount, 'row', content.tail.length > 0 ? shownRows : undefined);
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
