// An interactive terminal for a shell: the prompt loop, history, completion, and the meaning of Ctrl-C and Ctrl-D.

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

/** Whether Ctrl-C at an empty prompt leaves at once or must be repeated. */
export type InterruptMeaning = 'leaves' | 'leaves when repeated';

export class Terminal {
  readonly #shell: Shell;
  readonly #history: HistoryFile;
  readonly #entries: string[];
  readonly #output: EditTerminal;
  readonly #editor: LineEditor;
  readonly #interrupt: InterruptMeaning;
  /** Words highlighted as keywords; empty until DuckDB has listed them. */
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

  /** Resolves when the user leaves and the last command has ended. Rejects if the terminal disappears. */
  async run(): Promise<void> {
    this.#shell.keyboard = this.#editor;
    // Before the first prompt, because a connection runs one query at a time and the next one is the user's.
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

  /** Whether the prompt is shown and no command is running. */
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
      // Lines typed or pasted ahead were meant to follow the command that failed.
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

  /** DuckDB's keywords without common column names such as `name`, `value` and `day`. */
  async #loadKeywords(): Promise<void> {
    const rows = await this.#shell.query(
      "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')",
    );
    this.#keywords = new Set([...rows.map(([name]) => name!), ...statementWords]);
  }
}

/** Words that start or structure statements, although DuckDB allows them as column names. */
const statementWords = [
  ...['alter', 'attach', 'begin', 'by', 'call', 'checkpoint', 'commit', 'copy', 'delete', 'detach', 'drop', 'exclude'],
  ...['explain', 'export', 'import', 'insert', 'install', 'load', 'macro', 'over', 'pragma', 'replace', 'rollback'],
  ...['schema', 'secret', 'set', 'type', 'update', 'use', 'values', 'view'],
];

/** Whether a text is complete, so that no further line is needed. */
function isComplete(text: string): boolean {
  const scanner = new InputScanner();
  scanner.push(`${text}\n`);
  return !scanner.isPending;
}
