import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const launcher = join(import.meta.dirname, '../bin/sqllogictest.cjs');
const plugin = join(import.meta.dirname, 'fixtures/counter-plugin.mjs');

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slt-self-test-'));
  const files = {
    'good.test': 'query I\nSELECT 1\n----\n1\n',
    'wrong.test': '# a comment\n\nquery IT\nSELECT 1 AS a, NULL AS b\n----\n1\tx\n',
    'lacking.test': 'require counter\n\nquery I\nSELECT attachment() > 0\n----\n1\n',
    'strange.test': 'statement ok\nSELECT 1\n\nquarry I\nSELECT 1\n',
    'pool.test': 'require-env UV_THREADPOOL_SIZE 32\n',
    'slow.test_slow': 'statement ok\nSELECT nothing\n',
    'not-a-plugin.mjs': 'export const counter = { name: 1 };\n',
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true }));

function run(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env };
    delete env['UV_THREADPOOL_SIZE'];
    const options = { cwd: folder, env, timeout: 50_000 };
    execFile(process.execPath, [launcher, ...args], options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('a folder runs, with a plugin by path, and ends with the counts', async () => {
  const { exitCode, stdout } = await run('--require', `counter=${plugin}`, '.');
  expect(stdout).toContain('passed  good.test\n');
  expect(stdout).toContain('passed  lacking.test\n');
  expect(stdout).toContain('passed  pool.test\n');
  expect(stdout).toContain(`failed  strange.test:4: unknown directive "quarry"\n`);
  expect(stdout).toContain(`failed  wrong.test:3: wrong result in row 1, column 2 (b)

  SELECT 1 AS a, NULL AS b

    expected | got
    ---------+--------
  ! 1  x     | 1  NULL
`);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('3 passed, 2 failed, 0 skipped');
  expect(exitCode).toBe(1);
});

for (const [kind, exports] of [
  ['for require too', './plugin.mjs'],
  ['for import alone', { '.': { types: './plugin.d.ts', import: './plugin.mjs' } }],
] as const) {
  test(`a plugin by the name of a package that the project installed, exported ${kind}`, async () => {
    const installed = join(folder, 'node_modules/installed-plugin');
    await mkdir(installed, { recursive: true });
    await writeFile(join(installed, 'package.json'), JSON.stringify({ name: 'installed-plugin', exports }));
    await copyFile(plugin, join(installed, 'plugin.mjs'));
    const { exitCode, stdout } = await run('--require', 'counter=installed-plugin', 'lacking.test');
    expect(stdout).toBe('passed  lacking.test\n1 passed, 0 failed, 0 skipped\n');
    expect(exitCode).toBe(0);
  });
}

test('a file that lacks what it requires is skipped with the reason', async () => {
  const { exitCode, stdout } = await run('good.test', 'lacking.test');
  expect(stdout).toMatch(/^skipped lacking.test: require counter: no plugin of that name was given/m);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 1 skipped');
  expect(exitCode).toBe(0);
});

test('a glob names files that a folder does not', async () => {
  const { exitCode, stdout } = await run('*.test_slow');
  expect(stdout).toContain('failed  slow.test_slow:1: the statement failed');
  expect(exitCode).toBe(1);
});

test('--filter by text and by regular expression', async () => {
  expect((await run('--filter', 'oo', '.')).stdout).toBe(
    'passed  good.test\npassed  pool.test\n2 passed, 0 failed, 0 skipped\n',
  );
  expect((await run('--filter', '/^go/', '.')).stdout).toBe('passed  good.test\n1 passed, 0 failed, 0 skipped\n');
});

test('--update writes what came where something else was expected', async () => {
  const path = join(folder, 'stale.test_update');
  await writeFile(path, 'query IT\nSELECT 1 AS a, NULL AS b\n----\n1\tx\n');
  expect(await run('--update', path)).toEqual({
    exitCode: 0,
    stdout: `updated ${path}: 1 expectation\n0 passed, 0 failed, 0 skipped, 1 updated\n`,
    stderr: '',
  });
  expect(await readFile(path, 'utf8')).toBe('query IT\nSELECT 1 AS a, NULL AS b\n----\n1\tNULL\n');
});

test('--watch runs again what changes and what comes', async () => {
  const watched = await mkdtemp(join(folder, 'watched-'));
  await writeFile(join(watched, 'a.test'), 'query I\nSELECT 1\n----\n2\n');
  const child = spawn(process.execPath, [launcher, '--watch', watched], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect(await linesOfRound(lines)).toContain('0 passed, 1 failed, 0 skipped');
    await writeFile(join(watched, 'a.test'), 'query I\nSELECT 1\n----\n1\n');
    expect(await linesOfRound(lines)).toEqual([`passed  ${watched}/a.test`, '1 passed, 0 failed, 0 skipped']);
    await writeFile(join(watched, 'b.test'), 'query I\nSELECT 1\n----\n1\n');
    expect(await linesOfRound(lines)).toEqual([`passed  ${watched}/b.test`, '1 passed, 0 failed, 0 skipped']);
  } finally {
    child.kill();
  }
});

/** What one round of --watch prints. */
async function linesOfRound(lines: AsyncIterator<string>): Promise<string[]> {
  const round: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`--watch ended: ${round.join('\n')}`);
    if (value === 'watching for changes') return round;
    round.push(value);
  }
}

