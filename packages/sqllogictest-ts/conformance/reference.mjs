// What DuckDB's own runner does with DuckDB's own tests: it passes all files of `test/sql` but those listed here.

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const DUCKDB_VERSION = '1.5.5';
export const TEST_FOLDER = 'test/sql';

/** All test files of a checkout of DuckDB, and those of them that DuckDB's runner passes. */
export function referenceOf(folder) {
  const entries = readdirSync(join(folder, TEST_FOLDER), { recursive: true });
  const files = entries.filter((name) => name.endsWith('.test')).map((name) => `${TEST_FOLDER}/${name}`);
  const others = readTable('not-passed.tsv');
  return { files: files.sort(), passed: files.filter((file) => !others.has(file)) };
}

/** A table of this folder: a file and what is said of it, with a tab between. */
export function readTable(name) {
  const lines = readFileSync(join(import.meta.dirname, name), 'utf8')
    .trimEnd()
    .split('\n');
  return new Map(lines.map((line) => line.split('\t')));
}

/** A path of the command line. npm runs scripts in the package's folder and tells where it was called. */
export function givenPath(path) {
  return resolve(process.env.INIT_CWD ?? '.', path);
}
