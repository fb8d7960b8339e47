import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folder } from './command.js';
import { runText } from './shell-in-process.js';

const file = join(folder, 'out.txt');

// Each of these once wrote a file named `|cat` or `-e`.
for (const [line, title] of [
  [`.once |tr a-z A-Z > ${file}`, 'a command'],
  [`.once "|tr a-z A-Z > ${file}"`, 'a command in quotes, as the duckdb command wants it'],
] as const) {
  test(`.once sends one result to ${title}`, async () => {
    const { stdout, stderr } = await runText(`${line}\nSELECT 'one' AS a;\nSELECT 'two' AS a;\n`, { mode: 'csv' });
    expect({ stdout, stderr, file: readFileSync(file, 'utf8') }).toEqual({
      stdout: 'a\ntwo\n',
      stderr: '',
      file: 'A\nONE\n',
    });
  });
}

test('.output sends all results to one command, until it is taken back', async () => {
  const { stdout } = await runText(
    `.output |sort > ${file}\nSELECT 'b' AS a;\nSELECT 'a' AS a;\n.output\nSELECT 'c' AS a;\n`,
    { mode: 'list', hasHeaders: false },
  );
  expect({ stdout, file: readFileSync(file, 'utf8') }).toEqual({ stdout: 'c\n', file: 'a\nb\n' });
});

test('a command that reads no further ends its query, and nothing else', async () => {
  const { stdout, stderr } = await runText(`.once |head -2 > ${file}\nFROM range(100000000);\nSELECT 'next' AS a;\n`, {
    mode: 'csv',
    hasHeaders: false,
  });
  expect({ stdout, stderr, file: readFileSync(file, 'utf8') }).toEqual({
    stdout: 'next\n',
    stderr: '',
    file: '0\n1\n',
  });
});

test('the time of a statement is told on the screen, and not sent with its result', async () => {
  const { stdout } = await runText(`.timer on\n.once |cat > ${file}\nSELECT 1 AS a;\n`, { mode: 'csv' });
  expect(readFileSync(file, 'utf8')).toBe('a\n1\n');
  expect(stdout).toMatch(/^Run Time/);
});

// A pager that was started before the statement was typed took the keys of the statement.
test('a command is started when there is a result, not before', async () => {
  const started = join(folder, 'started');
  const { stdout } = await runText(
    `.once |touch ${started}; cat > ${file}\n.shell test -e ${started} || echo waits > ${file}.early\nSELECT 1 AS a;\n`,
    { mode: 'csv' },
  );
  expect(stdout).toBe('');
  expect(readFileSync(`${file}.early`, 'utf8')).toBe('waits\n');
  expect(readFileSync(file, 'utf8')).toBe('a\n1\n');
});

test('a command that cannot be run is an error', async () => {
  const { stderr } = await runText('.once |no-such-command-here 2>/dev/null\nSELECT 1;\n');
  expect(stderr).toBe("cannot run no-such-command-here 2>/dev/null: the shell's exit code is 127\n");
});

test('.once -e opens the result in the editor', async () => {
  const editor = join(folder, 'editor.sh');
  writeFileSync(editor, `cp "$1" ${file}\n`);
  process.env['DUCKDB_EDITOR'] = `sh ${editor}`;
  try {
    const { stdout, stderr } = await runText('.once -e\nSELECT 7 AS a;\n', { mode: 'list' });
    expect({ stdout, stderr, file: readFileSync(file, 'utf8') }).toEqual({ stdout: '', stderr: '', file: 'a\n7\n' });
  } finally {
    delete process.env['DUCKDB_EDITOR'];
  }
});

test('a mistyped option is refused, and writes no file', async () => {
  const { stderr } = await runText('.once -y\n');
  expect(stderr).toBe('.once: unknown option -y; a file of this name is ./-y\n');
  expect(existsSync('-y')).toBe(false);
});
