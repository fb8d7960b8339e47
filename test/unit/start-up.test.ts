// What a shell that only answers SQL loads before its prompt. Everything else is imported when it is needed: fastify,
// protobufjs and apache-arrow once made every start half a second longer.

import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const STATIC_IMPORT = /^(?:import|export)\b(?!\s+type\b)[^'";]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'/gm;

/** Packages that are loaded with a file of src/ and all that it imports, by import statements alone. */
function loadedPackages(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const [, named, bare] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
    const specifier = (named ?? bare)!;
    if (specifier.startsWith('node:')) continue;
    // An engine of queries, of which only small parts belong on the main thread: the rest is for threads of its own.
    const [, engine, part] = /^#(\w+)(?:\/(.+))?$/.exec(specifier) ?? [];
    if (engine === undefined && !specifier.startsWith('.')) packages.add(specifier);
    else {
      const path =
        engine === undefined
          ? join(dirname(file), specifier).replace(/\.js$/, '.ts')
          : resolve(`packages/${engine}/src/${part ?? engine}.ts`);
      for (const name of loadedPackages(path, seen)) packages.add(name);
    }
  }
  return packages;
}

test('the command and a shell load few packages', () => {
  const files = ['src/main.ts', 'src/host/shell-session.ts'].map((file) => resolve(file));
  const packages = new Set(files.flatMap((file) => [...loadedPackages(file)]));
  expect([...packages].sort()).toEqual(['@duckdb/node-bindings', 'commander', 'string-width']);
});
