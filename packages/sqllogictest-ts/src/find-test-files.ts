// Files, folders and globs → the test files that they mean.

import { readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** What a folder stands for; DuckDB's `.test_slow` and `.test_coverage` files run when a file or a glob names them. */
const TEST_FILE = /\.test$/;
const GLOB_CHARACTERS = /[*?[\]{}]/;

/**
 * The test files that the arguments mean, in the order of the arguments, each once. Folders are searched for `.test`
 * files. Throws if an argument names nothing.
 */
export function findTestFiles(names: readonly string[], workingDirectory = process.cwd()): string[] {
  return [...new Set(names.flatMap((name) => filesOf(name, workingDirectory)))];
}

function filesOf(name: string, workingDirectory: string): string[] {
  const stats = statSync(resolve(workingDirectory, name), { throwIfNoEntry: false });
  if (stats?.isFile()) return [name];
  const folder = stats?.isDirectory() ? name : globFolder(name);
  if (folder === undefined) throw new Error(`no such file or folder: ${name}`);
  const pattern = stats?.isDirectory() ? TEST_FILE : globPattern(name);
  const files = filesUnder(folder, workingDirectory).filter((file) => pattern.test(file));
  if (files.length === 0) throw new Error(`no test file matches ${name}`);
  return files;
}

/** The part of a glob before its first folder with a wildcard; undefined if the name has no wildcard. */
function globFolder(name: string): string | undefined {
  const segments = name.split('/');
  const first = segments.findIndex((segment) => GLOB_CHARACTERS.test(segment));
  if (first < 0) return undefined;
  return segments.slice(0, first).join('/') || (name.startsWith('/') ? '/' : '.');
}

function filesUnder(folder: string, workingDirectory: string): string[] {
  const directory = resolve(workingDirectory, folder);
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return [];
  const prefix = folder === '.' ? '' : `${folder.replace(/\/+$/, '')}/`;
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      resolve(entry.parentPath, entry.name)
        .slice(directory.length)
        .replace(/^[/\\]/, ''),
    )
    .map((path) => prefix + path.replaceAll('\\', '/'))
    .sort();
}

/** `**` spans folders, `*` and `?` do not, `[…]` is a class and `{a,b}` a choice. */
function globPattern(glob: string): RegExp {
  const normal = glob.replace(/^\.\//, '');
  const source = normal.replaceAll(
    /\*\*\/|\*\*|\*|\?|\[!|[{},]|[.+^$|()\\]/g,
    (token) => globTokens.get(token) ?? `\\${token}`,
  );
  return new RegExp(`^(?:\\./)?${source}$`);
}

const globTokens = new Map([
  ['**/', '(?:.*/)?'],
  ['**', '.*'],
  ['*', '[^/]*'],
  ['?', '[^/]'],
  ['[!', '[^'],
  ['{', '(?:'],
  ['}', ')'],
  [',', '|'],
]);
