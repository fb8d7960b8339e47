// The package as npm would publish it, in an empty folder: README's first minute, and its example of a library.
//
// Its dependencies are links into this checkout, one for each that package.json declares, so nothing is downloaded, and what is
// used without being declared is missing. The package itself is unpacked and sees nothing else of the checkout.

import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageFolder } from '../../src/base/package-folder.js';
import { PAGE_TOKEN, sendFirstLog } from '../support/first-log.js';
import { ShellProcess } from '../support/shell-process.js';

const folder = mkdtempSync(join(tmpdir(), 'otelduck-package-'));
const installed = join(folder, 'node_modules/otelduck');
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  // The build that is there; --ignore-scripts keeps npm from building it anew under the tests that run beside this one.
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], packageFolder);
  const [tarball] = readdirSync(folder);
  mkdirSync(installed, { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball!), '--strip-components=1', '-C', installed]);
  const { dependencies, bin } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
    bin: Record<string, string>;
  };
  for (const name of Object.keys(dependencies)) {
    link(join(packageFolder, 'node_modules', name), join(folder, 'node_modules', name));
  }
  for (const [name, path] of Object.entries(bin)) link(join(installed, path), join(folder, 'node_modules/.bin', name));
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
});

test('the package has what it needs, and not the build of its parts', () => {
  for (const path of [
    'LICENSE',
    'README.md',
    'dist/otlp.d.ts',
    'examples/library.mjs',
    'proto',
    'docs/functions.md',
    'packages/pages/dist/index.html',
  ]) {
    expect(existsSync(join(installed, path)), path).toBe(true);
  }
  const files = readdirSync(installed, { recursive: true }).map(String);
  expect(files.filter((path) => /\.map$|tsbuildinfo|^(src|test|node_modules)/.test(path))).toEqual([]);
  // Folders on the way to what is built, and nothing beside them.
  expect(files.filter((path) => /^packages(?!$|\/[a-z]+(?:\/dist|$))/.test(path))).toEqual([]);
});

// Nothing outside of the tarball has these names: as dependencies they would be somebody else's packages.
test('the query engines come with the package', async () => {
  writeFileSync(
    join(installed, 'engines.mjs'),
    `import { parseExpression, print } from '#promql';
    import { Labels } from '#promql/data/labels';
    import { parseExpression as parseLogql } from '#logql';
    import { Duration } from '#traceql';
    console.log(print(parseExpression('up{job=~"a|b.+"}')), String(Labels.of({ job: 'a' })), new Duration(1).ns, parseLogql('{a="b"}').kind);`,
  );
  const { stdout } = await run(process.execPath, [join(installed, 'engines.mjs')]);
  expect(stdout).toBe('up{job=~"a|b.+"} {job="a"} 1 logs\n');
  // Within the checkout such a name finds the workspace; LogQL once named PromQL so.
  const named = readdirSync(join(installed, 'packages'), { recursive: true })
    .map((file) => join(installed, 'packages', String(file)))
    .filter((file) => file.endsWith('.js') && /from '(?:promql|logql|traceql)[/']/.test(readFileSync(file, 'utf8')));
  expect(named).toEqual([]);
});

test("README's first minute: npx otelduck, one line of SQL, a log by HTTP, a query", async () => {
  const shell = new ShellProcess(':memory:', { command: ['npx', '--offline', 'otelduck'], cwd: folder });
  const [served] = await shell.rows(`FROM otlp_serve('otlp:localhost:0', token := '${PAGE_TOKEN}')`);
  const answer = await sendFirstLog(Number(new URL(String(served!['listen_url'])).port));
  expect([answer.status, await answer.text()]).toEqual([202, '{"status":"buffered","rows":1,"batches":1}']);
  await shell.rows(`CALL otlp_flush('${served!['listen_uri']}')`);
  const query = readFileSync(join(installed, 'examples/first-query.sql'), 'utf8').trim().replace(/;$/, '');
  expect(await shell.rows(query)).toMatchObject([{ service_name: 'checkout', body: 'order placed', items: '3' }]);
  // An engine on a thread, with what it depends on.
  expect(await shell.rows(`SELECT value FROM promql('1 + 1')`)).toEqual([{ value: 2 }]);
  expect(await shell.leave()).toBe(0);
});

test('the example of a library runs', async () => {
  copyFileSync(join(installed, 'examples/library.mjs'), join(folder, 'library.mjs'));
  const { stdout } = await run(process.execPath, ['library.mjs']);
  expect(stdout).toContain('202 {"status":"buffered","rows":1,"batches":1}');
  expect(stdout).toContain("body: 'hello'");
});

test('its types check the options of serve()', async () => {
  link(join(packageFolder, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  writeFileSync(
    join(folder, 'program.ts'),
    `import { otlp, type Served } from 'otelduck';
    import { DuckDBInstance } from '@duckdb/node-api';
    const otel = await otlp.attach(await DuckDBInstance.create(':memory:'));
    const server: Served = await otel.serve({ durability: 'memory', seal_max_age_ms: 100 });
    const rows: number = (await server.flush()).sealed_rows;
    // @ts-expect-error A misspelt option.
    await otel.serve({ tokken: server.auth_token + rows });
    `,
  );
  const tsc = join(packageFolder, 'node_modules/typescript/bin/tsc');
  const flags = ['--strict', '--noEmit', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023'];
  await expect(run(process.execPath, [tsc, ...flags, '--types', 'node', 'program.ts'])).resolves.toMatchObject({
    stdout: '',
  });
});

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

function run(command: string, args: readonly string[], cwd = folder) {
  return promisify(execFile)(command, [...args], {
    cwd,
    env: { ...process.env, UV_THREADPOOL_SIZE: '32' },
    timeout: 45_000,
  });
}
