// Runs test files for run-files.mjs: a path comes in as a message, its verdict goes out. A process of its own, because a
// test file can end the process that runs it.

import { runTestFile } from '../dist/sqllogictest.js';

process.on('message', async (path) => process.send(verdictOf(await runTestFile(path))));

function verdictOf(result) {
  if (result.status === 'passed') return { verdict: 'passed', reason: '' };
  if (result.status === 'skipped') return { verdict: 'skipped', reason: result.reason };
  const { line, summary, detail } = result.failure;
  return { verdict: 'failed', reason: `line ${line}: ${summary}`, got: detail.comparison?.got.join(' ') };
}
