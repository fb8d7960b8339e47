// biome-ignore-all lint/suspicious/noTemplateCurlyInString: test files say ${name} too

import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { findTestFiles, formatFailure, runTestFile } from '../src/sqllogictest.js';
import { counter, events } from './fixtures/counter-plugin.mjs';
import { outcomeOf, runText } from './run-text.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slt-self-test-'));
  events.length = 0;
});
afterEach(() => {
  vi.unstubAllEnvs();
  return rm(folder, { recursive: true });
});

describe('require', () => {
  for (const met of [
    'require json',
    'require parquet',
    'require skip_reload',
    'require vector_size 2048',
    'require exact_vector_size 2048',
    'require block_size 262144',
    'require ram 1kb',
    'require disk_space 1KiB',
    'require 64bit',
    'require noforcestorage',
    'require no_force_storage',
    'require no_extension_autoloading "EXPECTED: this test is about it"',
  ]) {
    test(`${met} is met`, async () =>
      expect(await outcomeOf(`${met}\n\nstatement error\nSELECT 1\n----\n`)).toMatch(/^line 3/));
  }

  for (const [missing, reason] of [
    ['require vector_size 4096', 'skipped: require vector_size 4096: not the case here'],
    // As in DuckDB's runner, on whatever machine.
    ['require longdouble', 'skipped: require longdouble: not the case here'],
    ['require ram 1000tb', 'skipped: require ram 1000tb: not the case here'],
    ['require allow_unsigned_extensions', 'skipped: require allow_unsigned_extensions: not the case here'],
    [
      'require nosuchthing',
      'skipped: require nosuchthing: no plugin of that name was given, and DuckDB cannot load it: IO Error',
    ],
  ] as const) {
    test(`${missing} skips the file`, async () => {
      expect(await outcomeOf(`${missing}\n\nstatement error\nSELECT 1\n----\n`)).toContain(reason);
    });
  }

  test('no_extension_autoloading turns it off', async () => {
    const text = `require no_extension_autoloading "EXPECTED"

query T
SELECT current_setting('autoload_known_extensions')
----
false`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test('a plugin is there on every connection, after each reopening too, and closed before its instance', async () => {
    const text = `
statement ok early
SELECT 1

require Counter

let first
SELECT attachment()

query I early
SELECT attachment() = \${first}
----
true

concurrentloop i 0 3

query I
SELECT attachment() = \${first}
----
true

endloop

reconnect

query I
SELECT attachment() = \${first}
----
true

load __TEST_DIR__/a.db

query I late
SELECT attachment() = \${first} + 1
----
true

restart

query I late
SELECT attachment() = \${first} + 2
----
true
`;
    expect(await outcomeOf(text, { requires: { counter } })).toBe('passed');
    const kinds = events.map((event) => event.split(' ')[0]);
    expect(kinds).toEqual(['attach', 'close', 'attach', 'close', 'attach', 'close']);
    expect(new Set(events.map((event) => event.split(' ')[1])).size).toBe(3);
  });

  test('a plugin is closed after a failure', async () => {
    expect(await outcomeOf('require counter\n\nstatement ok\nSELECT nothing', { requires: { counter } })).toMatch(
      /^line 3/,
    );
    expect(events.map((event) => event.split(' ')[0])).toEqual(['attach', 'close']);
  });

  test('a plugin that cannot close fails the file, and hides no other failure', async () => {
    const close = () => Promise.reject(new Error('cannot close'));
    const broken = { name: 'broken', attach: async () => ({ register: async () => {}, close }) };
    expect(await outcomeOf('require broken', { requires: { broken } })).toBe('line 1: cannot close');
    const failing = 'require broken\n\nstatement ok\nSELECT nothing';
    expect(await outcomeOf(failing, { requires: { broken } })).toBe('line 3: the statement failed');
  });

  test('a plugin that cannot attach fails the file', async () => {
    const broken = { name: 'broken', attach: () => Promise.reject(new Error('no room')) };
    expect(await outcomeOf('require broken', { requires: { broken } })).toBe('line 1: no room');
  });
});

describe('environment', () => {
  const env = { COLOUR: 'red', DATA_DIR: '/given' };
  for (const [text, outcome] of [
    ["require-env COLOUR\n\nquery T\nSELECT '${COLOUR} {COLOUR}'\n----\nred red", 'passed'],
    ['require-env COLOUR red', 'passed'],
    ['require-env COLOUR blue', 'skipped: require-env COLOUR blue: the variable has another value'],
    ['require-env SHAPE', 'skipped: require-env SHAPE: the variable is not set'],
    ['require-env COLOUR\n\nrequire-env COLOUR', 'line 3: COLOUR is defined already'],
    ["test-env COLOUR blue\n\nquery T\nSELECT '{COLOUR}'\n----\nred", 'passed'],
    ["test-env SHAPE round\n\nquery T\nSELECT '{SHAPE}'\n----\nround", 'passed'],
    ["query T\nSELECT '{DATA_DIR}'\n----\n/given", 'passed'],
  ] as const) {
    test(text.split('\n')[0]!, async () => expect(await outcomeOf(text, { env })).toBe(outcome));
  }

  test('directories', async () => {
    const text = `
query TT
SELECT '__WORKING_DIRECTORY__', '{WORKING_DIRECTORY}'
----
${folder}	${folder}

query T
SELECT '__TEST_DIR__' = '{TEST_DIR}' AND '\${TEMP_DIR}' = '{TEST_DIR}'
----
true`;
    expect(await outcomeOf(text, { workingDirectory: folder })).toBe('passed');
  });

  test('relative paths start at the working directory', async () => {
    await writeFile(join(folder, 'a.csv'), 'a\n7\n');
    const text = "query I\nSELECT a FROM 'a.csv'\n----\n7";
    expect(await outcomeOf(text, { workingDirectory: folder })).toBe('passed');
  });
});

describe('an ignored error', () => {
  for (const [name, record] of [
    ['of a statement', 'statement ok\nSELECT nothing'],
    ['of a query', 'query I\nSELECT nothing\n----\n1'],
    ['in place of another', 'statement error\nSELECT nothing\n----\nParser Error'],
  ]) {
    test(`${name} skips the file`, async () => {
      const text = `set ignore_error_messages Something, Binder Error\n\n${record}\n\nstatement error\nSELECT 1\n----\n`;
      expect(await outcomeOf(text)).toMatch(/^skipped: ignored error "Binder Error": Binder Error: /);
    });
  }
});

describe('a file', () => {
  test('leaves nothing behind', async () => {
    // Other runs come and go in the common folder for temporary files.
    vi.stubEnv('TMPDIR', folder);
    const path = join(folder, 'a.test');
    await writeFile(
      path,
      'load __TEST_DIR__/a.db\n\nstatement ok\nCREATE TABLE t (a INT)\n\nstatement ok\nSELECT nothing',
    );
    expect(await runTestFile(path)).toMatchObject({ status: 'failed' });
    expect(await readdir(folder)).toEqual(['a.test']);
  });

  test('loaded for writing from elsewhere is not deleted', async () => {
    const database = join(folder, 'kept.db');
    expect(await outcomeOf(`load ${database}\n\nstatement ok\nCREATE TABLE t AS SELECT 1 AS a`)).toBe('passed');
    expect(await outcomeOf(`load ${database}\n\nquery I\nSELECT a FROM t\n----\n1`)).toBe('passed');
  });

  test('leaves the secrets of the user alone', async () => {
    // Persistent secrets once went to ~/.duckdb/stored_secrets.
    const text = `
statement ok
CREATE PERSISTENT SECRET mine (TYPE http, BEARER_TOKEN 'x')

query I
SELECT count(*) FROM glob('__TEST_DIR__/test_secret_dir/mine.duckdb_secret')
----
1`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test('whose failure leaves a transaction open on an invalidated database does not end the process', async () => {
    const sqls = [
      'PRAGMA disable_checkpoint_on_shutdown',
      "ATTACH '__TEST_DIR__/a.db' AS a",
      "ATTACH '__TEST_DIR__/b.db' AS b",
      'CREATE TABLE a.t (i INT)',
      'CREATE TABLE b.t (i INT)',
      'BEGIN',
      'FROM a.t',
      'INSERT INTO b.t VALUES (1)',
    ];
    const text = `${sqls.map((sql) => `statement ok writer\n${sql}\n\n`).join('')}
statement ok
SET wal_autocheckpoint = '1KB'; SET auto_checkpoint_skip_wal_threshold = 9999999999;

statement ok
PRAGMA debug_checkpoint_abort = 'before_header'

statement ok
INSERT INTO a.t FROM range(10000)`;
    // Closing the writer's connection once aborted the process, and later files did not run.
    expect(await outcomeOf(text)).toBe(`line ${text.split('\n').length - 1}: the statement failed`);
  });

  test('starts with an empty database', async () => {
    for (let run = 0; run < 2; run++) expect(await outcomeOf('statement ok\nCREATE TABLE t (a INT)')).toBe('passed');
  });

  test('that does not exist is a failure', async () => {
    expect(await runTestFile(join(folder, 'missing.test'))).toMatchObject({
      status: 'failed',
      failure: { summary: expect.stringContaining('ENOENT') },
    });
  });

  for (const [name, before, after] of [
    [
      'of a database in memory',
      "SET default_order = 'desc'",
      "SELECT current_setting('default_order')\n----\n<REGEX>:(?i)desc.*",
    ],
    // The settings were once read from a table that volatile rows make "differ" under verification.
    ['under verification', "PRAGMA enable_verification; SET default_order = 'desc'", 'SELECT 1\n----\n1'],
    // A list of settings shows '953.6 MiB', and rounds.
    [
      'of a setting that reads otherwise than it is set',
      "SET memory_limit = '1000000000B'",
      "SELECT current_setting('memory_limit')\n----\n953.6 MiB",
    ],
    ['of a variable', 'SET VARIABLE a = [1, 2]', "SELECT getvariable('a')\n----\n[1, 2]"],
  ] as const) {
    test(`keeps settings through a restart ${name}`, async () => {
      expect(await outcomeOf(`statement ok\n${before}\n\nrestart\n\nquery T\n${after}`)).toBe('passed');
    });
  }

  test('restarts a database that a fatal error has invalidated', async () => {
    const text = `
load __TEST_DIR__/a.db

statement ok
SET auto_checkpoint_skip_wal_threshold = 9999999999; SET default_order = 'desc'

statement ok
CREATE TABLE t (i INT)

statement ok
SET wal_autocheckpoint_entries = 1

statement ok
PRAGMA debug_checkpoint_abort = 'before_header'

statement error
INSERT INTO t VALUES (1), (2)
----
FATAL Error

restart

query IT
SELECT count(*), current_setting('default_order') FROM t
----
2	<REGEX>:(?i)desc.*`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test('gives settings of the instance as of the last restart to what it loads, and no others', async () => {
    const text = `
statement ok
SET default_order = 'desc'; CREATE SCHEMA s; SET schema = 's'

load __TEST_DIR__/a.db

query TT
SELECT current_setting('default_order'), current_schema()
----
<REGEX>:(?i)asc.*	main

statement ok
SET default_order = 'desc'; CREATE SCHEMA s; SET schema = 's'

restart

load __TEST_DIR__/b.db

query TT
SELECT current_setting('default_order'), current_schema()
----
<REGEX>:(?i)desc.*	main`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test('keeps the storage version that it named, for databases that it loads without one', async () => {
    const text = `
load __TEST_DIR__/a.db readwrite v1.2.0

load __TEST_DIR__/b.db

query T
SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'b'
----
<REGEX>:v1.2.0.*

statement ok
SET storage_compatibility_version = 'v1.3.0'

load __TEST_DIR__/c.db

query T
SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'c'
----
<REGEX>:v1.3.0.*`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test('reads times in UTC unless it requires icu', async () => {
    const zone = "query T\nSELECT current_setting('TimeZone')\n----\n";
    expect(await outcomeOf(`${zone}UTC`)).toBe('passed');
    const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
    expect(await outcomeOf(`require icu\n\n${zone}<REGEX>:(${own}|Etc/.*)`)).toBe('passed');
  });

  test('keeps its settings through a restart', async () => {
    const text = `
load __TEST_DIR__/a.db

statement ok
SET default_null_order = 'nulls_first'; CREATE SCHEMA s; SET schema = 's';

restart

query TT
SELECT current_setting('default_null_order'), current_schema()
----
<REGEX>:(?i)nulls_first	s`;
    expect(await outcomeOf(text)).toBe('passed');
  });

  test("of SQLite's own tests divides integers, and compares fractions as integers", async () => {
    const text = 'skipif postgresql\nstatement ok\nnonsense\n\nquery II\nSELECT 7 / 2, 2.6::DOUBLE\n----\n3\n3\n';
    expect(await outcomeOf(text)).toMatch(/^line 2/);
    const sqlite = join(folder, 'test/sqlite/select1.test');
    await mkdir(join(folder, 'test/sqlite'), { recursive: true });
    await writeFile(sqlite, text);
    expect(await runTestFile(sqlite)).toMatchObject({ status: 'passed' });
  });

  test('shows results and hashes on request', async () => {
    const shown: string[] = [];
    const text = `
mode output_result

query IT
SELECT 1 AS a, NULL AS b
----
1	NULL

mode no_output

mode output_hash

query I
SELECT 1
----
1

mode no_output

query I
SELECT 1
----
1`;
    await runText(text, { print: (line) => shown.push(line) });
    expect(shown).toEqual([
      expect.stringMatching(/given.test:4\nSELECT 1 AS a, NULL AS b$/),
      'a\tb\n1\tNULL',
      '1 values hashing to b026324c6904b2a9cb4b88d6d61c81d1',
    ]);
  });
});

describe('a concurrent loop', () => {
  test('runs more rounds than libuv has threads', async () => {
    const text = `
statement ok
CREATE TABLE seen (i INTEGER)

concurrentloop i 0 60

let doubled
SELECT 2 * \${i}

statement ok
INSERT INTO seen VALUES (\${doubled})

endloop

query II
SELECT count(*), sum(i) FROM seen
----
60	3540`;
    expect(await outcomeOf(text)).toBe('passed');
  });
});

test('a long difference is shown around its first row', async () => {
  const rows = Array.from({ length: 200 }, (_, row) => (row === 150 ? 'x' : String(row))).join('\n');
  const result = await runText(`query T\nSELECT range::VARCHAR FROM range(200)\n----\n${rows}`);
  const shown = result.status === 'failed' ? formatFailure(result.failure).split('\n') : [];
  expect(shown).toContain('  ! x        | 150');
  expect(shown).toContain('    … 145 equal rows before');
  expect(shown.length).toBeLessThan(60);
});

test('a long value goes on in the next line, and a very long one ends', async () => {
  const long = `${'a'.repeat(60)}${'b'.repeat(600)}`;
  const result = await runText(`query T\nSELECT '${long}'\n----\nx`);
  const shown = result.status === 'failed' ? formatFailure(result.failure).split('\n') : [];
  expect(shown).toContain(`  ! x        | ${'a'.repeat(60)}`);
  expect(shown.filter((line) => line === `             | ${'b'.repeat(60)}`)).toHaveLength(9);
  expect(shown.at(-1)).toBe('             | …');
});

describe('findTestFiles', () => {
  beforeEach(async () => {
    await mkdir(join(folder, 'sql/deep'), { recursive: true });
    for (const name of ['sql/b.test', 'sql/a.test', 'sql/deep/c.test', 'sql/d.test_slow', 'sql/notes.md']) {
      await writeFile(join(folder, name), '');
    }
  });

  for (const [names, files] of [
    [['sql'], ['sql/a.test', 'sql/b.test', 'sql/deep/c.test']],
    [
      ['sql/b.test', 'sql'],
      ['sql/b.test', 'sql/a.test', 'sql/deep/c.test'],
    ],
    [['sql/*.test'], ['sql/a.test', 'sql/b.test']],
    [['sql/**/*.test'], ['sql/a.test', 'sql/b.test', 'sql/deep/c.test']],
    [['**/[ac].test'], ['sql/a.test', 'sql/deep/c.test']],
    [['./sql/{a,b}.test'], ['./sql/a.test', './sql/b.test']],
    [['sql/?.test_slow'], ['sql/d.test_slow']],
    [['sql/notes.md'], ['sql/notes.md']],
  ] as const) {
    test(names.join(' '), () => expect(findTestFiles(names, folder)).toEqual(files));
  }

  for (const [name, message] of [
    ['missing.test', 'no such file or folder: missing.test'],
    ['sql/*.sql', 'no test file matches sql/*.sql'],
  ] as const) {
    test(`${name} is refused`, () => expect(() => findTestFiles([name], folder)).toThrow(message));
  }
});
