// A person's keys → what the screen shows. The editor takes any pair of streams for a terminal, so none is needed here.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { plainPaint } from '../../src/host/output/paint.js';
import { StreamSink } from '../../src/host/output/text-sink.js';
import { HistoryFile } from '../../src/host/shell/history-file.js';
import { ProgressLine, progressText } from '../../src/host/shell/progress-line.js';
import { Shell } from '../../src/host/shell/shell.js';
import { Terminal } from '../../src/host/shell/terminal.js';
import type { ArrivalFeed } from '../../src/plugin.js';
import { folder } from './command.js';
import { DrawnScreen } from './drawn-screen.js';

const ENTER = '\r';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const UP = '\x1b[A';
const DOWN = '\x1b[B';
const LEFT = '\x1b[D';
const TAB = '\t';
const CTRL_A = '\x01';
const CTRL_E = '\x05';
const CTRL_K = '\x0b';
const CTRL_R = '\x12';
const CTRL_U = '\x15';
const CTRL_Y = '\x19';
const ESCAPE = '\x1b';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let keys: PassThrough;
let screen: DrawnScreen;
let seenRows: number;
let onScreen: () => void;
let left: Promise<void>;
let historyPath: string;
let tests = 0;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
});
afterAll(() => instance.closeSync());

beforeEach(async () => {
  connection = await instance.connect();
  historyPath = join(folder, `history-${tests++}`);
  await openShell();
});
afterEach(async () => {
  await press(CTRL_C, CTRL_D); // whatever a test that failed has left on the line
  await left;
  connection.closeSync();
});

/** A row whenever it is asked for. */
const endlessLogs: ArrivalFeed = {
  kinds: ['logs'],
  plurals: {},
  rowsSql: (kind) => `SELECT '${kind}', 'shop'`,
  linesSql: (kind) => `SELECT '${kind}', 0, 'shop', 'order', NULL, NULL, NULL, NULL, NULL`,
};

async function openShell() {
  screen = new DrawnScreen();
  seenRows = 0;
  onScreen = () => {};
  keys = new PassThrough();
  const output = new PassThrough();
  output.setEncoding('utf8').on('data', (text: string) => {
    screen.write(text);
    onScreen();
  });
  const sink = new StreamSink(output);
  const shell = await Shell.start(
    connection,
    {
      out: sink,
      err: sink,
      outPaint: plainPaint,
      errPaint: plainPaint,
      width: () => 80,
      progress: new ProgressLine(output, plainPaint),
    },
    { mode: 'list', hasHeaders: false },
    {
      open: () => Promise.reject(new Error('this shell has one connection')),
      connect: async () => connection,
      refuseWork: () => {},
      display: [],
      arrivals: [endlessLogs],
    },
  );
  const terminal = new Terminal(shell, new HistoryFile(historyPath), { input: keys, output }, plainPaint);
  left = terminal.run();
  await shows(/D /);
}

/** Waits until the screen matches, from the row on in which the cursor was when the last call returned. */
async function shows(pattern: RegExp): Promise<void> {
  await new Promise<void>((resolve) => {
    onScreen = () => pattern.test(screen.text(seenRows)) && resolve();
    onScreen();
  });
  seenRows = screen.cursor.row;
}

