// Runs the records of one file in order on one session. The first expectation that does not hold ends the run.

import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { type DuckDBConnection, type DuckDBMaterializedResult, DuckDBTypeId } from '@duckdb/node-api';
import { checkQuery, expectationOf, hashOf, isExpectedText, type RenderedResult, sortValues } from './check-query.js';
import type { DatabaseSession } from './database-session.js';
import { postFile } from './post-file.js';
import { isConditionMet } from './requirement.js';
import { columnTypes, ResultRenderer } from './result-renderer.js';
import type { Scope } from './scope.js';
import { ScratchDatabase } from './scratch-database.js';
import { type FailureDetail, TestFailure } from './test-failure.js';
import type { TestPlugin } from './test-plugin.js';
import type {
  ContinueRecord,
  EnvironmentRecord,
  LetRecord,
  LoadRecord,
  LoopCondition,
  LoopRecord,
  MessageListRecord,
  ModeRecord,
  PostRecord,
  QueryRecord,
  RequireRecord,
  ResetLabelRecord,
  StatementRecord,
  TestRecord,
} from './test-record.js';
import type { ExpectationUpdates, GivenLines } from './update-expectations.js';
import { ValueJudge } from './value-judge.js';

export interface TestRunOptions {
  readonly path: string;
  readonly session: DatabaseSession;
  readonly plugins: ReadonlyMap<string, TestPlugin>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly workingDirectory: string;
  readonly testDirectory: string;
  /** SQLite's original tests: numbers with a fraction are compared as integers. */
  readonly fractionsAsIntegers: boolean;
  /** Takes the results that come in place of expectations that they do not meet; without it, those fail the file. */
  readonly updates: ExpectationUpdates | undefined;
  /** Receives what `mode output_result`, `output_hash` and `debug` show. */
  readonly print: (line: string) => void;
}

/** The file asks for something that is not there, so it says nothing about what it tests. */
export class FileSkipped extends Error {
  override readonly name = 'FileSkipped';
}

/** Where a record runs: its names, and the connection that unnamed records use. */
interface Execution {
  readonly scope: Scope;
  /** The round's own connection in a concurrent loop, otherwise the session's main one, which `load` replaces. */
  readonly connection: DuckDBConnection | undefined;
}

/** A query that succeeded, and the connection that it ran on. */
interface QueryResult {
  readonly result: DuckDBMaterializedResult;
  readonly connection: DuckDBConnection;
}

/** Queries of a round run one at a time, each on a thread of libuv's pool; these stay free for everything else. */
const RESERVED_POOL_THREADS = 2;
const DEFAULT_POOL_THREADS = 4;

/** Answers that are wrong whatever a test expects. */
const DEFAULT_ALWAYS_FAIL = ['differs from original result!', 'INTERNAL'];

export class TestRun {
  readonly #options: TestRunOptions;
  readonly #scratch = new ScratchDatabase();
  readonly #judge = new ValueJudge(this.#scratch);
  readonly #renderer = new ResultRenderer(this.#scratch);
  readonly #labels = new Map<string, string>();
  #hashThreshold = 0;
  #printsHash = false;
  #printsResult = false;
  #printsSql = false;
  #ignoredMessages: readonly string[] = [];
  #alwaysFailMessages: readonly string[] = DEFAULT_ALWAYS_FAIL;
  #isOver = false;

  constructor(options: TestRunOptions) {
    this.#options = options;
  }

  /** Rejects with a TestFailure or a FileSkipped. */
  async run(records: readonly TestRecord[], scope: Scope): Promise<void> {
    try {
      await this.#runAll(records, { scope, connection: undefined });
    } finally {
      await this.#scratch.close();
    }
  }

