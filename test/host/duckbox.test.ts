import { expect, test } from 'vitest';
import { printable, truncated } from '../../src/host/output/cell-text.js';
import { type BoxColumn, drawBox } from '../../src/host/output/duckbox.js';
import { plainPaint } from '../../src/host/output/paint.js';
import { run } from './command.js';

const text = (name: string): BoxColumn => ({ name, type: 'varchar', alignment: 'left' });

function box(columns: readonly BoxColumn[], rows: readonly (readonly (string | null)[])[], maxWidth: number) {
  return drawBox(
    { columns, head: rows, tail: [], rowCount: rows.length },
    { maxWidth, nullText: 'NULL', paint: plainPaint },
  );
}

test('the widest columns give way first, and their text ends in …', () => {
  expect(box([text('id'), text('body')], [['1', 'a rather long text of a log']], 34)).toEqual([
    '┌─────────┬──────────────────────┐',
    '│   id    │         body         │',
    '│ varchar │       varchar        │',
    '├─────────┼──────────────────────┤',
    '│ 1       │ a rather long text … │',
    '├─────────┴──────────────────────┤',
    '│ 1 row                2 columns │',
    '└────────────────────────────────┘',
  ]);
});

test('columns with a rank are kept first, and columns without values go first', () => {
  const columns = ['id', 'flags', 'note', 'body', 'scope', 'version'].map((name) => ({
    ...text(name),
    ...(name === 'body' ? { rank: 0 } : name === 'note' ? { rank: 1 } : {}),
  }));
  const rows = [
    ['1', '0', null, 'out of stock', '', 'v1'],
    ['2', '0', null, 'paid', '', 'v1'],
  ];
  const namesAt = (width: number) =>
    box(columns, rows, width)[1]!
      .split(/[│ ]+/)
      .filter((name) => name !== '');
  expect(namesAt(80)).toEqual(['id', 'flags', 'note', 'body', 'scope', 'version']);
  expect(namesAt(52)).toEqual(['id', 'flags', '…', 'body', 'version']);
  expect(namesAt(44)).toEqual(['id', '…', 'body', 'version']);
  expect(namesAt(22)).toEqual(['…', 'body']);
});

test('columns in the middle are left out when not all fit', () => {
  const columns = ['first', 'second', 'third', 'fourth', 'fifth'].map(text);
  expect(
    box(
      columns,
      [
        ['1', '2', '3', '4', '5'],
        ['a', 'b', 'c', 'd', 'e'],
      ],
      40,
    ),
  ).toEqual([
    '┌─────────┬─────────┬───┬─────────┐',
    '│  first  │ second  │ … │  fifth  │',
    '│ varchar │ varchar │   │ varchar │',
    '├─────────┼─────────┼───┼─────────┤',
    '│ 1       │ 2       │ … │ 5       │',
    '│ a       │ b       │ … │ e       │',
    '├─────────┴─────────┴───┴─────────┤',
    '│ 2 rows      5 columns (3 shown) │',
    '└─────────────────────────────────┘',
  ]);
});

test('no line is ever wider than the terminal, and all are of one width', () => {
  const columns = Array.from({ length: 12 }, (_, index) => text(`column ${index}`));
  const rows = Array.from({ length: 3 }, (_, row) => columns.map((_column, index) => 'x'.repeat(row * 7 + index)));
  for (let width = 30; width <= 320; width++) {
    const lines = box(columns, rows, width);
    expect(new Set(lines.map((line) => line.length)).size).toBe(1);
    expect(lines[0]!.length).toBeLessThanOrEqual(width);
  }
});

test('wide characters take two columns', () => {
  expect(box([text('語')], [['日本語'], ['👍🏽 ok'], [null]], 80)).toEqual([
    '┌─────────┐',
    '│   語    │',
    '│ varchar │',
    '├─────────┤',
    '│ 日本語  │',
    '│ 👍🏽 ok   │',
    '│ NULL    │',
    '├─────────┤',
    '│ 3 rows  │',
    '└─────────┘',
  ]);
});

for (const [input, width, expected] of [
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['日本語', 5, '日本…'],
  ['日本語', 4, '日…'],
  ['👨‍👩‍👧 family', 4, '👨‍👩‍👧 …'],
] as const) {
  test(`${input} in ${width} columns is ${expected}`, () => expect(truncated(input, width)).toBe(expected));
}

test('control characters are spelled out, so that no row can steer the terminal', () => {
  expect(printable('a\n\t\x1b[2J\x9b31m\u202e')).toBe('a\\n\\t\\u001b[2J\\u009b31m\\u202e');
});

test('rows in the middle of long results are left out', async () => {
  const { stdout } = await run([], { input: '.maxrows 4\nFROM range(10000);' });
  expect(stdout).toBe(
    [
      '┌────────────┐',
      '│   range    │',
      '│   int64    │',
      '├────────────┤',
      '│          0 │',
      '│          1 │',
      '│     ·      │',
      '│     ·      │',
      '│     ·      │',
      '│       9998 │',
      '│       9999 │',
      '├────────────┤',
      '│ 10000 rows │',
      '│ (4 shown)  │',
      '└────────────┘',
      '',
    ].join('\n'),
  );
});

for (const [rows, lines] of [
  [40, 40],
  [43, 43],
  [44, 43],
  [5000, 43],
] as const) {
  test(`${rows} rows take ${lines} lines`, async () => {
    const { stdout } = await run(['-c', `FROM range(${rows})`]);
    const end = stdout.split('\n').findLastIndex((line) => line.startsWith('├'));
    expect(end - 4).toBe(lines);
  });
}

test('one row that is too wide is shown downwards, so that no column is left out', async () => {
  const { stdout } = await run([], {
    input: ".maxwidth 40\nSELECT 'aaaaaaaaaaaaaaaaaaaaaaaaa' AS a, 2 AS b, 3 AS c, 4 AS d, NULL AS e;",
  });
  expect(stdout).toBe(
    [
      '┌────────┬─────────┬───────────────────┐',
      '│ column │  type   │       value       │',
      '├────────┼─────────┼───────────────────┤',
      '│ a      │ varchar │ aaaaaaaaaaaaaaaa… │',
      '│ b      │ int32   │ 2                 │',
      '│ c      │ int32   │ 3                 │',
      '│ d      │ int32   │ 4                 │',
      '│ e      │ int32   │ NULL              │',
      '├────────┴─────────┴───────────────────┤',
      '│ 1 row                      5 columns │',
      '└──────────────────────────────────────┘',
      '',
    ].join('\n'),
  );
});
