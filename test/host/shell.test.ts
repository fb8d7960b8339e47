import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakePlugin, folder, run, runProcess, start } from './command.js';

describe('what is run', () => {
  test('-c runs its statements and leaves, -c and -f take turns in their order', async () => {
    writeFileSync(join(folder, 'two.sql'), 'SELECT 2;\nSELECT 3');
    const { stdout, stderr, exitCode } = await run(
      ['-csv', '--noheader', '-c', 'SELECT 1', '-f', 'two.sql', '-c', 'SELECT 4; SELECT 5;'],
      { input: 'SELECT 6;' },
    );
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: '1\n2\n3\n4\n5\n', stderr: '', exitCode: 0 });
  });

  test('-init runs first', async () => {
    writeFileSync(join(folder, 'init.sql'), '.mode json\nCREATE TABLE t AS SELECT 7 AS a;\n');
    expect(await run(['-init', 'init.sql'], { input: 'FROM t;' })).toEqual({
      stdout: '[{"a":7}]\n',
      stderr: '',
      exitCode: 0,
    });
  });

  test('-cmd runs before standard input, and FILE SQL in its place', async () => {
    const options = { input: 'FROM t;' };
    expect((await run(['-csv', '-cmd', 'CREATE TABLE t AS SELECT 7 AS a'], options)).stdout).toBe('a\n7\n');
    expect((await run(['-csv', ':memory:', 'SELECT 1 AS b', 'SELECT 2 AS c'], options)).stdout).toBe('b\n1\nc\n2\n');
    expect(await run(['-csv', '-no-stdin', '-cmd', 'SELECT 3 AS d'], options)).toEqual({
      stdout: 'd\n3\n',
      stderr: '',
      exitCode: 0,
    });
  });

  test('-safe runs after the init file, and before all else', async () => {
    writeFileSync(join(folder, 'open.sql'), ".mode csv\nCREATE TABLE t AS FROM 'a.csv';\n");
    writeFileSync(join(folder, 'a.csv'), 'a\n7\n');
    const { stdout, stderr, exitCode } = await run(['-safe', '-init', 'open.sql', '-c', "FROM t; FROM 'a.csv'"]);
    expect(stdout).toBe('a\n7\n');
    expect(stderr).toContain('Permission Error: Cannot access file "a.csv"');
    expect(exitCode).toBe(1);
  });

  test('the first error ends standard input with exit code 1 and says where it is', async () => {
    const { stdout, stderr, exitCode } = await run(['-csv'], { input: 'SELECT 1 AS a;\n\nSELECT nope;\nSELECT 2;' });
    expect(stdout).toBe('a\n1\n');
    expect(stderr).toBe(
      'stdin:3: Binder Error: Referenced column "nope" was not found because the FROM clause is missing\n\n' +
        'LINE 1: SELECT nope\n               ^\n',
    );
    expect(exitCode).toBe(1);
  });

  for (const [title, args] of [
    ['-c', ['-c', 'SELECT nope', '-c', 'SELECT 1']],
    ['-f', ['-f', 'wrong.sql', '-c', 'SELECT 1']],
    ['-init', ['-init', 'wrong.sql', '-c', 'SELECT 1']],
  ] as const) {
    test(`an error in ${title} ends all that follows`, async () => {
      writeFileSync(join(folder, 'wrong.sql'), 'SELECT nope;\nSELECT 2;\n');
      const { stdout, stderr, exitCode } = await run(args);
      expect(stdout).toBe('');
      expect(stderr).toMatch(/^(wrong\.sql:1: )?Binder Error: Referenced column "nope"[\s\S]*\^\n$/);
      expect(exitCode).toBe(1);
    });
  }

  test('.bail off goes on after errors, and still fails in the end', async () => {
    const { stdout, exitCode } = await run(['-list', '-noheader'], {
      input: '.bail off\nSELECT nope;\n.nope\nSELECT 2;\n',
    });
    expect(stdout).toBe('2\n');
    expect(exitCode).toBe(1);
  });

  test('a file that cannot be read is named', async () => {
    const { stderr, exitCode } = await run(['-f', 'missing.sql']);
    expect(stderr).toContain('cannot read missing.sql: ENOENT');
    expect(exitCode).toBe(1);
  });

  test('.exit leaves with its code and runs nothing more', async () => {
    expect(await run([], { input: '.print so long\n.exit 7\nSELECT 1;' })).toEqual({
      stdout: 'so long\n',
      stderr: '',
      exitCode: 7,
    });
  });

  test('an unfinished statement at the end of the input is run', async () => {
    expect((await run(['-csv', '-noheader'], { input: 'SELECT\n  9' })).stdout).toBe('9\n');
  });
});

