// Bytes for a terminal → what it shows: as much of one as the shell uses. Fails on a sequence that it does not know.

import { displayWidth } from '../../src/host/output/cell-text.js';

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const SEQUENCE = /\x1b\[(\??[\d;]*)([A-Za-z])/y;
const graphemes = new Intl.Segmenter();

export class DrawnScreen {
  readonly columns: number;
  readonly #rows: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns = 80) {
    this.columns = columns;
  }

  get cursor(): { readonly row: number; readonly column: number } {
    return { row: this.#row, column: this.#column };
  }

  /** What stands on the screen from a row on, without the space at the ends of lines. */
  text(fromRow = 0): string {
    return this.#rows
      .slice(fromRow)
      .map((row) => Array.from(row, (cell) => cell ?? ' ').join(''))
      .join('\n');
  }

  write(text: string): void {
    let at = 0;
    while (at < text.length) {
      SEQUENCE.lastIndex = at;
      const sequence = SEQUENCE.exec(text);
      if (sequence !== null) {
        this.#move(sequence[1]!, sequence[2]!);
        at = SEQUENCE.lastIndex;
        continue;
      }
      const segment = graphemes.segment(text).containing(at)!.segment;
      at += segment.length;
      if (segment.startsWith('\r')) this.#column = 0;
      if (segment.endsWith('\n')) this.#down();
      if (!/[\r\n]/.test(segment)) this.#put(segment);
    }
  }

  #put(segment: string): void {
    const width = displayWidth(segment);
    if (this.#column + width > this.columns) this.#down();
    const row = this.#rows[this.#row]!;
    row[this.#column] = segment;
    for (let covered = 1; covered < width; covered++) row[this.#column + covered] = '';
    this.#column += width;
  }

  /** As a terminal driver makes of a line feed: to the start of the next row. */
  #down(): void {
    this.#row++;
    this.#column = 0;
    this.#rows[this.#row] ??= [];
  }

  #move(parameter: string, command: string): void {
    const count = Number(parameter || 1);
    if (command === 'A') this.#row = Math.max(0, this.#row - count);
    else if (command === 'C') this.#column = Math.min(this.columns - 1, this.#column + count);
    else if (command === 'J' && parameter === '') {
      this.#rows.length = this.#row + 1;
      this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.#column);
    } else if (command === 'K') this.#rows[this.#row]!.length = Math.min(this.#rows[this.#row]!.length, this.#column);
    else if (command !== 'm' && command !== 'h' && command !== 'l') {
      throw new Error(`a sequence that the screen does not know: ${parameter}${command}`);
    }
  }
}
