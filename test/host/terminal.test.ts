// A person's keys → what the screen shows. Readline takes any pair of streams for a terminal, so none is needed here.

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
import { folder } from './command.js';

const ENTER = '\r';
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const UP = '\x1b[A';
const TAB = '\t';

let instance: DuckDBInstance;
let connection: DuckDBConnection;
let keys: PassThrough;
let screen: string;
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
  keys.write(CTRL_D);
  await left;
  connection.closeSync();
});

async function openShell() {
  screen = '';
  onScreen = () => {};
  keys = new PassThrough();
  const output = new PassThrough();
  output.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
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
  );
  const terminal = new Terminal(shell, new HistoryFile(historyPath), { input: keys, output });
  left = terminal.run();
  await shows(/D /);
}

/** Waits until what has come since the last call matches. */
async function shows(pattern: RegExp): Promise<void> {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: readline's cursor movements are not what is looked for
  const text = () => screen.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '');
  await new Promise<void>((resolve) => {
    onScreen = () => pattern.test(text()) && resolve();
    onScreen();
  });
  screen = '';
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
  await shows(/SELECT 'a' \|\|\s+'b';/);
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
  await press(
    "CREATE TEMP MACRO otlp_tail(kind, reader) AS TABLE SELECT kind AS body, 'shop' AS service_name;",
    ENTER,
    '.tail logs',
    ENTER,
  );
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
  await shows(/\^C \(once more to leave\)\s+D /);
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
