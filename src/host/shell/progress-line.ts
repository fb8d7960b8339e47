// Progress of a running query on the terminal's last line. It is redrawn in place, and erased before other output.

import type { Writable } from 'node:stream';
import type { Paint } from '../output/paint.js';

/** Queries shorter than this show nothing, as in DuckDB's own shell. */
const FIRST_SHOWN_AFTER_MS = 2000;
const DRAWN_EVERY_MS = 200;
const BAR_WIDTH = 40;
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

export class ProgressLine {
  readonly #stream: Writable;
  readonly #paint: Paint;
  #timer: NodeJS.Timeout | undefined;
  #isDrawn = false;

  constructor(stream: Writable, paint: Paint) {
    this.#stream = stream;
    this.#paint = paint;
  }

  /** Starts showing `percentage` after two seconds. */
  start(percentage: () => number): void {
    const startedMs = performance.now();
    this.#timer = setInterval(() => {
      const elapsedMs = performance.now() - startedMs;
      if (elapsedMs < FIRST_SHOWN_AFTER_MS) return;
      this.#stream.write(`\r${this.#paint.faint(progressText(percentage(), elapsedMs))}\x1b[K`);
      this.#isDrawn = true;
    }, DRAWN_EVERY_MS);
  }

  /** Erases the line until it is drawn again. */
  clear(): void {
    if (!this.#isDrawn) return;
    this.#stream.write('\r\x1b[K');
    this.#isDrawn = false;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }
}

/** ` 42% ▕████▏ 3 s`. DuckDB reports a negative percentage while it is unknown. */
export function progressText(percentage: number, elapsedMs: number): string {
  const seconds = `${Math.floor(elapsedMs / 1000)} s`;
  if (percentage < 0) return `  …  ▕${' '.repeat(BAR_WIDTH)}▏ ${seconds}`;
  const filled = Math.round((Math.min(percentage, 100) / 100) * BAR_WIDTH * 8);
  const bar = ('█'.repeat(filled >> 3) + eighths[filled & 7]!).padEnd(BAR_WIDTH);
  return `${String(Math.floor(Math.min(percentage, 100))).padStart(3)}% ▕${bar}▏ ${seconds}`;
}