test('a reader that leaves ends the run without a word', async () => {
  // `sqllogictest … | head -1` once ended with the stack of an unhandled EPIPE.
  const child = spawn(process.execPath, [launcher, 'good.test', 'pool.test', 'lacking.test'], { cwd: folder });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
});

test('--working-directory', async () => {
  const { stdout } = await run('--working-directory', folder, 'good.test');
  expect(stdout).toBe('passed  good.test\n1 passed, 0 failed, 0 skipped\n');
});

test('--help and --version', async () => {
  expect(await run('--version')).toEqual({ exitCode: 0, stdout: `${packageJson.version}\n`, stderr: '' });
  const { exitCode, stdout } = await run('--help');
  expect(exitCode).toBe(0);
  for (const word of [
    'Usage: sqllogictest [options] <files...>',
    '--require <name=module>',
    '--filter <text>',
    '--update',
    '--watch',
    '--version',
  ]) {
    expect(stdout).toContain(word);
  }
});

describe('clear words, and exit code 2, for', () => {
  for (const [name, args, message] of [
    ['no file', [], "missing required argument 'files'"],
    ['a missing file', ['missing.test'], 'sqllogictest: no such file or folder: missing.test'],
    ['a glob without files', ['*.sql'], 'sqllogictest: no test file matches *.sql'],
    ['an unknown flag', ['--requires', 'a=b', 'good.test'], "unknown option '--requires'"],
    ['--require without a name', ['--require', 'otelduck', 'good.test'], 'must be given as <name>=<package or path>'],
    ['a missing package', ['--require', 'a=no-such-package', 'good.test'], 'cannot load no-such-package for require a'],
    ['a module without the plugin', ['--require', `a=${plugin}`, 'good.test'], 'exports no plugin "a"'],
    ['what is no plugin', ['--require', 'counter=./not-a-plugin.mjs', 'good.test'], 'it exports counter'],
    ['--filter that leaves nothing', ['--filter', 'nowhere', 'good.test'], 'no test file matches --filter nowhere'],
    [
      '--filter that is no pattern',
      ['--filter', '/(/', 'good.test'],
      "argument '/(/' is invalid. Invalid regular expression",
    ],
    ['an empty --filter', ['--filter', '', 'good.test'], "argument '' is invalid. It must not be empty."],
    ['a missing working directory', ['--working-directory', 'nowhere', 'good.test'], 'ENOENT'],
  ] as const) {
    test(name, async () => {
      const { exitCode, stderr } = await run(...args);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(2);
    });
  }
});
