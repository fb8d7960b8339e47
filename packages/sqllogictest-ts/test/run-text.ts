import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunOptions, runTestFile, type TestFileResult } from '../src/sqllogictest.js';

/** Runs the text as a test file of its own. */
export async function runText(text: string, options: RunOptions = {}): Promise<TestFileResult> {
  const folder = await mkdtemp(join(tmpdir(), 'slt-self-test-'));
  try {
    const path = join(folder, 'given.test');
    await writeFile(path, text);
    return await runTestFile(path, options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** `passed`, or the line and reason of whatever else happened. */
export async function outcomeOf(text: string, options: RunOptions = {}): Promise<string> {
  const result = await runText(text, options);
  if (result.status === 'passed' || result.status === 'updated') return result.status;
  if (result.status === 'skipped') return `skipped: ${result.reason}`;
  return `line ${result.failure.line}: ${result.failure.summary}`;
}
