// Events → one line of JSON each on standard error, and never an error: a log that cannot be written is no reason to stop,
// nor one to wait.

import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { redacted } from '../base/redaction.js';

export type Level = 'info' | 'warn' | 'error';
export type Log = (level: Level, event: string, fields?: Readonly<Record<string, unknown>>) => void;

export class ServiceLog {
  readonly #stream: Writable & { readonly fd?: number };
  #lost = 0;
  #isInLine = false;
  #isEnded = false;

  constructor(stream: Writable & { readonly fd?: number }) {
    this.#stream = stream;
  }

  /**
   * Writes a line; or loses it when its reader has gone, the disk is full, or a pipe is full that nobody reads. The next
   * line that can be written is preceded by one that says how many were lost.
   */
  readonly write: Log = (level, event, fields) => {
    if (this.#isEnded) return;
    const lines = this.#lost === 0 ? '' : lineOf('warn', 'log_lines_lost', { lines: this.#lost });
    if (this.#tryWrite(lines + lineOf(level, event, fields))) this.#lost = 0;
    else this.#lost++;
  };

  /** Nothing is written after this. */
  end(): void {
    this.#isEnded = true;
  }

  /** Where there is a file descriptor, not by the stream: one that has failed once writes nothing more, room on the disk or not. */
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
  // A database may be named by a connection string. A token that was made up is told as a value of its own, and stays.
  return `${JSON.stringify(line, (_name, value: unknown) => (typeof value === 'string' ? redacted(value) : value))}\n`;
}
