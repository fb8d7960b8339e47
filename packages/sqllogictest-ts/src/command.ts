// argv → test files run, one after the other → a report and an exit code.

import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { findTestFiles } from './find-test-files.js';
import { loadPlugin, type PluginReference, parsePluginReference } from './load-plugin.js';
import { type RunOptions, runTestFile, type TestFileResult } from './run-test-file.js';
import { formatFailure } from './test-failure.js';
import type { TestPlugin } from './test-plugin.js';
import { watchFiles } from './watch-files.js';

const EXIT_FAILED = 1;
/** Nothing ran: the arguments are wrong, or name nothing. */
const EXIT_USAGE = 2;

interface PathFilter {
  readonly text: string;
  readonly pattern: RegExp;
}

interface CommandOptions {
  readonly require: readonly PluginReference[];
  readonly workingDirectory?: string;
  readonly filter?: PathFilter;
  readonly update?: true;
  readonly watch?: true;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** As when the output goes to `head`, which reads a few lines and leaves. */
let isReaderGone = false;
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  isReaderGone = true;
  process.exitCode = EXIT_FAILED;
});

const program = new Command('sqllogictest')
  .description("Runs test files in DuckDB's sqllogictest dialect.")
  .argument('<files...>', 'test files, folders (searched for *.test) and globs')
  .option(
    '--require <name=module>',
    'meet "require <name>" in the files with the plugin that a package or a path exports; repeatable',
    collectPlugin,
    [],
  )
  .option(
    '--filter <text>',
    'run only files whose path contains the text, or matches it if it is a /regular expression/',
    parseFilter,
  )
  .option('--update', 'write results that differ into the files, where they expected something else')
  .option('--watch', 'go on, and run files again when they change or come')
  .option('--working-directory <folder>', 'resolve paths against this folder instead of the current one')
  .version(version)
  .showHelpAfterError('(see sqllogictest --help)')
  .exitOverride()
  .action(runFiles);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
  else {
    writeError(`sqllogictest: ${(error as Error).message}`);
    process.exitCode = EXIT_USAGE;
  }
}

function collectPlugin(text: string, previous: readonly PluginReference[]): PluginReference[] {
  try {
    return [...previous, parsePluginReference(text)];
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** `/…/` is a regular expression, anything else is text. */
function parseFilter(text: string): PathFilter {
  const [, source] = /^\/(.+)\/$/.exec(text) ?? [];
  if (text === '') throw new InvalidArgumentError('It must not be empty.');
  try {
    return { text, pattern: new RegExp(source ?? text.replaceAll(/[\\^$.|?*+()[\]{}]/g, '\\$&')) };
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function runFiles(names: readonly string[], options: CommandOptions): Promise<void> {
  // DuckDB resolves relative paths against the directory of the process, so the process goes there.
  if (options.workingDirectory !== undefined) process.chdir(options.workingDirectory);
  const find = () => findTestFiles(names).filter((file) => options.filter?.pattern.test(file) ?? true);
  if (find().length === 0) throw new Error(`no test file matches --filter ${options.filter?.text}`);
  const requires: Record<string, TestPlugin> = {};
  for (const reference of options.require) requires[reference.name] = await loadPlugin(reference, process.cwd());

  const runOptions: RunOptions = { requires, print: write, expectations: options.update ? 'update' : 'check' };
  if (!options.watch) {
    await runAll(find(), runOptions);
    return;
  }
  for await (const changed of watchFiles(find)) {
    await runAll(changed, runOptions);
    if (isReaderGone) return;
    write('watching for changes');
  }
}

async function runAll(files: readonly string[], options: RunOptions): Promise<void> {
  const counts = { passed: 0, failed: 0, skipped: 0, updated: 0 };
  for (const file of files) {
    const result = await runTestFile(file, options);
    // Nobody is told of the other files, so they do not run.
    if (isReaderGone) return;
    counts[result.status]++;
    write(describe(result));
  }
  const updated = options.expectations === 'update' ? `, ${counts.updated} updated` : '';
  write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped${updated}`);
  if (counts.failed > 0) process.exitCode = EXIT_FAILED;
}

function describe(result: TestFileResult): string {
  if (result.status === 'passed') return `passed  ${result.path}`;
  if (result.status === 'updated') {
    return `updated ${result.path}: ${result.expectations} ${result.expectations === 1 ? 'expectation' : 'expectations'}`;
  }
  if (result.status === 'skipped') return `skipped ${result.path}: ${result.reason}`;
  return `failed  ${formatFailure(result.failure)}\n`;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function writeError(text: string): void {
  process.stderr.write(`${text}\n`);
}