  async #runAll(records: readonly TestRecord[], execution: Execution): Promise<void> {
    for (const record of records) {
      if (this.#isOver) return;
      try {
        if (!record.conditions.every((condition) => isAllowed(condition, execution.scope))) continue;
        if (record.kind === 'continue') return;
        await this.#runRecord(record, execution);
      } catch (error) {
        // Other rounds of a concurrent loop stop at their next record.
        this.#isOver = true;
        if (error instanceof TestFailure || error instanceof FileSkipped) throw error;
        throw this.#failure(record, error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #runRecord(record: Exclude<TestRecord, ContinueRecord>, execution: Execution): Promise<void> {
    const { session } = this.#options;
    switch (record.kind) {
      case 'statement':
        return this.#runStatement(record, execution);
      case 'query':
        return this.#runQuery(record, execution);
      case 'let':
        return this.#runLet(record, execution);
      case 'post':
        return this.#runPost(record, execution);
      case 'loop':
        return record.concurrent ? this.#runConcurrentLoop(record, execution) : this.#runLoop(record, execution);
      case 'require':
        return this.#require(record);
      case 'environment':
        return this.#readEnvironment(record, execution.scope);
      case 'load':
        return this.#load(record, execution.scope);
      case 'restart':
        return session.restart({ reloadExtensions: record.reloadExtensions });
      case 'reconnect':
        return session.reconnect();
      case 'sleep':
        return setTimeout(record.durationMs);
      case 'unzip':
        return pipeline(
          createReadStream(this.#path(record.source, execution.scope)),
          createGunzip(),
          createWriteStream(this.#path(record.target, execution.scope)),
        );
      case 'mode':
        return this.#setMode(record);
      case 'hash-threshold':
        this.#hashThreshold = record.values;
        return;
      case 'messages':
        return this.#setMessages(record);
      case 'seed':
        await session.main.run(`SELECT setseed(${Number(record.seed)})`);
        return;
      case 'reset-label':
        return this.#resetLabel(record);
    }
  }

  async #runStatement(record: StatementRecord, execution: Execution): Promise<void> {
    const sql = execution.scope.substitute(record.sql);
    const { outcome, expectedError = '' } = record;
    const result = await this.#execute(record, sql, execution);
    if ('error' in result) {
      const { error } = result;
      if (outcome === 'ok') {
        this.#skipIfIgnored(error);
        throw this.#failure(record, 'the statement failed', {
          sql,
          comparison: { expected: ['(no error)'], got: error.split('\n') },
        });
      }
      const banned = this.#alwaysFailMessages.find((message) => error.includes(message));
      if (banned !== undefined) {
        throw this.#failure(record, `an error with "${banned}" is never expected`, {
          sql,
          comparison: { expected: [], got: error.split('\n') },
        });
      }
      if (expectedError === '' || (await this.#isExpectedText(expectedError, error, execution.scope))) {
        return this.#noteHeld(record);
      }
      this.#skipIfIgnored(error);
      if (this.#updates(record, [error.split('\n')[0]!])) return;
      const expected = execution.scope.substitute(expectedError).split('\n');
      throw this.#failure(record, 'the statement failed with another error', {
        sql,
        comparison: { expected, got: error.split('\n') },
      });
    }
    if (this.#printsResult || this.#printsSql) this.#print(await this.#render(result));
    if (outcome === 'error') {
      const expected = expectedError === '' ? ['(an error)'] : execution.scope.substitute(expectedError).split('\n');
      throw this.#failure(record, 'the statement succeeded', { sql, comparison: { expected, got: ['(no error)'] } });
    }
  }

  async #runQuery(record: QueryRecord, execution: Execution): Promise<void> {
    const sql = execution.scope.substitute(record.sql);
    const result = await this.#execute(record, sql, execution);
    if ('error' in result) {
      this.#skipIfIgnored(result.error);
      const expected = record.expected.map((line) => execution.scope.substitute(line));
      throw this.#failure(record, 'the query failed', { sql, comparison: { expected, got: result.error.split('\n') } });
    }
    const rendered = await this.#render(result);
    if (this.#printsResult || this.#printsSql) this.#print(rendered);
    if (this.#printsHash) {
      this.#options.print(hashOf(sortValues(rendered.values, rendered.columnNames.length, record.sort)));
    }
    const context = {
      scope: execution.scope,
      judge: this.#judge,
      workingDirectory: this.#options.workingDirectory,
      labels: this.#labels,
      hashThreshold: this.#hashThreshold,
    };
    const mismatch = await checkQuery(record, rendered, context);
    if (mismatch === undefined) return this.#noteHeld(record);
    if (this.#options.updates !== undefined && this.#updates(record, await expectationOf(record, rendered, context))) {
      return;
    }
    throw this.#failure(record, mismatch.summary, { sql, comparison: mismatch.comparison });
  }

