import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plainPaint } from '../../src/host/output/paint.js';
import { SessionDatabase } from '../../src/host/session-database.js';
import { Shell } from '../../src/host/shell/shell.js';
import { otlp } from '../../src/otlp.js';
import { folder } from './command.js';
import { runText } from './shell-in-process.js';

const csv = join(folder, 'points.csv');
writeFileSync(csv, 'a,b\n1,x\n2,y\n');
writeFileSync(join(folder, 'points.json'), '{"a": 7}\n');

describe('.open', () => {
  test('leaves the database for another, and comes back to its tables', async () => {
    const path = join(folder, 'opened.duckdb');
    const { stdout, stderr } = await runText(
      `.open ${path}\nCREATE TABLE t AS SELECT 1 AS a;\n.open\nFROM duckdb_tables();\n.open --readonly ${path}\nFROM t;\nDROP TABLE t;\n`,
      { mode: 'csv', hasHeaders: false },
    );
    expect(stdout).toBe('1\n');
    expect(stderr).toMatch(/^Invalid Input Error: .*read-only mode!\n$/);
  });

  test('--new empties the file, even the one that is open', async () => {
    const path = join(folder, 'emptied.duckdb');
    const { stdout, stderr } = await runText(
      `.open ${path}\nCREATE TABLE t (a INTEGER);\n.open --new ${path}\nSELECT count(*) FROM duckdb_tables();\n`,
      { mode: 'csv', hasHeaders: false },
    );
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  test('a file that cannot be opened leaves a database in memory', async () => {
    const { stdout, stderr } = await runText('.open /no/such/folder/x.db\n.databases\n');
    expect(stderr).toMatch(/^\.open: cannot open database \/no\/such\/folder\/x\.db: /);
    expect(stdout).toBe('memory: in memory\n');
  });
});

describe('.import', () => {
  for (const [title, words, expected] of [
    ['makes a table', `${csv} t`, '1,x\n2,y\n'],
    ['adds to a table', `${csv} t\n.import ${csv} t`, '1,x\n2,y\n1,x\n2,y\n'],
    ['knows JSON by its name', `${join(folder, 'points.json')} t`, '7\n'],
    ['hands parameters to the reader', `--csv --header false --skip 1 ${csv} t`, '1,x\n2,y\n'],
  ] as const) {
    test(title, async () => {
      const { stdout, stderr } = await runText(`.import ${words}\nFROM t;\n`, { mode: 'csv', hasHeaders: false });
      expect({ stdout, stderr }).toEqual({ stdout: expected, stderr: '' });
    });
  }

  for (const [words, message] of [
    [csv, '.import: expected a file and a table, got nothing'],
    ['/no/such/file t', '.import: IO Error: No files found that match the pattern "/no/such/file"'],
    [`--header`, '.import: expected a value of --header, got nothing'],
  ] as const) {
    test(`${words} is refused`, async () => {
      expect((await runText(`.import ${words}\n`)).stderr).toContain(message);
    });
  }
});

test('.dump writes SQL that makes the same database', async () => {
  const made = `CREATE SCHEMA other; CREATE TYPE mood AS ENUM ('it''s', 'ok'); CREATE SEQUENCE numbers;
    CREATE TABLE t (i INTEGER PRIMARY KEY, s VARCHAR, d DOUBLE, l INTEGER[], m mood, b BOOLEAN);
    INSERT INTO t VALUES (1, 'it''s' || chr(10) || 'x', 'nan', [1, 2], 'it''s', true), (2, NULL, -1.5, NULL, NULL, NULL);
    CREATE TABLE other.t2 AS SELECT TIMESTAMP '2026-01-01 00:00:00.5' AS "select", '\\xAA'::BLOB AS data;
    CREATE VIEW v AS SELECT i FROM t; CREATE INDEX by_s ON t (s);`;
  const { stdout: dumped } = await runText(`${made}\n.dump\n`);
  const shown = '.dump\nFROM v;\nSELECT nextval($$numbers$$);\n';
  const again = await runText(dumped + shown, { mode: 'csv' });
  expect(again).toEqual({ stdout: `${dumped}i\n1\n2\nnextval('numbers')\n1\n`, stderr: '' });
  expect((await runText(`${made}\n.dump t2\n`)).stdout).toBe(
    'BEGIN TRANSACTION;\nCREATE TABLE other.t2("select" TIMESTAMP, "data" BLOB);\n' +
      'INSERT INTO "other"."t2"("select","data") VALUES(\'2026-01-01 00:00:00.5\',\'\\xAA\');\nCOMMIT;\n',
  );
});

test('.tables shows columns and counts, schema by schema', async () => {
  const { stdout } = await runText(
    `CREATE TABLE t AS SELECT range AS id, 'x' AS "long name" FROM range(3); CREATE VIEW v AS SELECT 1 AS one;
     CREATE SCHEMA other; CREATE TABLE other.nothing (a STRUCT(b INTEGER));\n.tables\n`,
  );
  expect(stdout).toBe(
    [
      'memory.main',
      '┌───────────────────┐ ┌─────────────┐',
      '│         t         │ │      v      │',
      '├───────────────────┤ ├─────────────┤',
      '│ id        bigint  │ │ one integer │',
      '│ long name varchar │ └─────────────┘',
      '├───────────────────┤',
      '│      3 rows       │',
      '└───────────────────┘',
      'memory.other',
      '┌──────────┐',
      '│ nothing  │',
      '├──────────┤',
      '│ a struct │',
      '├──────────┤',
      '│  0 rows  │',
      '└──────────┘',
      '',
    ].join('\n'),
  );
});

test('.tables takes a pattern, and boxes that do not fit stand below', async () => {
  const { stdout } = await runText(
    'CREATE TABLE wide_a (a INTEGER); CREATE TABLE wide_b (a INTEGER); CREATE TABLE c (a INTEGER);\n.tables wide%\n',
    { width: 20 },
  );
  expect(stdout.match(/┌/g)).toHaveLength(2);
  expect(stdout).toMatch(/wide_a[\s\S]*└[\s\S]*wide_b/);
  expect(stdout).not.toContain(' c ');
});

test('.columns shows each row as a column, .rows takes it back', async () => {
  const { stdout } = await runText('.columns\nSELECT 1 AS a, 2 AS b UNION ALL SELECT 3, 4 ORDER BY a;\n');
  expect(stdout).toBe(
    [
      '┌────────┬───────┬───────┬───────┐',
      '│ Column │ Type  │ Row 1 │ Row 2 │',
      '├────────┼───────┼───────┼───────┤',
      '│ a      │ int32 │     1 │     3 │',
      '│ b      │ int32 │     2 │     4 │',
      '├────────┴───────┴───────┴───────┤',
      '│ 2 rows               2 columns │',
      '└────────────────────────────────┘',
      '',
    ].join('\n'),
  );
  expect((await runText('.columns\n.rows\nSELECT 1 AS a;\n')).stdout).toContain('│ int32 │\n├');
});

test('.columns names the rows that are shown, and counts those that are not', async () => {
  const { stdout } = await runText('.columns\n.maxrows 3\nFROM range(100);\n');
  expect(stdout).toContain('│ Column │ Type  │ Row 1 │ Row 2 │ Row 100 │');
  expect(stdout).toContain('100 rows (3 shown)');
  expect((await runText('.columns\nFROM range(30);\n', { width: 40 })).stdout).toMatch(/30 rows \(2 shown\)/);
});

for (const [commands, number, expected] of [
  ['.thousand_sep ,', '1234567.25', '1,234,567.25'],
  ['.thousand_sep ,', '-1000::BIGINT', '-1,000'],
  ['.thousand_sep space\n.decimal_sep ,', '1234.5::DOUBLE', '1 234,5'],
  ['.thousand_sep ,', '1e20::DOUBLE', '1e+20'],
  ['.thousand_sep ,\n.thousand_sep off', '1234', '1234'],
] as const) {
  test(`${commands.replace('\n', ', ')}: ${number} is ${expected}`, async () => {
    expect((await runText(`${commands}\nSELECT ${number} AS a;\n`)).stdout).toMatch(
      new RegExp(`│ +${expected.replace('+', '\\+')} │`),
    );
  });
}

test('.last shows the last result with all of its rows and columns', async () => {
  const { stdout } = await runText(`.maxrows 2\nSELECT range AS a, repeat('x', 100) AS b FROM range(50);\n.last\n`);
  const [, last] = stdout.split('50 rows (2 shown)');
  expect(last!.match(/│ +\d+ │ x{100} │/g)).toHaveLength(50);
  expect((await runText('.last\n')).stderr).toBe('.last: there is no result yet\n');
});

test('.last says when there were too many rows to keep', async () => {
  const { stderr } = await runText('FROM range(100001);\n.last\n');
  expect(stderr).toMatch(/^\.last: the last result has more than the 100000 rows that are kept/);
});

test('.version names what DuckDB is of', async () => {
  expect((await runText('.version\n')).stdout).toMatch(/^DuckDB v1\.5\.5 \(\w+\) [0-9a-f]{10}, Node\.js v\d+\.\S+\n$/);
});

test('.indexes lists the indexes of tables', async () => {
  const text = 'CREATE TABLE t (a INTEGER); CREATE INDEX one ON t (a);\n.indexes\n.indexes x%\n';
  expect((await runText(text)).stdout).toBe('one\n');
});

test('.shell runs a command, and a failure is an error', async () => {
  const made = join(folder, 'made-by-shell');
  const { stderr } = await runText(`.shell echo "a b" > ${made}\n.system exit 3\n`);
  expect(existsSync(made)).toBe(true);
  expect(stderr).toBe('.system: exit code 3\n');
});

describe('safe mode', () => {
  for (const [line, message] of [
    ['.shell ls', '.shell cannot be used in safe mode'],
    ['.once |cat', '.once cannot be used in safe mode'],
    ['.output x', '.output cannot be used in safe mode'],
    ['.read x.sql', '.read cannot be used in safe mode'],
    ['.open x.db', '.open cannot be used in safe mode'],
    ['.cd /', '.cd cannot be used in safe mode'],
    [`.import ${csv} t`, '.import cannot be used in safe mode'],
    [`FROM '${csv}';`, 'Permission Error: Cannot access file'],
    ["ATTACH 'x.db';", 'Permission Error: Cannot access file'],
    ['SET enable_external_access = true;', 'the configuration has been locked'],
  ] as const) {
    test(`refuses ${line.replace(folder, '…')}`, async () => {
      const { stdout, stderr } = await runText(`.safe_mode\n.safe_mode\n${line}\n`);
      expect(stdout).toBe('');
      expect(stderr).toContain(message);
    });
  }

  test('starts no servers', async () => {
    const { stdout, stderr } = await runText(
      ".safe_mode\nSELECT listen_uri FROM otlp_serve('otlp:127.0.0.1:0');\nFROM otlp_server_list();\n",
      { mode: 'csv', hasHeaders: false, plugins: [otlp] },
    );
    expect(stdout).toBe('');
    expect(stderr).toMatch(/servers cannot be started: the shell is in safe mode \[OTLP_SERVING_FORBIDDEN\]\n$/);
  });

  test('has plugins start no more work', async () => {
    const refused: string[] = [];
    const plugin = {
      name: 'listener',
      attach: async (instance: { connect(): Promise<never> }) => ({
        connect: () => instance.connect(),
        register: async () => {},
        refuseWork: (reason: string) => refused.push(reason),
        close: async () => [],
      }),
    };
    await runText('.safe_mode\n', { plugins: [plugin as never] });
    expect(refused).toEqual(['the shell is in safe mode']);
  });
});

// It once was for mode list alone.
for (const [commands, expected] of [
  ['.mode csv\n.separator ;', 'a;b\n1,5;"x;y"\n'],
  ['.mode tabs\n.separator ;\n.mode csv', 'a,b\n"1,5",x;y\n'],
  ['.mode list\n.separator " - "', 'a - b\n1,5 - x;y\n'],
] as const) {
  test(commands.replaceAll('\n', ', '), async () => {
    expect((await runText(`${commands}\nSELECT '1,5' AS a, 'x;y' AS b;\n`)).stdout).toBe(expected);
  });
}

test('numbers are quoted where the separator may be part of them', async () => {
  const { stdout } = await runText('.mode csv\n.separator .\nSELECT 1.5 AS a, 2 AS b;\n');
  expect(stdout).toBe('a.b\n"1.5".2\n');
});

describe('modes for programs', () => {
  const SQL = `SELECT 1 AS n, 'it''s "x" & $[y]\n' AS "a b", NULL AS z, true AS t, 'nan'::DOUBLE AS d;`;
  for (const [mode, expected] of [
    [
      'insert',
      `INSERT INTO "table"("n","a b","z","t","d") VALUES(1,concat('it''s "x" & $[y]', chr(10)),NULL,true,'nan');\n`,
    ],
    ['insert my_table', /^INSERT INTO my_table\("n"/],
    ['quote', `'n','a b','z','t','d'\n1,concat('it''s "x" & $[y]', chr(10)),NULL,true,'nan'\n`],
    ['ascii', 'n\x1fa b\x1fz\x1ft\x1fd\x1e1\x1fit\'s "x" & $[y]\n\x1fNULL\x1ftrue\x1fnan\x1e'],
    ['tcl', '"n" "a b" "z" "t" "d"\n"1" "it\'s \\"x\\" & \\$\\[y\\]\\n" "NULL" "true" "nan"\n'],
    [
      'latex',
      '\\begin{tabular}{|rlrlr|}\n\\hline\nn & a b                                &    z & t    &   d \\\\\n\\hline\n' +
        '1 & it\'s "x" \\& \\$[y]\\textbackslash{}n & NULL & true & nan \\\\\n\\hline\n\\end{tabular}\n',
    ],
  ] as const) {
    test(mode, async () => {
      const { stdout, stderr } = await runText(`.mode ${mode}\n${SQL}\n`);
      expect(stderr).toBe('');
      if (typeof expected === 'string') expect(stdout).toBe(expected);
      else expect(stdout).toMatch(expected);
    });
  }

  test('a table belongs to mode insert alone', async () => {
    expect((await runText('.mode csv t\n')).stderr).toBe('.mode: mode csv has no table, got t\n');
  });
});

// The shell's own queries cannot be cancelled; an import of minutes must be.
test('.import ends when it is cancelled, and makes no table', async () => {
  const fifo = join(folder, 'endless.csv');
  spawnSync('mkfifo', [fifo]);
  const database = new SessionDatabase({ memoryLimit: undefined }, [], async () => {});
  await database.open(':memory:', { isReadOnly: false });
  let stderr = '';
  const out = { write: async () => {} };
  const err = {
    write: async (text: string) => {
      stderr += text;
    },
  };
  const screen = { out, err, outPaint: plainPaint, errPaint: plainPaint, width: () => 80 };
  const shell = await Shell.start(await database.connect(), screen, {}, database);
  const writer = createWriteStream(fifo);
  const feed = () => {
    while (!writer.destroyed && writer.write('1,2\n'.repeat(10_000)));
  };
  writer.on('error', () => {}).on('drain', feed);
  const imported = shell.runInput([
    `.import --parallel false --header false --auto_detect false --columns "{'a':'INTEGER','b':'INTEGER'}" ${fifo} t\n`,
  ]);
  await once(writer, 'open');
  feed();
  await once(writer, 'drain');
  shell.cancel();
  await imported;
  writer.destroy();
  expect(stderr).toContain('INTERRUPT Error');
  expect(await shell.query('SELECT count(*) FROM duckdb_tables()')).toEqual([['0']]);
  await shell.close();
  await database.close();
}, 20_000);
