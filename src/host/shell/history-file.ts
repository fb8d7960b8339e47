// Command history across runs of the shell, without entries that must not be stored, such as secrets.

import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { mayHoldSecret } from '../../base/redaction.js';

/** Entries that a new shell loads. The file is truncated to these when it holds twice as many. */
export const MAX_HISTORY_ENTRIES = 1000;

/** Multi-line entries are stored with a tab before every line but the first. */
export class HistoryFile {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The entries of earlier runs, the newest first. */
  load(): string[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch {
      return []; // none yet, or not ours to read: a shell without memory is still a shell
    }
    const entries = text.split(/\n(?!\t)/).filter((entry) => entry !== '');
    const kept = entries.slice(-MAX_HISTORY_ENTRIES);
    if (entries.length > 2 * MAX_HISTORY_ENTRIES) this.#try(() => writeFileSync(this.#path, `${kept.join('\n')}\n`));
    return kept.map((entry) => entry.replaceAll('\n\t', '\n')).reverse();
  }

  /** Appends, so that concurrent shells keep each other's entries. */
  add(entry: string): void {
    if (mayHoldSecret(entry)) return;
    const stored = entry.trim().replaceAll('\r', '').replaceAll('\n', '\n\t');
    this.#try(() => appendFileSync(this.#path, `${stored}\n`, { mode: 0o600 }));
  }

  #try(write: () => void): void {
    try {
      write();
    } catch {
      // A read-only home directory must not cause an error for each line.
    }
  }
}
