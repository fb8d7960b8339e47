// One test file, start to end: a fresh in-memory database and a fresh directory, both gone when it is over.

import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DatabaseSession } from './database-session.js';
import { type ParseOptions, parseTestFile } from './parse-test-file.js';
import { Scope } from './scope.js';
import { TestFailure } from './test-failure.js';
import type { TestPlugin } from './test-plugin.js';
import { FileSkipped, TestRun } from './test-run.js';
import { ExpectationUpdates } from './update-expectations.js';

export interface RunOptions {
  /** Plugins by the name that a file's `require` asks for. */
  readonly requires?: Readonly<Record<string, TestPlugin>>;
  /** Relative paths are resolved against it; the process's own by default. */
  readonly workingDirectory?: string;
  /** What `require-env` and `test-env` read; the process's environment by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** With `update`, results that differ are written into the file where it expected something else; `check` by default. */
  readonly expectations?: 'check' | 'update';
  /** Receives what `mode output_result`, `output_hash` and `debug` show; nothing is shown by default. */
  readonly print?: (line: string) => void;
}

export type TestFileResult =
  | { readonly path: string; readonly status: 'passed' }
  | { readonly path: string; readonly status: 'updated'; readonly expectations: number }
  | { readonly path: string; readonly status: 'skipped'; readonly reason: string }
  | { readonly path: string; readonly status: 'failed'; readonly failure: TestFailure };

/**
 * Runs one test file and resolves with how it ended; a failed file is a result, not a rejection. When it resolves,
 * the file's connections, instances and plugins are closed and its directory is removed.
 */
export async function runTestFile(path: string, options: RunOptions = {}): Promise<TestFileResult> {
  try {
    const updated = await runOrThrow(path, options);
    return updated === 0 ? { path, status: 'passed' } : { path, status: 'updated', expectations: updated };
  } catch (error) {
    if (error instanceof FileSkipped) return { path, status: 'skipped', reason: error.message };
    if (error instanceof TestFailure) return { path, status: 'failed', failure: error };
    const summary = error instanceof Error ? error.message : String(error);
    return { path, status: 'failed', failure: new TestFailure(path, 1, summary) };
  }
}

const sqliteDialect: ParseOptions = { engines: ['duckdb', 'postgresql'], expectedErrors: 'optional' };

/** Resolves with the number of expectations that were updated. */
async function runOrThrow(path: string, options: RunOptions): Promise<number> {
  const { requires = {}, env = process.env, print = () => {}, expectations = 'check' } = options;
  const workingDirectory = resolve(options.workingDirectory ?? process.cwd());
  // SQLite's original tests count PostgreSQL's integer arithmetic as ours, and compare fractions as integers.
  const isSqliteTest = path.includes('test/sqlite/select') || path.includes('third_party/sqllogictest');
  const file = resolve(workingDirectory, path);
  const text = await readFile(file, 'utf8');
  const updates = expectations === 'update' ? new ExpectationUpdates() : undefined;
  const { records } = parseTestFile(text, path, isSqliteTest ? sqliteDialect : {});

  const directory = await realpath(await mkdtemp(join(tmpdir(), 'sqllogictest-')));
  const testDirectory = join(directory, 'test');
  const session = new DatabaseSession({
    secretDirectory: join(testDirectory, 'test_secret_dir'),
    spillDirectory: join(directory, 'spill'),
    workingDirectory,
    connectionSql: isSqliteTest ? ['SET integer_division = true'] : [],
  });
  const ends = await Promise.allSettled([runRecords()]);
  ends.push(...(await Promise.allSettled([session.close()])));
  ends.push(...(await Promise.allSettled([rm(directory, { recursive: true, force: true })])));
  // What was updated before a failure need not be looked at again.
  const updated = updates?.count ?? 0;
  if (updated > 0) await writeFile(file, updates!.apply(text));
  // What failed first is why: a plugin that cannot close after a failure must not hide it.
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return updated;

  async function runRecords(): Promise<void> {
    await mkdir(testDirectory);
    await session.open();
    const run = new TestRun({
      path,
      session,
      plugins: new Map(Object.entries(requires).map(([name, plugin]) => [name.toLowerCase(), plugin])),
      environment: env,
      workingDirectory,
      testDirectory,
      fractionsAsIntegers: isSqliteTest,
      updates,
      print,
    });
    await run.run(records, fileScope({ path, workingDirectory, testDirectory, env }));
  }
}

interface FileNames {
  readonly path: string;
  readonly workingDirectory: string;
  readonly testDirectory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The names that DuckDB's runner promises to every file. */
function fileScope({ path, workingDirectory, testDirectory, env }: FileNames): Scope {
  const buildDirectory = join(workingDirectory, 'build', 'release');
  const uuid = randomUUID();
  const keywords = new Map([
    ['__TEST_DIR__', testDirectory],
    ['__WORKING_DIRECTORY__', workingDirectory],
    ['__BUILD_DIRECTORY__', buildDirectory],
  ]);
  const givenNames = new Map([
    ['TEST_DIR', testDirectory],
    ['TEMP_DIR', testDirectory],
    ['TEMP_DIR_ABSOLUTE', testDirectory],
    ['CATALOG_DIR', join(testDirectory, uuid)],
    ['WORKING_DIRECTORY', workingDirectory],
    ['WORKING_DIR', workingDirectory],
    ['BUILD_DIRECTORY', buildDirectory],
    ['BUILD_DIR', buildDirectory],
    ['DATA_DIR', env['DATA_DIR'] ?? join(workingDirectory, 'data')],
    ['TEST_NAME', path],
    ['TEST_ID', path.replaceAll('/', '_')],
    ['TEST_NAME_NO_SLASH', path.replaceAll('/', '_')],
    ['TEST_NAME__NO_SLASH', path.replaceAll('/', '_')],
    ['BASE_TEST_NAME', path.replaceAll('/', '_')],
    ['TEST_UUID', uuid],
    ['UUID', uuid],
  ]);
  return new Scope(keywords, givenNames);
}