/** Presses the keys of a text one after the other, as a person does: readline takes what comes at once for pasted. */
async function press(...texts: readonly string[]): Promise<void> {
  for (const text of texts) {
    keys.write(text);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('statements may take several lines, which are one entry of the history', async () => {
  await press("SELECT 'a' ||", ENTER);
  await shows(/· /);
  await press("'b';", ENTER);
  await shows(/ab\s+D /);
  await press(UP);
  await shows(/D SELECT 'a' \|\|\n· 'b';/);
  await press(ENTER);
  await shows(/ab\s+D /);
  expect(readFileSync(historyPath, 'utf8')).toBe("SELECT 'a' ||\n\t'b';\n");
});

test('the history outlives the shell', async () => {
  await press('SELECT 1234567;', ENTER);
  await shows(/1234567\s+D /);
  await press(CTRL_D);
  await left;
  await openShell();
  await press(UP);
  await shows(/SELECT 1234567;/);
  await press(CTRL_C);
});

test('a statement with a secret is kept for this shell alone', async () => {
  await press("SELECT 'my token' AS", ENTER);
  await shows(/· /);
  await press('t;', ENTER);
  await shows(/my token\s+D /);
  await press(UP);
  await shows(/my token/);
  await press(CTRL_C);
  expect(existsSync(historyPath)).toBe(false);
});

test('Ctrl-C cancels the query and not the shell', async () => {
  await press('SELECT sum(sin(range)) FROM range(1000000000000);', ENTER);
  await press(CTRL_C);
  await shows(/INTERRUPT Error: Interrupted!\s+D /);
  await press('SELECT 1 + 1;', ENTER);
  await shows(/2\s+D /);
});

test('Ctrl-C ends .tail and not the shell', async () => {
  await press('.tail logs', ENTER);
  await shows(/(logs\|shop\s+){3}/);
  await press(CTRL_C);
  await shows(/D $/);
  await press('SELECT 1 + 1;', ENTER);
  await shows(/2\s+D /);
});

test('Ctrl-C clears what is typed, in lines before too', async () => {
  await press('SELECT', ENTER);
  await shows(/· /);
  await press('nonsense', CTRL_C);
  await shows(/\^C\s+D /);
  await press('SELECT 3;', ENTER);
  await shows(/3\s+D /);
});

test('Ctrl-C twice at an empty prompt leaves', async () => {
  await press(CTRL_C);
  await shows(/\^C\s+Ctrl-C once more, or Ctrl-D, leaves\s+D /);
  await press(CTRL_C);
  await left;
});

test('Ctrl-C at an empty prompt, then a statement, then Ctrl-C stays', async () => {
  await press(CTRL_C);
  await shows(/once more/);
  await press('SELECT 5;', ENTER);
  await shows(/5\s+D /);
  await press(CTRL_C);
  await shows(/once more/);
  await press('SELECT 6;', ENTER);
  await shows(/6\s+D /);
});

test('an error leaves the prompt usable', async () => {
  await press('SELEC 1;', ENTER);
  await shows(/Parser Error: .*LINE 1: SELEC 1\s+\^\s+D /s);
  await press('.tabels', ENTER);
  await shows(/unknown command \.tabels; did you mean \.tables\? .*\s+D /);
});

test('Tab completes SQL from the catalog, across lines', async () => {
  await connection.run('CREATE OR REPLACE TABLE telemetry_é (a INTEGER)');
  await press('SELECT count(*)', ENTER);
  await shows(/· /);
  await press('FROM telem', TAB);
  await shows(/telemetry_é/);
  await press(';', ENTER);
  await shows(/0\s+D /);
});

test('Tab completes dot commands and modes', async () => {
  await press('.mo', TAB);
  await shows(/\.mode /);
  await press('mark', TAB);
  await shows(/markdown/);
  await press(ENTER);
  await shows(/D /);
  await press('SELECT 1;', ENTER);
  await shows(/\| 1 \|/);
});

test('pasted lines run one after the other, and stop at the first that fails', async () => {
  keys.write('SELECT 1;\rSELECT nope;\rSELECT 222;\r');
  await shows(/Binder Error[^^]*\^\s+D /);
  await press('SELECT 4;', ENTER);
  await shows(/^(?!.*222).*4\s+D /s);
});

// What was typed ahead once came behind what was typed later, and Ctrl-U, which deletes to the left, deleted nothing.
test('what is typed while a command runs stands on the next line, with the cursor behind it', async () => {
  keys.write('SELECT 1;\rSELECT 7');
  await shows(/1\s+D SELECT 7$/);
  await press(' AS x;', ENTER);
  await shows(/7\s+D $/);
  keys.write('SELECT 2;\rSELECT nonsense');
  await shows(/2\s+D SELECT nonsense$/);
  await press(CTRL_U);
  await shows(/D $/);
  await press('SELECT 3;', ENTER);
  await shows(/3\s+D $/);
});

test('a whole statement that is typed ahead runs next, but not after one that failed', async () => {
  keys.write('SELECT 1;\rSELECT 2;\rSELECT nope;\rSELECT 4;\rSELECT 5');
  await shows(/1\nD SELECT 2;\n2\nD SELECT nope;\n.*Binder Error[^^]*\^\s+D SELECT 5$/s);
});

test('arrow keys move inside a statement of several lines', async () => {
  await press('SELECT 1,', ENTER, '2', ENTER, UP, UP, CTRL_E, LEFT, '0', DOWN, DOWN, ';', ENTER);
  await shows(/D SELECT 10,\n· 2\n· ;\n10\|2\nD $/);
});

test('Enter inside a statement that is not complete breaks its line there', async () => {
  await press('SELECT 8', LEFT, ENTER);
  await shows(/D SELECT \n· 8$/);
  await press(CTRL_E, ';', ENTER);
  await shows(/8;\n8\nD $/);
});

test('Ctrl-K cuts, Ctrl-Y puts back', async () => {
  await press('SELECT 8;', CTRL_A, CTRL_K);
  await shows(/D $/);
  await press(CTRL_Y, ENTER);
  await shows(/8\s+D $/);
});

test('Ctrl-R searches the history, further back each time', async () => {
  await press('SELECT 31;', ENTER);
  await shows(/31\s+D $/);
  await press('SELECT 32;', ENTER);
  await shows(/32\s+D $/);
  await press(CTRL_R, 'sel');
  await shows(/search "sel": SELECT 32;$/);
  await press(CTRL_R);
  await shows(/search "sel": SELECT 31;$/);
  await press(CTRL_R);
  await shows(/nothing found "sel": SELECT 31;$/);
  await press(ENTER);
  await shows(/D SELECT 31;\n31\nD $/);
});

test('Escape leaves the search with what was found, Ctrl-C with what there was before', async () => {
  await press('SELECT 31;', ENTER);
  await shows(/31\s+D $/);
  await press('mine', CTRL_R, '31');
  await shows(/search "31": SELECT 31;$/);
  await press(CTRL_C);
  await shows(/D mine$/);
  await press(CTRL_R, '31', ESCAPE);
  await shows(/D SELECT 31;$/);
  await press(CTRL_U);
});

test('pasted text waits for Enter, whatever it contains', async () => {
  await press('\x1b[200~SELECT 1;\rSELECT\t2;\x1b[201~');
  await shows(/D SELECT 1;\n· SELECT {4}2;$/);
  await press(ENTER);
  await shows(/1\n2\nD $/);
});

test('a line that is wider than the terminal goes on below, and is one line', async () => {
  await press(`SELECT '${'x'.repeat(100)}' AS a`, CTRL_A, 'EXPLAIN ', CTRL_A);
  await shows(/D EXPLAIN SELECT 'x{62}\nx{38}' AS a$/);
  expect(screen.cursor).toEqual({ row: 0, column: 2 });
  await press(CTRL_C);
});

test('progress shows after two seconds, and goes', async () => {
  await press('SELECT sum(sin(range)) FROM range(1000000000000);', ENTER);
  const startedMs = performance.now();
  await shows(/% ▕.*▏ 2 s|… {2}▕ *▏ 2 s/);
  expect(performance.now() - startedMs).toBeGreaterThan(1900);
  await press(CTRL_C);
  await shows(/Interrupted!/);
});

for (const [percentage, elapsedMs, text] of [
  [0, 2000, `  0% ▕${' '.repeat(40)}▏ 2 s`],
  [50, 61_900, ` 50% ▕${'█'.repeat(20)}${' '.repeat(20)}▏ 61 s`],
  [51, 2000, ` 51% ▕${'█'.repeat(20)}▍${' '.repeat(19)}▏ 2 s`],
  [100.1, 2000, `100% ▕${'█'.repeat(40)}▏ 2 s`],
  [-1, 2000, `  …  ▕${' '.repeat(40)}▏ 2 s`],
] as const) {
  test(`progress of ${percentage} %`, () => expect(progressText(percentage, elapsedMs)).toBe(text));
}
