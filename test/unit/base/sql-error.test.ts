// Once, SQL's errors were about 155 texts, and a program had nothing to tell them apart by.

import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SqlError, sqlErrorCodes } from '../../../src/base/sql-error.js';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));

/** Folders whose errors do not reach SQL as they are: the command's, those of HTTP, and those that a caller wraps. */
const OTHER_FOLDERS = /^(?:host|load|demo|decode|query\/api)\//;
/** Files whose plain errors are a part of an error with a code, and say what is wrong with a thing that it names. */
const WRAPPED = new Set([
  'base/make-folder.ts',
  'files/byte-source.ts',
  'duckdb/remote-files.ts',
  'journal/record.ts',
  'journal/rows-body.ts',
  // Work in the background tells its errors in columns: of upkeep, of a table, of a server.
  'catalog/catalog-retention.ts',
  'catalog/parquet/parquet-retention.ts',
  'upkeep/job.ts',
  'upkeep/replay-job.ts',
  'upkeep/retention-job.ts',
  // What a statement of its own failed with, code included.
  'otlp-service.ts',
]);
/** Plain errors that no SQL of a user meets. */
const UNSEEN = [
  // A group of records fails with it, and clients get a Failure around it.
  'new Error(this.#failure)',
  // An internal function.
  'new Error(`there is no batch ',
  // The function around it says which column has it.
  'new SyntaxError(`unexpected text at ',
  // What maintenance cannot do is decided by the class around it.
  "new Error('CHECKPOINT does nothing",
];

/** Codes that no test can cause: an insert would have to take minutes. */
const NOT_CAUSED = ['OTLP_COMMIT_TOO_SLOW'];

const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
  .map((path) => path.split(sep).join('/'))
  .filter((path) => path.endsWith('.ts') && !OTHER_FOLDERS.test(path))
  .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }));

test('every error that SQL can see has a code', () => {
  const plain = files
    .filter(({ path }) => !WRAPPED.has(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/\bnew (?:Range|Type|Syntax)?Error\(\s*(?!['"`]BUG)/g)]
        .filter(({ index }) => !UNSEEN.some((unseen) => text.startsWith(unseen, index)))
        .map(({ index }) => `${path}: ${text.slice(index, index + 80)}`),
    );
  expect(plain).toEqual([]);
});

test('every code is in use, and every file that may throw plain errors does', () => {
  const texts = files.filter(({ path }) => path !== 'base/sql-error.ts').map(({ text }) => text);
  for (const code of Object.keys(sqlErrorCodes)) expect(texts.some((text) => text.includes(`'${code}'`))).toBe(true);
  for (const path of WRAPPED) expect(files.find((file) => file.path === path)?.text).toMatch(/new (?:Range)?Error\(/);
  for (const unseen of UNSEEN) expect(texts.some((text) => text.includes(unseen))).toBe(true);
});

test('every code is expected by a test that causes its error', () => {
  const folder = fileURLToPath(new URL('../../', import.meta.url));
  const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.test(?:\.ts)?$/.test(path) && !path.endsWith('sql-error.test.ts'))
    .map((path) => readFileSync(join(folder, path), 'utf8'));
  const notExpected = Object.keys(sqlErrorCodes).filter((code) => !tests.some((text) => text.includes(code)));
  expect(notExpected).toEqual(NOT_CAUSED);
});

test('an error around another has one code, the outer one', () => {
  const inner = new SqlError('OTLP_URI_INVALID', 'Invalid OTLP listen port');
  expect(inner.message).toBe('Invalid OTLP listen port [OTLP_URI_INVALID]');
  const outer = new SqlError('OTLP_ARGUMENT_INVALID', `grpc must be host:port: ${inner.message}`, { cause: inner });
  expect(outer.message).toBe('grpc must be host:port: Invalid OTLP listen port [OTLP_ARGUMENT_INVALID]');
});
