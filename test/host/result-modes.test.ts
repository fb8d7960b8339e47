import { describe, expect, test } from 'vitest';
import { run, runProcess } from './command.js';

const SQL = `SELECT 1 AS n, 'a,"b' AS "text", NULL AS nothing, [1.0::DOUBLE] AS list
  UNION ALL SELECT 20, '<i>|', NULL, []`;

for (const [mode, expected] of [
  ['csv', 'n,text,nothing,list\n1,"a,""b",,[1.0]\n20,<i>|,,[]\n'],
  ['tabs', 'n\ttext\tnothing\tlist\n1\t"a,""b"\t\t[1.0]\n20\t<i>|\t\t[]\n'],
  ['json', '[{"n":1,"text":"a,\\"b","nothing":null,"list":[1.0]},\n{"n":20,"text":"<i>|","nothing":null,"list":[]}]\n'],
  [
    'jsonlines',
    '{"n":1,"text":"a,\\"b","nothing":null,"list":[1.0]}\n{"n":20,"text":"<i>|","nothing":null,"list":[]}\n',
  ],
  ['list', 'n|text|nothing|list\n1|a,"b|NULL|[1.0]\n20|<i>||NULL|[]\n'],
  [
    'line',
    '      n = 1\n   text = a,"b\nnothing = NULL\n   list = [1.0]\n\n' +
      '      n = 20\n   text = <i>|\nnothing = NULL\n   list = []\n',
  ],
  [
    'markdown',
    '|  n | text  | nothing | list  |\n|---:|-------|--------:|-------|\n' +
      '|  1 | a,"b  |    NULL | [1.0] |\n| 20 | <i>\\| |    NULL | []    |\n',
  ],
  [
    'html',
    '<tr><th>n</th><th>text</th><th>nothing</th><th>list</th></tr>\n' +
      '<tr><td>1</td><td>a,&quot;b</td><td>NULL</td><td>[1.0]</td></tr>\n' +
      '<tr><td>20</td><td>&lt;i&gt;|</td><td>NULL</td><td>[]</td></tr>\n',
  ],
  ['column', ' n  text  nothing  list\n--  ----  -------  -----\n 1  a,"b     NULL  [1.0]\n20  <i>|     NULL  []\n'],
  [
    'table',
    '+----+------+---------+-------+\n| n  | text | nothing | list  |\n+----+------+---------+-------+\n' +
      '|  1 | a,"b |    NULL | [1.0] |\n| 20 | <i>| |    NULL | []    |\n+----+------+---------+-------+\n',
  ],
  [
    'box',
    '┌────┬──────┬─────────┬───────┐\n│ n  │ text │ nothing │ list  │\n├────┼──────┼─────────┼───────┤\n' +
      '│  1 │ a,"b │    NULL │ [1.0] │\n│ 20 │ <i>| │    NULL │ []    │\n└────┴──────┴─────────┴───────┘\n',
  ],
  [
    'duckbox',
    '┌───────┬─────────┬─────────┬──────────┐\n' +
      '│   n   │  text   │ nothing │   list   │\n' +
      '│ int32 │ varchar │  int32  │ double[] │\n' +
      '├───────┼─────────┼─────────┼──────────┤\n' +
      '│     1 │ a,"b    │    NULL │ [1.0]    │\n' +
      '│    20 │ <i>|    │    NULL │ []       │\n' +
      '├───────┴─────────┴─────────┴──────────┤\n' +
      '│ 2 rows                     4 columns │\n' +
      '└──────────────────────────────────────┘\n',
  ],
  ['trash', ''],
] as const) {
  test(`-${mode}`, async () => {
    expect(await run([`-${mode}`, '-c', SQL])).toEqual({ stdout: expected, stderr: '', exitCode: 0 });
  });
}

describe('details', () => {
  for (const [title, args, sql, expected] of [
    ['empty strings and NULLs differ in CSV', ['-csv'], "SELECT '' AS a, NULL AS b", 'a,b\n"",\n'],
    ['line breaks are quoted in CSV', ['-csv', '-noheader'], "SELECT e'x\\ny', 'z'", '"x\ny",z\n'],
    ['-nullvalue counts in every mode', ['-csv', '-noheader', '-nullvalue', '∅'], 'SELECT NULL', '∅\n'],
    ['-separator', ['-list', '-separator', ' / ', '-noheader'], 'SELECT 1, 2', '1 / 2\n'],
    ['JSON keeps columns of one name apart', ['-json'], 'SELECT 1 AS a, 2 AS a', '[{"a":1,"a:1":2}]\n'],
    ['no rows in CSV are a header', ['-csv'], 'SELECT 1 AS a LIMIT 0', 'a\n'],
    ['no rows in JSON are an empty array', ['-json'], 'SELECT 1 AS a LIMIT 0', '[]\n'],
    ['no rows in JSON lines are nothing', ['-jsonlines'], 'SELECT 1 AS a LIMIT 0', ''],
    ['a statement without rows shows nothing', ['-json'], 'CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)', ''],
    [
      'RETURNING shows rows',
      ['-json'],
      'CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1) RETURNING a',
      '[{"a":1}]\n',
    ],
    ['a row keeps its fields', ['-list', '-noheader'], "SELECT row(1, 'a b', NULL), NULL", '(1, a b, NULL)|NULL\n'],
    ['a row in JSON', ['-json'], "SELECT row(1, 'a') AS r", '[{"r":[1,"a"]}]\n'],
    ['the last of two modes counts', ['-csv', '-json'], 'SELECT 1 AS a', '[{"a":1}]\n'],
    [
      'times follow the session’s zone',
      ['-csv', '-noheader'],
      "SET TimeZone = 'America/New_York'; SELECT TIMESTAMPTZ '2020-07-01 00:00:00+00'",
      '2020-06-30 20:00:00-04\n',
    ],
  ] as const) {
    test(title, async () => {
      expect(await run([...args, '-c', sql])).toEqual({ stdout: expected, stderr: '', exitCode: 0 });
    });
  }

  test('a plan is drawn for readers and a row for programs', async () => {
    expect((await run(['-c', 'EXPLAIN SELECT 42'])).stdout).toMatch(/^┌─+┐\n│ +PROJECTION/);
    expect((await run(['-json', '-c', 'EXPLAIN SELECT 42'])).stdout).toMatch(/^\[\{"explain_key":"physical_plan"/);
  });

  test('a large result is written as it is read', async () => {
    const { stdout, exitCode } = await runProcess(['-csv', '-noheader', '-c', 'FROM range(300000)'], {
      env: { NODE_OPTIONS: '--max-old-space-size=64' },
    });
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toHaveLength(300_001);
  });
});