describe('a pipe that is held open', () => {
  test('each statement answers as it arrives, with one JSON array for each result', async () => {
    const shell = start(['-json']);
    shell.child.stdin.write('CREATE TABLE t (a BIGINT, b VARCHAR);\nSELECT * FROM t;');
    expect(await shell.until('stdout', /\]\n/)).toBe('[]\n');
    shell.child.stdin.write("\nINSERT INTO t VALUES (9223372036854775807, NULL), (1, 'x\"y');\nFROM ");
    shell.child.stdin.write('t;\n');
    expect(await shell.until('stdout', /\}\]\n/)).toBe(
      '[]\n[{"a":9223372036854775807,"b":null},\n{"a":1,"b":"x\\"y"}]\n',
    );
    shell.child.stdin.end();
    expect(await shell.ended).toMatchObject({ stderr: '', exitCode: 0 });
  });

  test('SIGINT ends a script whose query runs for ever', async () => {
    const shell = start(['-list', '-noheader']);
    shell.child.stdin.write('SELECT 1;\nSELECT sum(sin(a.range)) FROM range(1000000000000) a;\nSELECT 2;\n');
    await shell.until('stdout', /1\n/);
    shell.child.kill('SIGINT');
    const { stdout, exitCode } = await shell.ended;
    expect(stdout).toBe('1\n');
    expect(exitCode).toBe(130);
  });

  test('SIGTERM ends a shell that waits for input, and plugins still close', async () => {
    const shell = start(['--plugin', fakePlugin, '-list', '-noheader'], { env: { FAKE_COMMITTED: '5' } });
    shell.child.stdin.write('SELECT 1;\n');
    await shell.until('stdout', /1\n/);
    shell.child.kill('SIGTERM');
    expect(await shell.ended).toEqual({
      stdout: '1\n',
      stderr: 'otlp:localhost:4318 stopped, 5 rows committed\n',
      exitCode: 143,
    });
  });

  test('a reader that goes away ends a large result without a complaint', async () => {
    const shell = start(['-csv', '-c', 'FROM range(100000000)']);
    await shell.until('stdout', /99\n/);
    shell.child.stdout.destroy();
    expect(await shell.ended).toMatchObject({ stderr: '', exitCode: 141 });
  });
});

describe('the database', () => {
  test('a new file is in the latest storage format and keeps its tables', async () => {
    const path = join(folder, 'kept.duckdb');
    await run([path, '-c', 'CREATE TABLE t AS SELECT 1 AS a']);
    const version = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = 'kept'";
    const { stdout } = await run([path, '-list', '-noheader', '-c', version, '-c', 'FROM t']);
    expect(stdout).toMatch(/^v1\.5\.0\+\n1\n$/);
  });

  test('--readonly reads and refuses to write', async () => {
    const path = join(folder, 'read.duckdb');
    await run([path, '-c', 'CREATE TABLE t AS SELECT 1 AS a']);
    const { stdout, stderr, exitCode } = await run([path, '-readonly', '-csv', '-c', 'FROM t; DELETE FROM t']);
    expect(stdout).toBe('a\n1\n');
    expect(stderr).toContain('read-only mode');
    expect(exitCode).toBe(1);
  });

  test('--readonly on a file that is not there names it and does not make it', async () => {
    const path = join(folder, 'missing.duckdb');
    const { stderr, exitCode } = await run([path, '--readonly', '-c', 'SELECT 1']);
    expect(stderr).toContain(`cannot open database ${path}`);
    expect(exitCode).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  test('a file that is no database is named', async () => {
    const path = join(folder, 'letter.txt');
    writeFileSync(path, 'Dear reader, this is not a database. '.repeat(400));
    const { stderr, exitCode } = await run([path, '-c', 'SELECT 1']);
    expect(stderr).toContain(`cannot open database ${path}`);
    expect(stderr).toContain('not a valid DuckDB database file');
    expect(exitCode).toBe(1);
  });

  test('--memory-limit is DuckDB’s', async () => {
    const { stdout } = await run([
      '--memory-limit',
      '512MiB',
      '-list',
      '-noheader',
      '-c',
      "SELECT current_setting('memory_limit')",
    ]);
    expect(stdout).toBe('512.0 MiB\n');
  });
});

describe('plugins', () => {
  test('--plugin loads a module, whose functions exist and whose rows are told at the end', async () => {
    const { stdout, stderr, exitCode } = await runProcess(
      ['--plugin', fakePlugin, '-list', '-noheader', '-c', "SELECT listen_uri FROM otlp_serve('otlp:x')"],
      { env: { FAKE_COMMITTED: '1' } },
    );
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: 'otlp:x\n',
      stderr: 'otlp:localhost:4318 stopped, 1 row committed\n',
      exitCode: 0,
    });
  });

  test('dropped rows are told with their cause, and the exit code is 1', async () => {
    const { stderr, exitCode } = await runProcess(['--plugin', fakePlugin, '-c', '.print bye'], {
      env: { FAKE_COMMITTED: '3', FAKE_DROPPED: '2' },
    });
    expect(stderr).toBe('otlp:localhost:4318 stopped, 3 rows committed, 2 rows dropped: disk full\n');
    expect(exitCode).toBe(1);
  });

  for (const [module, message] of [
    ['./no-such-file.mjs', 'cannot load plugin ./no-such-file.mjs: '],
    ['no-such-package', 'cannot load plugin no-such-package: '],
    ['./empty.mjs', 'cannot load plugin ./empty.mjs: it exports no object with a name and an attach function'],
  ] as const) {
    test(`${module} cannot be loaded, and the error says so`, async () => {
      writeFileSync(join(folder, 'empty.mjs'), 'export const name = "empty";\n');
      const { stderr, exitCode } = await run(['--plugin', module, '-c', 'SELECT 1']);
      expect(stderr).toContain(message);
      expect(exitCode).toBe(1);
    });
  }
});

