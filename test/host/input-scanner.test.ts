import { expect, test } from 'vitest';
import { InputScanner } from '../../src/host/shell/input-scanner.js';

function commands(pieces: readonly string[]) {
  const scanner = new InputScanner();
  const found = [...pieces.flatMap((piece) => scanner.push(piece)), ...scanner.end()];
  return found.map(({ kind, text }) => (kind === 'sql' ? text : { dot: text }));
}

for (const [input, expected] of [
  ['SELECT 1;', ['SELECT 1']],
  ['SELECT 1', ['SELECT 1']],
  ['SELECT 1; SELECT 2;\nSELECT 3', ['SELECT 1', 'SELECT 2', 'SELECT 3']],
  ['SELECT\n 1\n;', ['SELECT\n 1']],
  [';;  ;\n;', []],
  ['', []],
  ["SELECT ';';SELECT 2", ["SELECT ';'", 'SELECT 2']],
  ["SELECT 'it''s; fine';SELECT 2", ["SELECT 'it''s; fine'", 'SELECT 2']],
  ["SELECT 'a\\';SELECT 2", ["SELECT 'a\\'", 'SELECT 2']],
  ["SELECT e'a\\';b';SELECT 2", ["SELECT e'a\\';b'", 'SELECT 2']],
  ["SELECT e'a''\\';b';SELECT 2", ["SELECT e'a''\\';b'", 'SELECT 2']],
  ["SELECT name'\\';SELECT 2", ["SELECT name'\\'", 'SELECT 2']],
  ['SELECT ";" FROM "a"";b";SELECT 2', ['SELECT ";" FROM "a"";b"', 'SELECT 2']],
  ['SELECT $$;$$;SELECT 2', ['SELECT $$;$$', 'SELECT 2']],
  ['SELECT $a$;$$;$b$;$a$;SELECT 2', ['SELECT $a$;$$;$b$;$a$', 'SELECT 2']],
  ['SELECT $1;SELECT $2', ['SELECT $1', 'SELECT $2']],
  ['SELECT a$b;SELECT a$b', ['SELECT a$b', 'SELECT a$b']],
  ['SELECT 1 -- a; b\n;SELECT 2', ['SELECT 1 -- a; b', 'SELECT 2']],
  ['SELECT 1 /* ; /* ; */ ; */;SELECT 2', ['SELECT 1 /* ; /* ; */ ; */', 'SELECT 2']],
  ['SELECT 1-1;SELECT 4/2', ['SELECT 1-1', 'SELECT 4/2']],
  ["-- it's\nSELECT 1;", ["-- it's\nSELECT 1"]],
  ['-- nothing;\n/* here; */', []],
  ["SELECT 'open; SELECT 2;", ["SELECT 'open; SELECT 2;"]],
  ['.mode csv\nSELECT 1;\n  .tables\n', [{ dot: '.mode csv' }, 'SELECT 1', { dot: '.tables' }]],
  ['.quit', [{ dot: '.quit' }]],
  [".print it's; so\nSELECT 1", [{ dot: ".print it's; so" }, 'SELECT 1']],
  ['SELECT\n.5;', ['SELECT\n.5']],
  ['SELECT 1; .mode csv', ['SELECT 1', '.mode csv']],
  ['-- a comment\n.mode csv\n', [{ dot: '.mode csv' }]],
  ['SELECT 1;\r\n.mode csv\r\n', ['SELECT 1', { dot: '.mode csv' }]],
] as const) {
  test(`${JSON.stringify(input)} splits the same whole and character by character`, () => {
    expect(commands([input])).toEqual(expected);
    expect(commands([...input])).toEqual(expected);
  });
}

test('a statement is given as soon as its semicolon arrives', () => {
  const scanner = new InputScanner();
  expect(scanner.push('SELECT ')).toEqual([]);
  expect(scanner.isPending).toBe(true);
  expect(scanner.push('1;')).toEqual([{ kind: 'sql', text: 'SELECT 1', line: 1 }]);
  expect(scanner.isPending).toBe(false);
});

test('commands know the line on which they start', () => {
  const scanner = new InputScanner();
  const found = scanner.push('SELECT 1;\n\nSELECT\n2; SELECT 3;\n.mode csv\n\n  SELECT 4;');
  expect(found.map((command) => command.line)).toEqual([1, 3, 4, 5, 7]);
});

test('a comment alone is not pending, an open block comment is', () => {
  const scanner = new InputScanner();
  scanner.push('-- note\n');
  expect(scanner.isPending).toBe(false);
  scanner.push('/* note\n');
  expect(scanner.isPending).toBe(true);
  scanner.push('*/\n');
  expect(scanner.isPending).toBe(false);
});
