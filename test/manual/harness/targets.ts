// Where rows are committed to in the harness, and how a program restarted on the same disk finds them again.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../../../src/base/package-folder.js';

export const targetNames = ['memory', 'file', 'ducklake', 'parquet'] as const;
export type TargetName = (typeof targetNames)[number];

/** Where rows are, and how a program gets there. */
export interface Place {
  readonly database: (folder: string) => string;
  /** Statements for a new instance. */
  readonly setUp: (folder: string) => readonly string[];
  /** Options of the serve functions. */
  readonly options: (folder: string) => Readonly<Record<string, string | boolean>>;
  /** Schema in which the tables are read. */
  readonly home: string;
}

export interface Target extends Place {
  readonly name: TargetName;
  /** Whether rows are there after the instance was closed. */
  readonly isDurable: boolean;
}

const MEMORY = ':memory:';

export const targets: Readonly<Record<TargetName, Target>> = {
  memory: {
    name: 'memory',
    database: () => MEMORY,
    setUp: () => [],
    options: () => ({}),
    home: 'main',
    isDurable: false,
  },
  file: {
    name: 'file',
    database: (folder) => join(folder, 'harness.db'),
    setUp: () => [],
    options: () => ({}),
    home: 'main',
    isDurable: true,
  },
  ducklake: {
    name: 'ducklake',
    database: () => MEMORY,
    setUp: (folder) => [
      ...extensionSettings(),
      `ATTACH 'ducklake:${join(folder, 'catalog.ducklake')}' AS lake (DATA_PATH '${join(folder, 'lake')}')`,
    ],
    options: () => ({ catalog: 'lake' }),
    home: 'lake.main',
    isDurable: true,
  },
  parquet: {
    name: 'parquet',
    database: () => MEMORY,
    setUp: () => [],
    options: (folder) => ({ parquet_export_path: join(folder, 'parquet') }),
    home: 'main',
    isDurable: true,
  },
};

/** Where `scripts/fetch-test-servers.mjs` keeps extensions, for machines that cannot reach DuckDB's repository. */
const manifest = join(packageFolder, 'node_modules/.cache/otelduck/test-servers.json');

function extensionSettings(): string[] {
  const found = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, 'utf8')) as { readonly extensions: string | null }).extensions
    : null;
  const folder = process.env['OTELDUCK_EXTENSION_DIRECTORY'] ?? found;
  return [...(folder === null ? ['INSTALL ducklake'] : [`SET extension_directory = '${folder}'`]), 'LOAD ducklake'];
}