describe('dot commands', () => {
  test('.schema and .databases show what there is', async () => {
    const { stdout } = await run([], {
      input: `CREATE TABLE telemetry (a INTEGER NOT NULL);
        CREATE VIEW recent AS SELECT 1 AS x;
        CREATE SCHEMA other; CREATE TABLE other.t (b VARCHAR);
        .schema te%
        .databases
      `,
    });
    expect(stdout).toBe('CREATE TABLE telemetry(a INTEGER NOT NULL);\n' + 'memory: in memory\n');
  });

  test('.output and .once send results to files', async () => {
    await run(['-csv'], {
      input:
        '.once one.csv\nSELECT 1 AS a;\n.output all.csv\nSELECT 2 AS a;\nSELECT 3 AS a;\n.output\nSELECT 4 AS a;\n',
    }).then(({ stdout }) => expect(stdout).toBe('a\n4\n'));
    expect(readFileSync(join(folder, 'one.csv'), 'utf8')).toBe('a\n1\n');
    expect(readFileSync(join(folder, 'all.csv'), 'utf8')).toBe('a\n2\na\n3\n');
  });

  test('.read runs a file with its own settings', async () => {
    writeFileSync(join(folder, 'read me.sql'), '.headers off\nSELECT 1 AS a;');
    expect((await run(['-csv'], { input: '.read "read me.sql"\nSELECT 2 AS a;' })).stdout).toBe('1\n2\n');
  });

  test('a file that reads itself comes to an end', async () => {
    writeFileSync(join(folder, 'self.sql'), '.read self.sql\n');
    const { stderr, exitCode } = await run(['-f', 'self.sql']);
    expect(stderr).toContain('limited to a depth of 16');
    expect(exitCode).toBe(1);
  });

  test('.timer and .echo', async () => {
    const { stdout } = await run(['-csv'], { input: '.timer on\n.echo on\nSELECT 1 AS a;' });
    expect(stdout).toMatch(/^SELECT 1 AS a;\na\n1\nRun Time \(s\): real \d+\.\d{3}\n$/);
  });

  test('.help lists each command once, and explains one', async () => {
    const { stdout } = await run([], { input: '.help' });
    for (const name of ['tables', 'schema', 'mode', 'timer', 'read', 'output', 'quit']) {
      expect(stdout.match(new RegExp(`^\\.${name}\\b`, 'gm'))).toHaveLength(1);
    }
    expect((await run([], { input: '.help .quit' })).stdout).toBe('.quit  Leave\n');
  });

  test('names may be cut short', async () => {
    expect((await run([], { input: '.mod csv\nSELECT 1 AS a;\n.q\nSELECT 2;' })).stdout).toBe('a\n1\n');
  });

  for (const [line, message] of [
    ['.tabels', 'unknown command .tabels; did you mean .tables? (.help lists all)'],
    ['.xyzzyxyzzy', 'unknown command .xyzzyxyzzy (.help lists all)'],
    ['.e', '.e could be .echo or .exit'],
    ['.mode jason', '.mode: unknown mode jason; did you mean json?'],
    ['.timer maybe', '.timer: expected on or off, got maybe'],
    ['.maxrows many', '.maxrows: expected a number, got many'],
    ['.read', '.read: expected a file, got nothing'],
    ['.once /no/such/folder/x', '.once: ENOENT'],
  ] as const) {
    test(`${line} is refused: ${message}`, async () => {
      const { stderr, exitCode } = await run([], { input: line });
      expect(stderr).toContain(message);
      expect(exitCode).toBe(1);
    });
  }
});
