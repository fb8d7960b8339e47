// A person at a terminal → commands for a shell: the loop of prompt and answer, history, completion, and what Ctrl-C and
// Ctrl-D mean.

import type { Paint } from '../output/paint.js';
import { type Completion, completeDotCommand, completeSql } from './completion.js';
import type { EditTerminal, PaintedText } from './edit-screen.js';
import { type HistoryFile, MAX_HISTORY_ENTRIES } from './history-file.js';
import { InputScanner } from './input-scanner.js';
import { type EditorInput, LineEditor } from './line-editor.js';
import type { Shell } from './shell.js';
import { type SqlPieceKind, sqlPieces } from './sql-colors.js';

const PROMPT = 'D ';
const CONTINUATION_PROMPT = '· ';

/** Whether Ctrl-C at an empty prompt leaves at once, or has to be pressed again. */
export type InterruptMeaning = 'leaves' | 'leaves when repeated';

export class Terminal {
  readonly #shell: Shell;
  readonly #history: HistoryFile;
  readonly #entries: string[];
  readonly #output: EditTerminal;
  readonly #editor: LineEditor;
  readonly #interrupt: InterruptMeaning;
  /** Words that are shown as SQL's own; none before DuckDB has named them. */
  #keywords: ReadonlySet<string> = new Set();

  constructor(
    shell: Shell,
    history: HistoryFile,
    streams: { readonly input: EditorInput; readonly output: EditTerminal },
    paint: Paint,
    interrupt: InterruptMeaning = 'leaves when repeated',
  ) {
    this.#shell = shell;
    this.#interrupt = interrupt;
    this.#history = history;
    this.#entries = history.load();
    this.#output = streams.output;
    const paints: Readonly<Record<SqlPieceKind, PaintedText['paint']>> = {
      keyword: paint.keyword,
      literal: paint.literal,
      comment: paint.faint,
      plain: (text) => text,
    };
    this.#editor = new LineEditor(streams, {
      prompts: [PROMPT, CONTINUATION_PROMPT],
      history: this.#entries,
      isComplete,
      paint: (text) =>
        sqlPieces(text, this.#keywords).map((piece) => ({ text: piece.text, paint: paints[piece.kind] })),
      complete: (text) => this.#complete(text),
      interrupt: () => shell.cancel(),
    });
  }

  /** Resolves when the person leaves, and the last command has ended. Rejects when the terminal has gone. */
  async run(): Promise<void> {
    this.#shell.keyboard = this.#editor;
    // Before the first prompt: a connection runs one query at a time, and the next one is the person's.
    await this.#loadKeywords().catch(() => {}); // without them there are fewer colours
    let isLeaving = false;
    while (this.#shell.exitCode === undefined) {
      const answer = await this.#editor.read();
      if (answer.kind === 'end') break;
      if (answer.kind === 'interrupt') {
        if (answer.wasEmpty && (isLeaving || this.#interrupt === 'leaves')) break;
        isLeaving = answer.wasEmpty;
        if (isLeaving) this.#output.write('Ctrl-C once more, or Ctrl-D, leaves\n');
        continue;
      }
      isLeaving = false;
      this.#remember(answer.text);
      await this.#runAll(answer.text);
    }
    this.close();
  }

  close(): void {
    this.#editor.close();
  }

  /** Whether the person is at the prompt, and no command is writing. */
  get isAtPrompt(): boolean {
    return this.#editor.isReading;
  }

  /** Writes whole lines above the prompt and what is being typed. */
  printAbove(lines: string): void {
    this.#editor.printAbove(lines);
  }

  async #runAll(text: string): Promise<void> {
    const scanner = new InputScanner();
    for (const command of [...scanner.push(`${text}\n`), ...scanner.end()]) {
      const hasRun = await this.#shell.tryRun(command);
      if (this.#shell.exitCode !== undefined) return;
      // What was typed or pasted after a command that failed was meant to follow it.
      if (!hasRun) return this.#editor.dropTypedLines();
    }
  }

  #remember(text: string): void {
    const entry = text.trim();
    if (entry === '' || entry === this.#entries[0]) return;
    this.#entries.unshift(entry);
    this.#entries.splice(MAX_HISTORY_ENTRIES);
    this.#history.add(entry);
  }

  async #complete(text: string): Promise<Completion> {
    const lineStart = text.lastIndexOf('\n') + 1;
    const before = text.slice(0, lineStart);
    const line = text.slice(lineStart);
    if (line.startsWith('.') && isComplete(before)) return completeDotCommand(line);
    const rows = await this.#shell.query('SELECT suggestion, suggestion_start FROM sql_auto_complete($1)', [text]);
    const suggestions = rows.map(([suggestion, start]) => ({ text: suggestion!, start: Number(start) }));
    return completeSql(before, line, suggestions);
  }

  /** DuckDB's keywords, but for those that are common names of columns: `name`, `value`, `day`. */
  async #loadKeywords(): Promise<void> {
    const rows = await this.#shell.query(
      "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')",
    );
    this.#keywords = new Set([...rows.map(([name]) => name!), ...statementWords]);
  }
}

/** Words that begin or shape statements, although DuckDB lets columns have these names. */
const statementWords = [
  ...['alter', 'attach', 'begin', 'by', 'call', 'checkpoint', 'commit', 'copy', 'delete', 'detach', 'drop', 'exclude'],
  ...['explain', 'export', 'import', 'insert', 'install', 'load', 'macro', 'over', 'pragma', 'replace', 'rollback'],
  ...['schema', 'secret', 'set', 'type', 'update', 'use', 'values', 'view'],
];

/** Whether nothing of a text waits for a further line. */
function isComplete(text: string): boolean {
  const scanner = new InputScanner();
  scanner.push(`${text}\n`);
  return !scanner.isPending;
}