  /** Whether the file will expect `lines` of the record from now on. */
  #updates({ expectedAt }: StatementRecord | QueryRecord, lines: GivenLines): boolean {
    const { testDirectory, updates } = this.#options;
    const lasting = lines?.map((line) => line.replaceAll(testDirectory, '__TEST_DIR__'));
    return lasting !== undefined && updates?.note(expectedAt, lasting) === true;
  }

  #noteHeld(record: StatementRecord | QueryRecord): void {
    const { updates } = this.#options;
    if (updates === undefined || updates.note(record.expectedAt, undefined)) return;
    throw this.#failure(record, 'the rounds of a loop give different results, which one expectation cannot hold');
  }

  async #runLet(record: LetRecord, execution: Execution): Promise<void> {
    const sql = execution.scope.substitute(record.sql);
    const result = await this.#execute(record, sql, execution);
    if ('error' in result) {
      throw this.#failure(record, `let ${record.name}: the query failed`, {
        sql,
        comparison: { expected: ['(one value)'], got: result.error.split('\n') },
      });
    }
    const [value, ...others] = await this.#texts(result);
    if (value === undefined || value === null || others.length > 0) {
      const comparison = { expected: ['(one value)'], got: (await this.#render(result)).values };
      throw this.#failure(record, `let ${record.name} needs one row with one value that is not NULL`, {
        sql,
        comparison,
      });
    }
    execution.scope.setVariable(
      record.name,
      value === '' ? '' : visibleText(value, columnTypes(result.result)[0]!.typeId),
    );
  }

  async #runPost(record: PostRecord, { scope }: Execution): Promise<void> {
    const { status, body } = await postFile({
      url: scope.substitute(record.url),
      path: this.#path(record.file, scope),
      headers: record.headers.map(([name, value]) => [name, scope.substitute(value)] as const),
    });
    const isBodyExpected = record.expectedBody === '' || (await this.#isExpectedText(record.expectedBody, body, scope));
    if (status === record.status && isBodyExpected) return;
    const summary =
      status === record.status ? 'the response has another body' : `expected status ${record.status}, got ${status}`;
    const wanted = record.expectedBody === '' ? [] : scope.substitute(record.expectedBody).split('\n');
    const comparison = { expected: [String(record.status), ...wanted], got: [String(status), ...body.split('\n')] };
    throw this.#failure(record, summary, { comparison });
  }

  async #runLoop(record: LoopRecord, execution: Execution): Promise<void> {
    for (const values of record.rounds) {
      for (const [index, variable] of record.variables.entries()) {
        execution.scope.setLoopVariable(variable, values[index]!);
      }
      await this.#runAll(record.body, execution);
    }
    for (const variable of record.variables) execution.scope.deleteLoopVariable(variable);
  }

  async #runConcurrentLoop(record: LoopRecord, { scope }: Execution): Promise<void> {
    const waiting = record.rounds.values();
    const runRounds = async () => {
      for (const values of waiting) {
        if (this.#isOver) return;
        const own = scope.fork();
        for (const [index, variable] of record.variables.entries()) own.setLoopVariable(variable, values[index]!);
        await this.#options.session.withConnection((connection) =>
          this.#runAll(record.body, { scope: own, connection }),
        );
      }
    };
    const lanes = Math.min(record.rounds.length, concurrentRounds());
    // Every round has ended before the failure is reported, because the session is closed after it.
    const ends = await Promise.allSettled(Array.from({ length: lanes }, runRounds));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #require({ name, parameters }: RequireRecord): Promise<void> {
    const { session, plugins } = this.#options;
    const plugin = plugins.get(name);
    if (plugin !== undefined) return session.attach(plugin);
    if (name === 'no_extension_autoloading') return session.forbidAutoloading();
    const isMet = isConditionMet(name, parameters);
    if (isMet === true) return;
    const requirement = ['require', name, ...parameters].join(' ');
    if (isMet === false) throw new FileSkipped(`${requirement}: not the case here`);
    try {
      await session.loadExtension(name);
    } catch (error) {
      const [reason] = (error as Error).message.split('\n');
      throw new FileSkipped(`${requirement}: no plugin of that name was given, and DuckDB cannot load it: ${reason}`);
    }
  }

  #readEnvironment({ name, otherwise }: EnvironmentRecord, scope: Scope): void {
    const value = this.#options.environment[name];
    if (scope.hasEnvironmentVariable(name)) throw new Error(`${name} is defined already`);
    if (otherwise.action === 'default') {
      scope.setEnvironmentVariable(name, value ?? otherwise.value);
      return;
    }
    if (value === undefined) throw new FileSkipped(`require-env ${name}: the variable is not set`);
    if (otherwise.wanted !== undefined && value !== otherwise.wanted) {
      throw new FileSkipped(`require-env ${name} ${otherwise.wanted}: the variable has another value`);
    }
    scope.setEnvironmentVariable(name, value);
  }

  async #load({ database, readonly: isReadonly, storageVersion }: LoadRecord, scope: Scope): Promise<void> {
    const { session, testDirectory } = this.#options;
    const path = this.#databasePath(scope.substitute(database));
    await session.close();
    // DuckDB's runner deletes whatever it loads for writing; files that the run did not make stay here.
    if (!isReadonly && path.startsWith(testDirectory + sep)) {
      await rm(path, { force: true });
      await rm(`${path}.wal`, { force: true });
    }
    await session.open({ path, readonly: isReadonly, storageVersion });
  }

  #setMode({ mode }: ModeRecord): void {
    if (mode === 'output_hash') this.#printsHash = true;
    if (mode === 'output_result') this.#printsResult = true;
    if (mode === 'debug') this.#printsSql = true;
    if (mode === 'no_output') this.#printsHash = this.#printsResult = this.#printsSql = false;
  }

  #setMessages({ list, messages }: MessageListRecord): void {
    if (list === 'ignore_error_messages') this.#ignoredMessages = messages;
    else this.#alwaysFailMessages = messages;
  }

  #resetLabel({ label }: ResetLabelRecord): void {
    if (!this.#labels.delete(label)) throw new Error(`no query had the label ${label}`);
  }

  /** Runs SQL; an error of the query is a result here, and anything else is thrown. */
  async #execute(
    record: StatementRecord | QueryRecord | LetRecord,
    sql: string,
    execution: Execution,
  ): Promise<QueryResult | { error: string }> {
    const { path, print, session } = this.#options;
    const connection =
      execution.connection ?? (await session.connection(execution.scope.substitute(record.connection)));
    if (this.#printsSql || this.#printsResult) print(`${path}:${record.line}\n${sql}`);
    try {
      const result = await connection.run(sql);
      session.rememberSettings(sql, connection);
      return { result, connection };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  async #render(query: QueryResult): Promise<RenderedResult> {
    const types = columnTypes(query.result);
    const texts = await this.#texts(query);
    const values = texts.map((text, index) => visibleText(text, types[index % types.length]!.typeId));
    return { columnNames: query.result.columnNames(), columnTypes: types, values };
  }

  #texts({ result, connection }: QueryResult): Promise<(string | null)[]> {
    const { fractionsAsIntegers } = this.#options;
    return this.#renderer.render(result, { fractionsAsIntegers, connection });
  }

  #print({ columnNames, values }: RenderedResult): void {
    const lines = [columnNames.join('\t')];
    for (let start = 0; start < values.length; start += columnNames.length) {
      lines.push(values.slice(start, start + columnNames.length).join('\t'));
    }
    this.#options.print(lines.join('\n'));
  }

  #isExpectedText(expected: string, got: string, scope: Scope): Promise<boolean> {
    return isExpectedText(expected, got, { scope, judge: this.#judge });
  }

  #skipIfIgnored(error: string): void {
    const ignored = this.#ignoredMessages.find((message) => error.includes(message));
    if (ignored !== undefined) throw new FileSkipped(`ignored error "${ignored}": ${error.split('\n')[0]}`);
  }

  #path(text: string, scope: Scope): string {
    return resolve(this.#options.workingDirectory, scope.substitute(text));
  }

  /** Names such as `md:` or `s3://…` are DuckDB's business, and an in-memory database has none. */
  #databasePath(name: string): string {
    if (name === '' || name === ':memory:') return '';
    return /^[A-Za-z][A-Za-z0-9]+:/.test(name) ? name : resolve(this.#options.workingDirectory, name);
  }

  #failure({ line }: TestRecord, summary: string, detail?: FailureDetail): TestFailure {
    return new TestFailure(this.#options.path, line, summary, detail);
  }
}

