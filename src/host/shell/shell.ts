// Runs commands one at a time and writes results to a sink. It does not know whether they come from a terminal, a pipe or a file.

import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { messageOf } from '../../base/failure.js';
import { redacted } from '../../base/redaction.js';
import { ResultReturnType, StatementType } from '../../duckdb/node-api.js';
import type { ArrivalFeed, DisplayHints } from '../../plugin.js';
import type { Mode, ResultStyle } from '../output/mode.js';
import { type Paint, plainPaint } from '../output/paint.js';
import { type ModeName, modes } from '../output/result-modes.js';
import { chunkRows, outputColumns, type ResultRows, type RowBatch } from '../output/result-rows.js';
import { ReaderGone, type TextSink } from '../output/text-sink.js';
import { AlreadyReported } from './already-reported.js';
import type { DotContext } from './dot-command.js';
import { runDotCommand } from './dot-commands.js';
import { type Command, InputScanner } from './input-scanner.js';
import type { ProgressLine } from './progress-line.js';
import { defaultSettings, type ShellSettings } from './shell-settings.js';
import { CommandFull, endOf, openTarget, startCommand, type TargetName, type TextTarget } from './text-target.js';

export interface ShellScreen {
  readonly out: TextSink;
  readonly err: TextSink;
  /** Styles for `out` and `err`. */
  readonly outPaint: Paint;
  readonly errPaint: Paint;
  /** Width of the terminal at `out`, or a readable default. */
  width(): number;
  /** If `err` is a terminal. */
  readonly progress?: ProgressLine;
}

/** The database of a shell, and what plugins contribute to it. */
export interface ShellDatabase {
  /** Closes the database and opens another. If that fails, opens one in memory and rejects. */
  open(path: string, options: { readonly isReadOnly: boolean }): Promise<void>;
  connect(): Promise<DuckDBConnection>;
  /** Makes plugins reject new work, also in databases that are opened later. */
  refuseWork(reason: string): void;
  readonly display: readonly DisplayHints[];
  readonly arrivals: readonly ArrivalFeed[];
}

/** A terminal that can be lent to a program. */
export interface Keyboard {
  suspend(): void;
  resume(): void;
}

/** DuckDB ignores an interrupt before a query has started, so it is repeated until the query ends. */
const INTERRUPT_AGAIN_MS = 50;
/** `-init`, `.read` in a file that reads itself. */
const MAX_READ_DEPTH = 16;

/** Rows kept for `.last`: at most a few hundred megabytes for usual rows. */
const MAX_LAST_ROWS = 100_000;

export class Shell implements DotContext {
  readonly settings: ShellSettings;
  readonly screen: ShellScreen;
  /** Set by the terminal while it is interactive. */
  keyboard: Keyboard | undefined;
  readonly #database: ShellDatabase | undefined;
  #connection: DuckDBConnection;
  #timeZone = 'UTC';
  #isRunning = false;
  #isCancelled = false;
  #target: TextTarget | undefined;
  /** A program that is started with the first output. Until then the user has the keyboard. */
  #nextProgram: TargetName | undefined;
  #isTargetForOneResult = false;
  /** Mode that the target requires, overriding `.mode`. */
  #targetMode: ModeName | undefined;
  #readDepth = 0;
  #exitCode: number | undefined;
  #hasFailed = false;
  #isSafe = false;
  /** The last result shown in a box. Its rows are dropped if there are too many. */
  #last: { readonly columns: ResultRows['columns']; readonly batches: RowBatch[]; rowCount: number } | undefined;

  private constructor(
    connection: DuckDBConnection,
    screen: ShellScreen,
    settings: Partial<ShellSettings>,
    database: ShellDatabase | undefined,
  ) {
    this.#database = database;
    this.#connection = connection;
    this.screen = screen;
    this.settings = { ...defaultSettings, ...settings };
  }

  /** Without a database, a shell keeps its connection. */
  static async start(
    connection: DuckDBConnection,
    screen: ShellScreen,
    settings: Partial<ShellSettings>,
    database?: ShellDatabase,
  ): Promise<Shell> {
    const shell = new Shell(connection, screen, settings, database);
    await shell.#prepareConnection();
    return shell;
  }

