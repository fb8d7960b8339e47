// A version of Node → all tests on it. npm's package `node` brings the program, once, into node_modules/.cache/otelduck.
//
// npm run test:node -- 22                        the latest 22
// npm run test:node -- 24.1.0 test/wire          that one, and what else vitest takes

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [version, ...rest] = process.argv.slice(2);
if (!/^\d+(\.\d+){0,2}$/.test(version ?? '')) {
  console.error(`a version of Node must be given, such as 22, got ${version ?? 'nothing'}`);
  process.exit(1);
}
const root = fileURLToPath(new URL('../', import.meta.url));
const folder = join(root, 'node_modules/.cache/otelduck', `node-${version}`);
const bin = join(folder, 'node_modules/node/bin');

if (!existsSync(join(bin, 'node'))) {
  // With a package.json of its own, so that ours and its lock file stay as they are.
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  execFileSync('npm', ['install', '--no-save', '--prefix', folder, `node@${version}`], {
    cwd: folder,
    stdio: 'inherit',
  });
}
const program = join(bin, 'node');
console.error(`Node ${execFileSync(program, ['--version'], { encoding: 'utf8' }).trim()}`);
// First in the path as well, for tests that start `node`.
const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
const vitest = join(root, 'node_modules/vitest/vitest.mjs');
process.exitCode = spawnSync(program, [vitest, 'run', ...rest], { cwd: root, env, stdio: 'inherit' }).status ?? 1;
