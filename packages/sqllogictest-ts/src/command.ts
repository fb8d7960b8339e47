// argv → test files run, one after the other → a report and an exit code.

import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { findTestFiles } from './find-test-files.js';
import { loadPlugin, type PluginReference, parsePluginReference } from './load-plugin.js';
import { type RunOptions, runTestFile, type TestFileResult } from './run-test-file.js';
import { formatFailure } from './test-failure.js';
import type { TestPlugin } from './test-plugin.js';

const EXIT_FAILED = 1;
/** Nothing ran: the arguments are wrong, or name nothing. */
const EXIT_USAGE = 2;

interface CommandOptions {
  readonly require: readonly PluginReference[];
  readonly workingDirectory?: string;
}

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const program = new Command('sqllogictest')
  .description("Runs test files in DuckDB's sqllogictest dialect.")
  .argument('<files...>', 'test files, folders (searched for *.test) and globs')
  .option(
    '--require <name=module>',
    'meet "require <name>" in the files with the plugin that a package or a path exports; repeatable',
    collectPlugin,
    [],
  )
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

async function runFiles(names: readonly string[], options: CommandOptions): Promise<void> {
  // DuckDB resolves relative paths against the directory of the process, so the process goes there.
  if (options.workingDirectory !== undefined) process.chdir(options.workingDirectory);
  const files = findTestFiles(names);
  const requires: Record<string, TestPlugin> = {};
  for (const reference of options.require) requires[reference.name] = await loadPlugin(reference, process.cwd());

  const runOptions: RunOptions = { requires, print: write };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of files) {
    const result = await runTestFile(file, runOptions);
    counts[result.status]++;
    write(describe(result));
  }
  write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  if (counts.failed > 0) process.exitCode = EXIT_FAILED;
}

function describe(result: TestFileResult): string {
  if (result.status === 'passed') return `passed  ${result.path}`;
  if (result.status === 'skipped') return `skipped ${result.path}: ${result.reason}`;
  return `failed  ${formatFailure(result.failure)}\n`;
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function writeError(text: string): void {
  process.stderr.write(`${text}\n`);
}
