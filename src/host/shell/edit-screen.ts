// Draws the text being typed at the bottom of a terminal and redraws it after each key. It breaks lines itself, so that the cursor's
// position is known regardless of the terminal's behaviour at the right edge.

import type { Writable } from 'node:stream';
import { displayWidth, printable } from '../output/cell-text.js';

export interface PaintedText {
  readonly text: string;
  readonly paint: (text: string) => string;
}

/** View: pieces of text, a prompt for each line, and the cursor's offset in the text. */
export interface EditView {
  readonly pieces: readonly PaintedText[];
  readonly cursor: number;
  /** Before the first line, and before each other one. */
  readonly prompts: readonly [string, string];
}

/** The terminal that is drawn on. */
export type EditTerminal = Writable & { readonly columns?: number; readonly rows?: number };

interface Layout {
  readonly rows: readonly string[];
  readonly cursorRow: number;
  readonly cursorColumn: number;
}

/** Size assumed for terminals that do not report it; some report 0. */
const COLUMNS_UNKNOWN = 80;
const ROWS_UNKNOWN = 24;
const TAB = '    ';
const graphemes = new Intl.Segmenter();

export class EditScreen {
  readonly #terminal: EditTerminal;
  /** Rows of the drawing above the cursor's. */
  #rowsAbove = 0;
  #rowsBelow = 0;

  constructor(terminal: EditTerminal) {
    this.#terminal = terminal;
  }

  draw(view: EditView): void {
    const columns = this.#terminal.columns || COLUMNS_UNKNOWN;
    const height = this.#terminal.rows || ROWS_UNKNOWN;
    const layout = layoutOf(view, columns);
    // Of a text higher than the terminal, only the part that fits above the cursor is drawn, because rows that scrolled out cannot
    // be redrawn.
    const first = Math.max(0, Math.min(layout.rows.length - height, layout.cursorRow));
    const rows = layout.rows.slice(first, first + height);
    this.#rowsBelow = rows.length - 1 - (layout.cursorRow - first);
    const text = `${this.#toStart()}${rows.join('\r\n')}\r${up(this.#rowsBelow)}${right(layout.cursorColumn)}`;
    this.#rowsAbove = layout.cursorRow - first;
    this.#terminal.write(text);
  }

  /** Keeps the drawing and continues below it. */
  leave(after = ''): void {
    this.#terminal.write(`${'\n'.repeat(this.#rowsBelow)}${after}\r\n`);
    this.#forget();
  }

  /** Erases the drawing. */
  erase(): void {
    this.#terminal.write(this.#toStart());
    this.#forget();
  }

  clearTerminal(): void {
    this.#terminal.write('\x1b[H\x1b[2J');
    this.#forget();
  }

  #toStart(): string {
    return `\r${up(this.#rowsAbove)}\x1b[J`;
  }

  #forget(): void {
    this.#rowsAbove = 0;
    this.#rowsBelow = 0;
  }
}

function up(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

function right(columns: number): string {
  return columns > 0 ? `\x1b[${columns}C` : '';
}

function layoutOf({ pieces, cursor, prompts }: EditView, columns: number): Layout {
  const rows: string[] = [prompts[0]];
  let column = displayWidth(prompts[0]);
  let offset = 0;
  let place: { row: number; column: number } | undefined;
  const breakRow = (start: string) => {
    rows.push(start);
    column = displayWidth(start);
  };
  for (const { text, paint } of pieces) {
    let run = '';
    const flush = () => {
      if (run !== '') rows[rows.length - 1] += paint(run);
      run = '';
    };
    for (const { segment } of graphemes.segment(text)) {
      const shown = segment === '\t' ? TAB : printable(segment);
      const width = displayWidth(shown);
      if (segment !== '\n' && column + width > columns) {
        flush();
        breakRow('');
      }
      if (offset >= cursor) place ??= { row: rows.length - 1, column };
      offset += segment.length;
      if (segment === '\n') {
        flush();
        breakRow(prompts[1]);
      } else {
        run += shown;
        column += width;
      }
    }
    flush();
  }
  if (place === undefined && column >= columns) breakRow(''); // the cursor has no room behind a full row
  place ??= { row: rows.length - 1, column };
  return { rows, cursorRow: place.row, cursorColumn: Math.min(place.column, columns - 1) };
}
