import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { agrees, unclearWord } from '../../src/host/new-database.js';
import { folder, run } from './command.js';

const commands = ['serve', 'load'];

for (const [word, expected] of [
  ['server', 'server is no command and no file (did you mean otelduck serve?)'],
  ['telemetry', 'telemetry is no command and no file'],
  ['./server', undefined],
  ['server.duckdb', undefined],
  [':memory:', undefined],
  ['md:shop', undefined],
] as const) {
  test(`${word} is ${expected === undefined ? 'a database' : 'unclear'}`, () => {
    expect(unclearWord({ word, commands })).toBe(expected);
  });
}

test('a file that is there is a database, whatever it is called', () => {
  writeFileSync(join(folder, 'served'), '');
  expect(unclearWord({ word: join(folder, 'served'), commands })).toBeUndefined();
});

// It once made a database file named `server`, and opened a shell on it.
test('a mistyped command is refused where nobody can be asked', async () => {
  const { stdout, stderr, exitCode } = await run(['server', '-c', 'SELECT 1']);
  expect({ stdout, stderr, exitCode }).toEqual({
    stdout: '',
    stderr:
      'otelduck: server is no command and no file (did you mean otelduck serve?); a new database of this name is made by: otelduck ./server\n',
    exitCode: 1,
  });
  expect(existsSync(join(folder, 'server'))).toBe(false);
});

// They once made a file of that name, unlike the shell.
for (const command of ['serve', 'dev']) {
  test(`${command} refuses a word without an extension that is no file`, async () => {
    const { stdout, stderr, exitCode } = await run([command, 'shop']);
    expect({ stdout, stderr, exitCode }).toEqual({
      stdout: '',
      stderr: `otelduck: there is no file shop; a new database of this name is made by: otelduck ${command} ./shop\n`,
      exitCode: 1,
    });
    expect(existsSync(join(folder, 'shop'))).toBe(false);
  });
}

for (const [answer, isAgreed] of [
  ['y', true],
  ['Yes', true],
  ['', false],
  ['no', false],
] as const) {
  test(`a person who answers "${answer}" ${isAgreed ? 'agrees' : 'does not agree'}`, async () => {
    const input = new PassThrough();
    const output = new PassThrough();
    input.write(`${answer}\n`);
    expect(await agrees('Make it?', { input, output })).toBe(isAgreed);
    expect(String(output.read())).toBe('Make it? [y/N] ');
  });
}