  async #prepareConnection(): Promise<void> {
    await this.#readTimeZone();
    if (this.screen.progress === undefined) return;
    // DuckDB tracks progress only on request, and would print its own progress bar.
    await this.#connection.run('SET SESSION enable_progress_bar = true');
    await this.#connection.run('SET SESSION enable_progress_bar_print = false');
  }

  async open(path: string, options: { readonly isReadOnly: boolean }): Promise<void> {
    if (this.#database === undefined) throw new Error('this shell cannot leave its database');
    this.#last = undefined;
    try {
      await this.#database.open(path, options);
    } finally {
      this.#connection = await this.#database.connect();
      await this.#prepareConnection();
    }
  }

  get arrivals(): readonly ArrivalFeed[] {
    return this.#database?.arrivals ?? [];
  }

  async lock(): Promise<void> {
    if (this.#isSafe) return;
    this.#isSafe = true;
    this.#database?.refuseWork('the shell is in safe mode');
    await this.#connection.run('SET enable_external_access = false');
    await this.#connection.run('SET lock_configuration = true');
  }

  async runProgram(command: string): Promise<number | null> {
    this.keyboard?.suspend();
    try {
      return await endOf(startCommand(command, 'inherit'));
    } finally {
      this.keyboard?.resume();
    }
  }

  /** Set once a command has requested the exit. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  exit(code: number): void {
    this.#exitCode = code;
  }

  /** Whether any command has failed. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Cancels the running query, whose command then rejects. Does nothing between commands. */
  cancel(): void {
    if (!this.#isRunning) return;
    this.#isCancelled = true;
    this.#connection.interrupt();
  }

  /**
   * Runs the commands of an input as they arrive and reports their errors. With `.bail` on, the first error ends the input.
   * Resolves with whether the whole input ran.
   */
  async runInput(source: AsyncIterable<string> | Iterable<string>, name?: string): Promise<boolean> {
    const scanner = new InputScanner();
    let isWhole = true;
    const runAll = async (commands: readonly Command[]) => {
      for (const command of commands) {
        if (this.#exitCode !== undefined) return false;
        const where = name === undefined ? '' : `${name}:${command.line}: `;
        if (await this.tryRun(command, where)) continue;
        isWhole = false;
        if (this.settings.isBailing) return false;
      }
      return true;
    };
    for await (const text of source) {
      if (!(await runAll(scanner.push(text)))) return isWhole;
    }
    await runAll(scanner.end());
    return isWhole;
  }

  /** Runs a file's commands. Rejects if it cannot be read, or if a command fails with `.bail` on. */
  async runFile(path: string): Promise<void> {
    if (this.#readDepth >= MAX_READ_DEPTH) {
      throw new Error(`cannot read ${path}: files that read files are limited to a depth of ${MAX_READ_DEPTH}`);
    }
    this.#readDepth++;
    try {
      if (await this.runInput(linesOf(path), path)) return;
    } finally {
      this.#readDepth--;
    }
    if (this.settings.isBailing) throw new AlreadyReported();
  }

  /** Runs a command and reports its error. Resolves with false if it failed. */
  tryRun(command: Command, where = ''): Promise<boolean> {
    return this.#reporting(where, () => this.run(command), command.text);
  }

  /** Runs a file's commands and reports their errors. Resolves with false if it cannot be read or `.bail` ended it. */
  tryFile(path: string): Promise<boolean> {
    return this.#reporting('', () => this.runFile(path));
  }

  async #reporting(where: string, work: () => Promise<void>, statement?: string): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (error instanceof ReaderGone) throw error;
      if (error instanceof CommandFull) return true;
      this.#hasFailed = true;
      if (!(error instanceof AlreadyReported)) await this.reportError(where + redacted(errorText(error), statement));
      return false;
    }
  }

  async run(command: Command): Promise<void> {
    if (this.settings.isEchoed) await this.write(`${command.text}${command.kind === 'sql' ? ';' : ''}\n`);
    if (command.kind === 'dot') return await runDotCommand(this, command.text, this.#isSafe);
    const startedMs = performance.now();
    try {
      await this.#runStatement(command.text);
    } finally {
      const seconds = (performance.now() - startedMs) / 1000;
      if (this.#isTargetForOneResult) await this.#closeTarget();
      if (this.settings.isTimed) await this.write(`Run Time (s): real ${seconds.toFixed(3)}\n`);
    }
  }

  async query(sql: string, values: readonly string[] = []): Promise<string[][]> {
    const result = await this.#connection.runAndReadAll(sql, [...values]);
    return result.getRows().map((row) => row.map(String));
  }

  /**
   * Repeats a query with pauses until it is cancelled, and writes all rows as one result. A result with different columns starts
   * a new one.
   */
  async follow(sql: string, mode: Pick<Mode, 'write'>, style: Partial<ResultStyle>, pauseMs: number): Promise<void> {
    this.#isRunning = true;
    this.#isCancelled = false;
    try {
      for (let next: DuckDBResult | undefined = await this.#connection.stream(sql); next !== undefined; ) {
        const first: DuckDBResult = next;
        next = undefined;
        const columns = outputColumns(first);
        const batches = this.#followed(sql, first, pauseMs, (other) => {
          next = other;
        });
        await mode.write({ columns, batches }, { ...this.#style(), ...style }, { write: (text) => this.write(text) });
      }
    } finally {
      this.#isRunning = false;
    }
  }

  /** Rows of a result and of the following ones. The first result with different columns is passed to `next`. */
  async *#followed(
    sql: string,
    first: DuckDBResult,
    pauseMs: number,
    handOver: (result: DuckDBResult) => void,
  ): AsyncIterable<RowBatch> {
    try {
      for (let result = first; ; result = await this.#connection.stream(sql)) {
        if (String(result.columnNames()) !== String(first.columnNames())) return handOver(result);
        for await (const chunk of result) yield chunkRows(chunk);
        if (this.#isCancelled) return;
        await pause(pauseMs);
        if (this.#isCancelled) return;
      }
    } catch (error) {
      if (!this.#isCancelled) throw error;
    }
  }

  /** Redirects output to a target: all of it, or one result. Without a target, output returns to the screen. */
  async redirect(name: TargetName | undefined, options: { readonly isForOneResult?: boolean } = {}): Promise<void> {
    await this.#closeTarget();
    if (name === undefined) return;
    this.#isTargetForOneResult = options.isForOneResult ?? false;
    if (name.kind === 'spreadsheet') this.#targetMode = 'csv';
    if (name.kind !== 'file' && this.#isTargetForOneResult) this.#nextProgram = name;
    else this.#target = await openTarget(name);
  }

  async #closeTarget(): Promise<void> {
    const target = this.#target;
    const hasKeyboard = this.#isTargetForOneResult;
    this.#target = undefined;
    this.#nextProgram = undefined;
    this.#isTargetForOneResult = false;
    this.#targetMode = undefined;
    try {
      await target?.close();
    } finally {
      if (hasKeyboard) this.keyboard?.resume();
    }
  }

  async write(text: string): Promise<void> {
    this.screen.progress?.clear();
    if (this.#nextProgram !== undefined) {
      const name = this.#nextProgram;
      this.#nextProgram = undefined;
      this.keyboard?.suspend(); // a pager reads keys
      this.#target = await openTarget(name);
    }
    await (this.#target ?? this.screen.out).write(text);
  }

  async reportError(message: string): Promise<void> {
    this.screen.progress?.clear();
    await this.screen.err.write(`${paintedError(message, this.screen.errPaint)}\n`);
  }

  /** Width available for output. */
  get width(): number {
    return this.settings.maxWidth > 0 ? this.settings.maxWidth : this.screen.width();
  }

  async close(): Promise<void> {
    await this.#closeTarget();
  }

  show(sql: string, mode: Mode, style: Partial<ResultStyle> = {}): Promise<void> {
    return this.#running(sql, (result) => {
      const rows = { columns: outputColumns(result), batches: this.#batches(result) };
      return mode.write(rows, { ...this.#style(), ...style }, { write: (text) => this.write(text) });
    });
  }

  async showLast(): Promise<void> {
    const last = this.#last;
    if (last === undefined) throw new Error('there is no result yet');
    if (last.rowCount > MAX_LAST_ROWS) {
      throw new Error(
        `the last result has more than the ${MAX_LAST_ROWS} rows that are kept; run it again after .maxrows 0`,
      );
    }
    const batches = (async function* () {
      yield* last.batches;
    })();
    const style = { ...this.#style(), maxRows: 0, maxWidth: 0 };
    await modes.duckbox.write({ columns: last.columns, batches }, style, { write: (text) => this.write(text) });
  }

  async #runStatement(sql: string): Promise<void> {
    await this.#running(sql, (result) => this.#writeResult(result));
  }

  /** Runs a statement and shows its rows while it runs. */
  async #running(sql: string, show: (result: DuckDBResult) => Promise<void>): Promise<void> {
    this.#isRunning = true;
    this.#isCancelled = false;
    const repeat = setInterval(() => this.#isCancelled && this.#connection.interrupt(), INTERRUPT_AGAIN_MS);
    this.screen.progress?.start(() => this.#connection.progress.percentage);
    try {
      const result = await this.#connection.stream(sql);
      if (result.returnType === ResultReturnType.QUERY_RESULT) await show(result);
      if (settingStatements.has(result.statementType)) await this.#readTimeZone();
    } finally {
      clearInterval(repeat);
      this.screen.progress?.stop();
      this.#isRunning = false;
    }
  }

  async #writeResult(result: DuckDBResult): Promise<void> {
    const rows = { columns: outputColumns(result), batches: this.#batches(result) };
    const mode = this.#targetMode ?? this.settings.mode;
    if (mode === 'duckbox') rows.batches = this.#kept(rows);
    if (result.statementType === StatementType.EXPLAIN && drawnModes.has(mode)) {
      return await this.#writePlan(rows);
    }
    await modes[mode].write(rows, this.#style(), { write: (text) => this.write(text) });
  }

  async *#batches(result: DuckDBResult): AsyncGenerator<RowBatch, void> {
    for await (const chunk of result) {
      // DuckDB does not notice interrupts while a materialized result is read.
      if (this.#isCancelled) throw new Error('INTERRUPT Error: Interrupted!');
      yield chunkRows(chunk);
    }
  }

  /** Passes rows through and keeps them for `.last`. */
  async *#kept({ columns, batches }: ResultRows): AsyncGenerator<RowBatch, void> {
    const last = { columns, batches: [] as RowBatch[], rowCount: 0 };
    this.#last = last;
    for await (const batch of batches) {
      last.rowCount += batch.rowCount;
      if (last.rowCount <= MAX_LAST_ROWS) last.batches.push(batch);
      else last.batches.length = 0;
      yield batch;
    }
  }

  /** A query plan draws itself, in the second column. */
  async #writePlan(rows: ResultRows): Promise<void> {
    for await (const batch of rows.batches) {
      for (const row of batch.getRows()) await this.write(`${String(row[1]).trimEnd()}\n`);
    }
  }

  #style(): ResultStyle {
    return {
      ...this.settings,
      maxWidth: this.width,
      timeZone: this.#timeZone,
      paint: (this.#target ?? this.#nextProgram) === undefined ? this.screen.outPaint : plainPaint,
      display: this.#database?.display ?? [],
    };
  }

  async #readTimeZone(): Promise<void> {
    this.#timeZone = (await this.query("SELECT current_setting('TimeZone')"))[0]![0]!;
  }
}

/** Statements that may change how times are displayed. */
const settingStatements: ReadonlySet<StatementType> = new Set([
  StatementType.SET,
  StatementType.VARIABLE_SET,
  StatementType.PRAGMA,
]);

/** Modes for people, which draw a plan. Other modes write its row. */
const drawnModes: ReadonlySet<ModeName> = new Set(['duckbox', 'box', 'table', 'column', 'line', 'list']);

/** Highlights the kind of error and DuckDB's caret. */
function paintedError(message: string, paint: Paint): string {
  return message
    .replace(/^(?:[\w. -]+? )?Error:/, (kind) => paint.failure(kind))
    .replace(/^( *)\^$/m, (_line, space: string) => space + paint.failure('^'));
}

async function* linesOf(path: string): AsyncIterable<string> {
  try {
    for await (const text of createReadStream(path, 'utf8')) yield text as string;
  } catch (error) {
    throw new Error(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** DuckDB's message as the duckdb command prints it. Its API adds a prefix if a statement does not parse. */
function errorText(error: unknown): string {
  return messageOf(error).replace(/^Failed to extract statements: /, '');
}
