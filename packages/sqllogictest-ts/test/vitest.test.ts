import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { sqllogictestSuite } from '../src/vitest.js';

// Declares a test of its own: the file named here passes.
sqllogictestSuite({ files: 'files', workingDirectory: import.meta.dirname });

test('a folder without test files is refused', () => {
  expect(() => sqllogictestSuite({ files: 'fixtures', workingDirectory: import.meta.dirname })).toThrow(
    'no test file matches fixtures',
  );
});

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Reported[] }[];
}

interface Reported {
  readonly title: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
}

test('files become vitest tests that pass, fail and skip', async () => {
  const root = join(import.meta.dirname, 'vitest-project');
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const args = [vitest, 'run', '--root', root, '--reporter', 'json'];
  const stdout = await new Promise<string>((resolve) => {
    execFile(process.execPath, args, { timeout: 50_000 }, (_error, output) => resolve(output));
  });
  const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as Report;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const statuses = results.map(({ title, status }) => [title, status]);
  expect(statuses).toEqual([
    ['files/good.test', 'passed'],
    ['files/lacking.test', 'skipped'],
    ['files/wrong.test', 'failed'],
  ]);
  expect(results[2]!.failureMessages[0]).toContain('files/wrong.test:1: wrong result in row 1, column 1 (1)');
});
