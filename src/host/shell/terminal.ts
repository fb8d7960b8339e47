// A person at a terminal → commands for a shell: line editing, history, completion, and what Ctrl-C and Ctrl-D mean.

import { type CompleterResult, createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type Completion, completeDotCommand, completeSql } from './completion.js';
import { type HistoryFile, MAX_HISTORY_ENTRIES } from './history-file.js';
import { type Command, InputScanner } from './input-scanner.js';
import type { Shell } from './shell.js';

const PROMPT = 'D ';
const CONTINUATION_PROMPT = '· ';

export class Terminal {
  readonly #shell: Shell;
  readonly #history: HistoryFile;
  readonly #readline: Interface;
  readonly #output: Writable;
  readonly #scanner = new InputScanner();
  readonly #entries: string[];
  /** Readline's own list of lines, which is made to hold entries instead: see #showEntries. */
  #lines: string[] | undefined;
  /** Lines of the command that is being typed. */
  #typed: string[] = [];
  #waiting: Command[] = [];
  #isBusy = false;
  #isClosed = false;
  #hasPressedInterrupt = false;
  #leave: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(shell: Shell, history: HistoryFile, streams: { input: Readable; output: Writable }) {
    this.#shell = shell;
    this.#history = history;
    this.#output = streams.output;
    this.#entries = history.load();
    this.#readline = createInterface({
      ...streams,
      terminal: true,
      prompt: PROMPT,
      history: [...this.#entries],
      historySize: MAX_HISTORY_ENTRIES,
      completer: (line: string, done: (error: null, result: CompleterResult) => void) => {
        this.#complete(line).then(
          ({ candidates, replaced }) => done(null, [[...candidates], replaced]),
          () => done(null, [[], line]), // a completion that fails is one that was not found
        );
      },
    });
    this.#readline.on('history', (lines: string[]) => {
      this.#lines = lines;
    });
    this.#readline.on('line', (line) => this.#takeLine(line));
    this.#readline.on('SIGINT', () => this.#interrupt());
    this.#readline.on('close', () => {
      this.#isClosed = true;
      if (!this.#isBusy) this.#output.write('\n'); // the prompt's line has no end yet
      this.#leaveIfDone();
    });
  }

  /** Resolves when the person leaves, and the last command has ended. Rejects when the terminal has gone. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#leave = resolve;
      this.#fail = reject;
      this.#prompt();
    });
  }

  close(): void {
    this.#readline.close();
  }

  /** Lines that come while a command runs, as those of a pasted text do, wait for it. */
  #takeLine(line: string): void {
    this.#hasPressedInterrupt = false;
    const wasPending = this.#scanner.isPending;
    const commands = this.#scanner.push(`${line}\n`);
    if (wasPending || line.trim() !== '') this.#typed.push(line);
    if (!this.#scanner.isPending) this.#remember();
    this.#showEntries();
    this.#waiting.push(...commands);
    if (!this.#isBusy) this.#runWaiting().catch(this.#fail);
  }

  async #runWaiting(): Promise<void> {
    this.#isBusy = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const hasRun = await this.#shell.tryRun(next);
      if (!hasRun) this.#waiting = []; // what was pasted after a command that failed was meant to follow it
      if (this.#shell.exitCode !== undefined) return this.close();
    }
    this.#isBusy = false;
    if (!this.#isClosed) this.#prompt();
    this.#leaveIfDone();
  }

  #leaveIfDone(): void {
    if (this.#isClosed && (!this.#isBusy || this.#shell.exitCode !== undefined)) this.#leave();
  }

  #prompt(): void {
    this.#readline.setPrompt(this.#scanner.isPending ? CONTINUATION_PROMPT : PROMPT);
    this.#readline.prompt();
  }

  #interrupt(): void {
    if (this.#isBusy) {
      this.#waiting = [];
      this.#shell.cancel();
      return;
    }
    const isEmpty = this.#readline.line === '' && this.#typed.length === 0;
    if (isEmpty && this.#hasPressedInterrupt) {
      this.close();
      return;
    }
    // Readline erases the line when told to delete from its end to its start.
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#output.write(isEmpty ? '^C (once more to leave)\n' : '^C\n');
    this.#hasPressedInterrupt = isEmpty;
    this.#scanner.clear();
    this.#typed = [];
    this.#showEntries();
    this.#prompt();
  }

  #remember(): void {
    const entry = this.#typed.join('\n').trim();
    this.#typed = [];
    if (entry === '' || entry === this.#entries[0]) return;
    this.#entries.unshift(entry);
    this.#entries.splice(MAX_HISTORY_ENTRIES);
    this.#history.add(entry);
  }

  /** The arrow keys give back whole commands, and the lines of the one being typed. */
  #showEntries(): void {
    this.#lines?.splice(0, this.#lines.length, ...this.#typed.toReversed(), ...this.#entries);
  }

  async #complete(line: string): Promise<Completion> {
    if (this.#isBusy) return { candidates: [], replaced: '' };
    if (line.startsWith('.') && !this.#scanner.isPending) return completeDotCommand(line);
    const before = this.#scanner.pending;
    const rows = await this.#shell.query('SELECT suggestion, suggestion_start FROM sql_auto_complete($1)', [
      before + line,
    ]);
    const suggestions = rows.map(([text, start]) => ({ text: text!, start: Number(start) }));
    return completeSql(before, line, suggestions);
  }
}
