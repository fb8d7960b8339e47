// A person's shell from its banner to its end, on streams that say they are a terminal.

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Host } from '../../src/host/host.js';
import { runHost } from '../../src/host/run-host.js';
import { otlp } from '../../src/otlp.js';
import { folder } from './command.js';
import { DrawnScreen } from './drawn-screen.js';

interface Session {
  readonly screen: DrawnScreen;
  /** Resolves once the screen matches. */
  shows(pattern: RegExp): Promise<void>;
  type(text: string): void;
  readonly exitCode: Promise<number>;
}

function openSession(argv: readonly string[], home: string): Session {
  const screen = new DrawnScreen();
  let look = () => {};
  const output = () => {
    const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 24 });
    stream.setEncoding('utf8').on('data', (text: string) => {
      screen.write(text);
      look();
    });
    return stream as unknown as NodeJS.WriteStream;
  };
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const host: Host = {
    argv,
    environment: { HOME: home, NO_COLOR: '1' },
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: output(),
    stderr: output(),
    defaultPlugins: [],
    service: otlp.service,
  };
  return {
    screen,
    exitCode: runHost(host),
    type: (text) => stdin.write(text),
    shows: (pattern) =>
      new Promise((resolve) => {
        look = () => pattern.test(screen.text()) && resolve();
        look();
      }),
  };
}

const newHome = () => mkdtempSync(join(folder, 'home-'));
const CTRL_D = '\x04';

test('~/.otelduckrc is run before the first prompt, and an error in it ends nothing', async () => {
  const home = newHome();
  writeFileSync(join(home, '.otelduckrc'), '.mode csv\nSELECT nope;\n');
  const session = openSession([], home);
  await session.shows(/nope[\s\S]*\nD $/);
  session.type('SELECT 7 AS a;\r');
  await session.shows(/D SELECT 7 AS a;\na\n7\nD $/);
  session.type(CTRL_D);
  expect(await session.exitCode).toBe(0);
  expect(readFileSync(join(home, '.otelduck_history'), 'utf8')).toBe('SELECT 7 AS a;\n');
});

for (const [argv, title] of [
  [['-no-init'], '-no-init leaves it out'],
  [['-init', '/dev/null'], '-init takes its place'],
] as const) {
  test(title, async () => {
    const home = newHome();
    writeFileSync(join(home, '.otelduckrc'), '.print from the file\n');
    const session = openSession(argv, home);
    await session.shows(/D $/);
    session.type(CTRL_D);
    await session.exitCode;
    expect(session.screen.text()).not.toContain('from the file');
  });
}

test('a script runs without it', async () => {
  const home = newHome();
  writeFileSync(join(home, '.otelduckrc'), '.print from the file\n');
  const session = openSession(['-csv', '-c', 'SELECT 1 AS a'], home);
  await session.exitCode;
  expect(session.screen.text()).toBe('a\n1\n');
});

test('a word that is no command and no file is asked about', async () => {
  const home = newHome();
  const session = openSession(['nosuchword'], home);
  await session.shows(/^nosuchword is no command and no file\. Make a database of this name\? \[y\/N\] $/);
  session.type('n\r');
  expect(await session.exitCode).toBe(1);
  expect(existsSync('nosuchword')).toBe(false);
});

test('.open is a new database at the same prompt', async () => {
  const session = openSession([], newHome());
  await session.shows(/D $/);
  session.type('.open\r');
  await session.shows(/D \.open\nD $/);
  session.type('SELECT 8 AS a;\r');
  await session.shows(/│ +8 │[\s\S]*D $/);
  session.type(CTRL_D);
  expect(await session.exitCode).toBe(0);
});
