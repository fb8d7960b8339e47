// The lock file, as `npm ci` needs it: npm once left out the programs of other platforms, and then refused its own lock.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface LockedPackage {
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};

/** Folders in which Node looks for what a package imports: its own first, the root's last. */
function foldersAbove(path: string): string[] {
  if (path === '') return ['node_modules'];
  const end = path.lastIndexOf('/node_modules/');
  return [`${path}/node_modules`, ...foldersAbove(end < 0 ? '' : path.slice(0, end))];
}

test('it names every package that another needs, those for other platforms too', () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => foldersAbove(path).every((folder) => !(`${folder}/${name}` in packages)))
      .map((name) => `${path} needs ${name}`),
  );
  expect(missing).toEqual([]);
});

test('it names no registry, so that any may serve it', () => {
  const resolved = Object.values(packages).flatMap(({ resolved: place }) => place ?? []);
  expect(resolved.filter((place) => place.includes('://'))).toEqual([]);
});
