// Test files as vitest tests, one per file.

import { resolve } from 'node:path';
import { test } from 'vitest';
import { findTestFiles } from './find-test-files.js';
import { type RunOptions, runTestFile } from './run-test-file.js';
import { formatFailure } from './test-failure.js';

export interface SuiteOptions extends RunOptions {
  /** Files, folders (searched for `.test` files) and globs. */
  readonly files: string | readonly string[];
  /** Time that one file may take; vitest's own default otherwise. */
  readonly timeoutMs?: number;
}

/**
 * Declares one vitest test for each file, named by its path. A file that lacks what it requires is a skipped test with
 * the reason. Call it where tests are declared; it throws if no file is found.
 */
export function sqllogictestSuite({ files, timeoutMs, ...options }: SuiteOptions): void {
  const workingDirectory = resolve(options.workingDirectory ?? process.cwd());
  const names = typeof files === 'string' ? [files] : files;
  for (const path of findTestFiles(names, workingDirectory)) {
    const settings = timeoutMs === undefined ? {} : { timeout: timeoutMs };
    test(path, settings, async ({ skip }) => {
      const result = await runTestFile(path, options);
      if (result.status === 'skipped') skip(result.reason);
      if (result.status === 'failed') {
        const error = new Error(formatFailure(result.failure));
        // The place to look at is in the test file, not in this adapter.
        error.stack = `${error.message}\n    at ${resolve(workingDirectory, path)}:${result.failure.line}:1`;
        throw error;
      }
    });
  }
}
