// What a service reads before it serves, and what it refuses.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bareCommand, command, fakePlugin, folder } from './command.js';

/** Runs a service to its end in a folder of its own. An init script that fails ends it without a signal. */
function serveUntilEnd(name: string, files: Readonly<Record<string, string>>, env: Record<string, string> = {}) {
  const cwd = join(folder, name);
  mkdirSync(cwd);
  for (const [file, text] of Object.entries({ 'end.sql': 'FROM nowhere;', ...files }))
    writeFileSync(join(cwd, file), text);
  const { stderr } = spawnSync(process.execPath, [bareCommand, 'serve', '--plugin', fakePlugin, '--init', 'end.sql'], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    encoding: 'utf8',
    timeout: 50_000,
  });
  const events = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { cwd, stderr, events };
}

describe('the working folder', () => {
  test('its .env is read, the environment wins, the log names the file and tells no value', () => {
    const { cwd, stderr, events } = serveUntilEnd(
      'dotenv',
      { '.env': 'OTELDUCK_DATABASE=from-file.duckdb\nOTELDUCK_DRAIN_TIMEOUT_MS=x\nOTELDUCK_TOKN=hidden-value-1234\n' },
      { OTELDUCK_DRAIN_TIMEOUT_MS: '1000' },
    );
    expect(events[0]).toMatchObject({ event: 'starting', database: 'from-file.duckdb' });
    expect(events).toContainEqual(expect.objectContaining({ event: 'environment_file', file: join(cwd, '.env') }));
    expect(events).toContainEqual(expect.objectContaining({ event: 'unknown_variable', variable: 'OTELDUCK_TOKN' }));
    expect(stderr).not.toContain('hidden-value');
    expect(existsSync(join(cwd, 'from-file.duckdb'))).toBe(true);
  });

  // Rows went to memory.
  test('gets otelduck.duckdb when no database is named, and the log says so', () => {
    const { cwd, events } = serveUntilEnd('unnamed', {});
    const file = join(cwd, 'otelduck.duckdb');
    expect(events).toContainEqual(expect.objectContaining({ event: 'default_database', file }));
    expect(existsSync(file)).toBe(true);
  });
});

// Node could not load the program, and said so with a stack of its own.
test('a limit of open files that is too low is named, with what is needed', () => {
  const { stdout, stderr } = spawnSync(
    'sh',
    ['-c', `ulimit -n 128; exec "${process.execPath}" "${command}" -c "CALL otlp_serve('otlp:127.0.0.1:0')"`],
    { encoding: 'utf8', timeout: 50_000 },
  );
  expect(stderr).toBe(
    'otelduck: this process may open 128 files (ulimit -n), and needs at least 512, and one more for each client of a server\n',
  );
  expect(stdout).toBe('');
});