/** As test files write it: NULL is `NULL`, an empty string `(empty)`, a zero byte `\0`, booleans are 1 and 0. */
function visibleText(text: string | null, type: DuckDBTypeId): string {
  if (text === null) return 'NULL';
  if (type === DuckDBTypeId.BOOLEAN) return text === 'true' ? '1' : '0';
  return text === '' ? '(empty)' : text.replaceAll('\0', '\\0');
}

function isAllowed({ action, variable, comparison, value }: LoopCondition, scope: Scope): boolean {
  const actual = scope.loopVariable(variable);
  if (actual === undefined) throw new Error(`${action} ${variable}${comparison}${value}: no loop sets ${variable}`);
  return holds(actual, comparison, value) === (action === 'onlyif');
}

function holds(actual: string, comparison: LoopCondition['comparison'], value: string): boolean {
  if (comparison === '=') return actual.toLowerCase() === value.toLowerCase();
  if (comparison === '<>') return actual.toLowerCase() !== value.toLowerCase();
  const [left, right] = [Number(actual), Number(value)];
  if (Number.isNaN(left) || Number.isNaN(right)) throw new Error(`cannot compare ${actual} ${comparison} ${value}`);
  if (comparison === '<') return left < right;
  if (comparison === '<=') return left <= right;
  return comparison === '>' ? left > right : left >= right;
}

/** How many rounds run at once: each may hold a thread of libuv's pool, whose size the process read when it started. */
function concurrentRounds(): number {
  const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? DEFAULT_POOL_THREADS);
  return Math.max(2, threads - RESERVED_POOL_THREADS);
}
