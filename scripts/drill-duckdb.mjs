// Another version of DuckDB → does otelduck go over to it, and back? A copy of this checkout gets that version, and
//   1. what this version of DuckDB wrote is read by the other one (databases, journals and dead letters of each format);
//   2. the tests of SQL and of the journal pass on the other one;
//   3. what the other one wrote is read by this one: the way back.
//
// npm run drill:duckdb -- 1.5.6-r.1                     the version of @duckdb/node-api, as npm has it
// npm run drill:duckdb -- 1.5.6-r.1 test/sql            and what vitest is to run in step 2

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const [version, ...given] = process.argv.slice(2);
if (!/^\d+\.\d+\.\d+-r\.\d+$/.test(version ?? '')) {
  console.error(`a version of @duckdb/node-api must be given, such as 1.5.6-r.1, got ${version ?? 'nothing'}`);
  process.exit(2);
}
const current = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies['@duckdb/node-api'];
const tests = given.length > 0 ? given : ['test/sql', 'test/journal'];
const upgrade = 'test/journal/upgrade.test.ts';

const copy = mkdtempSync(join(tmpdir(), 'otelduck-drill-'));
let failures = 0;
try {
  step(`copy the checkout, install DuckDB ${version} into it, and build`, () => {
    const files = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);
    for (const file of files) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      cpSync(join(root, file), join(copy, file));
    }
    const packages = ['node-api', 'node-bindings'].map((name) => `@duckdb/${name}@${version}`);
    // A version such as 1.5.6-r.1 is a pre-release to npm, which no range of ours takes.
    const flags = ['--legacy-peer-deps', '--save-exact', '--no-audit', '--no-fund'];
    return run(copy, 'npm', ['install', ...flags, ...packages]) && run(copy, 'npm', ['run', 'build']);
  });
  if (failures === 0) {
    step(`${current} → ${version}: files of each format`, () => vitest(copy, [upgrade]));
    step(`${version}: ${tests.join(' ')}`, () => vitest(copy, tests));
    step(`${version} → ${current}: files that it wrote`, () => {
      if (!run(copy, process.execPath, ['scripts/write-journal-fixtures.mjs', 'format-raised'])) return false;
      return vitest(root, [upgrade, '-t', 'format-raised'], { JOURNAL_FIXTURES: join(copy, 'test/journal/fixtures') });
    });
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.exitCode = failures === 0 ? 0 : 1;

function step(title, work) {
  const startMs = performance.now();
  const passed = work();
  if (!passed) failures++;
  console.log(`${passed ? 'passed' : 'FAILED'}  ${((performance.now() - startMs) / 60_000).toFixed(1)} min  ${title}`);
}

function vitest(folder, args, env = {}) {
  return run(folder, process.execPath, [join(folder, 'node_modules/vitest/vitest.mjs'), 'run', ...args], env);
}

/** Whether a program ended well. What it writes is shown only if it did not. */
function run(cwd, program, args, env = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) console.error(`${program} ${args.join(' ')}\n${(stdout + stderr).slice(-8000)}`);
  return status === 0;
}
