// Vitest's JSON report, exit code of the run → what it says about tests that did not pass, and as last line "N passed, N failed". Fails unless
// every test ran and passed.

import { existsSync, readFileSync } from 'node:fs';

const [path, exitCode] = process.argv.slice(2);
const { passed, failed, skipped } = existsSync(path) ? totalsOf(JSON.parse(readFileSync(path, 'utf8'))) : noReport();

for (const name of skipped) console.log(`skipped, but everything must run here: ${name}`);
// An unhandled rejection, say, is in nobody's totals: the run's exit code is all that tells of it.
const isUnexplained = exitCode !== '0' && failed === 0;
if (isUnexplained) console.log('the run failed, but no test did');
const failures = failed + (isUnexplained ? 1 : 0);
process.exitCode = failures === 0 && passed > 0 && skipped.length === 0 ? 0 : 1;
console.log(`${passed} passed, ${failures} failed`);

function totalsOf(report) {
  console.log(
    `vitest: ${report.numTotalTests} tests in ${report.testResults.length} files, ${report.numPassedTests} passed, ` +
      `${report.numFailedTests} failed, ${report.numPendingTests} skipped, ${report.numTodoTests} to do`,
  );
  const ran = new Set(['passed', 'failed']);
  const skipped = report.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.filter(({ status }) => !ran.has(status)).map(({ fullName }) => `${name}: ${fullName}`),
  );
  // A file that could not be loaded has failed, without a test of it having failed.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  for (const { name, message } of broken) console.log(`could not be run: ${name}: ${message}`);
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped,
  };
}

/** A step before the tests failed: that is one failure, and nothing has passed. */
function noReport() {
  console.log('no test ran');
  return { passed: 0, failed: 1, skipped: [] };
}
