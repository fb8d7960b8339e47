// Events → one JSON line each on standard error. Logging never fails and never blocks: a broken log must not stop the service.

import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { redacted } from '../base/redaction.js';

/** From the least to the most. */
export const levels = ['debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];
export type Log = (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;

export class ServiceLog {
  readonly #stream: Writable & { readonly fd?: number };
  readonly #least: number;
  #lost = 0;
  #isInLine = false;
  #isEnded = false;

  /** Writes nothing below a level. */
  constructor(stream: Writable & { readonly fd?: number }, level: Level = 'info') {
    this.#stream = stream;
    this.#least = levels.indexOf(level);
  }

  /**
   * Writes a line. The line is lost if the reader has gone, the disk is full, or nobody reads the pipe. The next line that can be
   * written is preceded by a count of lost lines.
   */
  readonly write: Log = (level, event, fields) => {
    if (this.#isEnded || levels.indexOf(level) < this.#least) return;
    const lines = this.#lost === 0 ? '' : lineOf('warn', 'log_lines_lost', { lines: this.#lost });
    if (this.#tryWrite(lines + lineOf(level, event, fields))) this.#lost = 0;
    else this.#lost++;
  };

  /** Stops all writing. */
  end(): void {
    this.#isEnded = true;
  }

  /** Writes to the file descriptor if there is one, because a stream that failed once never writes again. */
  #tryWrite(text: string): boolean {
    const { fd } = this.#stream;
    if (fd === undefined) return this.#stream.write(text);
    const bytes = Buffer.from(this.#isInLine ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(fd, bytes, written);
      this.#isInLine = false;
      return true;
    } catch {
      if (written > 0) this.#isInLine = true;
      return false;
    }
  }
}

export function lineOf(level: Level, event: string, fields: Readonly<Record<string, unknown>> = {}): string {
  const line = { time: new Date().toISOString(), level, event, ...fields };
  // A database name may be a connection string. A generated token is a field of its own and is not redacted.
  return `${JSON.stringify(line, (_name, value: unknown) => (typeof value === 'string' ? redacted(value) : value))}\n`;
}
