// What README.md and docs/ say, tried: examples run, requests are accepted, errors have the texts that are listed.

import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { failureKinds } from '../../src/base/failure.js';
import { PAGE_TOKEN, sendFirstLog } from '../support/first-log.js';
import { openDatabase, serve, TOKEN } from '../support/otel-database.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readText('README.md');
const errors = readText('docs/errors.md');

test('the architecture has a heading for every folder of src', () => {
  const headings = readText('docs/architecture.md')
    .match(/^## .*$/gm)!
    .join('\n');
  const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders) expect(headings).toContain(`src/${name}`);
});

test('the library example runs, and ends by itself', async () => {
  const { stdout, stderr } = await run('node', ['examples/library.mjs']);
  expect(stdout).toContain('202 {"status":"buffered","rows":1,"batches":1}');
  expect(stdout).toContain("service_name: 'unknown', severity_text: 'INFO', body: 'hello'");
  expect(stderr).toBe('');
});

test("the SDK's example becomes a span, a log record and a sum", async () => {
  const server = await serve();
  const { stderr } = await run('node', ['examples/sdk.mjs'], {
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.port}`,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${TOKEN}`,
  });
  expect(stderr).toBe('');
  await server.flush();
  const { database } = server;
  expect(await database.rows('SELECT service_name, name, span_attributes FROM otlp_traces')).toEqual([
    { service_name: 'checkout', name: 'place order', span_attributes: '{"order.items":3}' },
  ]);
  expect(await database.rows('SELECT service_name, severity_text, body FROM otlp_logs')).toEqual([
    { service_name: 'checkout', severity_text: 'INFO', body: 'order placed' },
  ]);
  expect(await database.rows('SELECT name, double_value, metric_attributes FROM otlp_metrics_sum')).toEqual([
    { name: 'orders', double_value: 1, metric_attributes: '{"country":"NL"}' },
  ]);
});

test('the first log record is accepted, and the first query shows it', async () => {
  const server = await serve({ token: PAGE_TOKEN });
  const response = await sendFirstLog(server.port);
  expect([response.status, await response.text()]).toEqual([202, '{"status":"buffered","rows":1,"batches":1}']);
  await server.flush();
  const [row] = await server.database.rows(readText('examples/first-query.sql'));
  expect(Object.values(row!)).toEqual(['2026-01-01 00:00:00', 'checkout', 'INFO', 'order placed', '3']);
  for (const value of Object.values(row!)) expect(readme).toContain(` ${value} `);
});

test('the example of a SQL test passes', async () => {
  const { stdout } = await run('node', [
    ...['packages/sqllogictest-ts/bin/sqllogictest.cjs', '--require', 'otlp=otelduck', 'examples/ingest.test'],
  ]);
  expect(stdout).toContain('1 passed, 0 failed, 0 skipped');
});

test('every function on a connection has a section', async () => {
  const database = await openDatabase();
  const functions = await database.rows(
    "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_name SIMILAR TO 'ot(lp|ap)_.*'",
  );
  expect(functions.length).toBeGreaterThan(5);
  for (const { name } of functions) expect(readText('docs/functions.md')).toContain(`\n## \`${name}(`);
});

test('every kind of failure is explained', () => {
  for (const [kind, { http, reason, grpc }] of Object.entries(failureKinds)) {
    expect(readme).toContain(`| ${http} | \`${reason}\` |`);
    expect(errors).toContain(`| \`${kind}\` | \`${reason}\` | ${http} | \`${grpc}\` |`);
  }
});

const errorExamples = [...errors.matchAll(/^\| `(.*)` \| `((?:FROM|SELECT) .*)` \|$/gm)];

test('errors of SQL have examples', () => expect(errorExamples.length).toBeGreaterThan(15));

for (const [, text, sql] of errorExamples) {
  test(`${sql}: ${text}`, async () => {
    const database = await openDatabase();
    const pattern = text!.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    await expect(database.rows(sql!)).rejects.toThrow(new RegExp(pattern.join('.*')));
  });
}

test('links lead to files', () => {
  for (const page of ['README.md', ...markdownFiles('docs')]) {
    for (const [, target] of readText(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      expect(existsSync(join(root, page, '..', target!)), `${page} links to ${target}`).toBe(true);
    }
  }
});

test('every page can be reached by links from README', () => {
  const reached = new Set(['README.md']);
  // What is added while the set is walked is walked too. A link to a folder shows the pages in it.
  for (const page of reached) {
    for (const [, target] of readText(page).matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      const path = normalize(join(dirname(page), target!));
      const pages = path.endsWith('.md') ? [path] : markdownFiles('docs').filter((file) => dirname(file) === path);
      for (const linked of pages) reached.add(linked);
    }
  }
  expect(markdownFiles('docs').filter((page) => !reached.has(page))).toEqual([]);
});

test('a generated part that was changed by hand fails the check, which names the file', async () => {
  const copy = mkdtempSync(join(tmpdir(), 'otelduck-docs-'));
  onTestFinished(() => rmSync(copy, { recursive: true }));
  for (const path of [
    'scripts',
    'examples',
    'docs',
    'README.md',
    'packages/logql',
    'packages/promql',
    'packages/traceql',
  ]) {
    cpSync(join(root, path), join(copy, path), { recursive: true });
  }
  symlinkSync(join(root, 'dist'), join(copy, 'dist'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const generate = (...args: string[]) => run('node', [join(copy, 'scripts/generate.mjs'), ...args]);
  const check = () => generate('--check');
  await generate();
  expect((await check()).stdout).toContain('all files are fresh');
  const tables = join(copy, 'docs/tables.md');
  writeFileSync(tables, readFileSync(tables, 'utf8').replace('| `trace_id` |', '| `trace_id_` |'));
  await expect(check()).rejects.toThrow('not what npm run generate writes: docs/tables.md');
});

function run(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return promisify(execFile)(command, [...args], {
    cwd: root,
    env: { ...process.env, UV_THREADPOOL_SIZE: '32', ...environment },
    timeout: 45_000,
  });
}

function markdownFiles(folder: string): string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.md')).map((file) => join(folder, file));
}

function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}
